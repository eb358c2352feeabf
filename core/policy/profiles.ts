import { type Policy, type PolicyInput, type ProfileName, policy } from '#contract/policy.ts';

/** One value of a policy as a profile has it. `lowest`, `highest`, `only` and `holds` are the limits that no draft passes. */
export interface ProfileRow {
  /** What the profile starts from. */
  readonly value: unknown;
  readonly lowest?: number;
  readonly highest?: number;
  readonly only?: readonly unknown[];
  /** Members that a list must hold. */
  readonly holds?: readonly unknown[];
  /** Clause that the value follows; `null` where no rule names one and the value is our own choice. */
  readonly clause: string | null;
}

/** Every value of a policy has a row, by its path. */
export type Profile = Readonly<Record<string, ProfileRow>>;

const own = (value: unknown, limits: Omit<ProfileRow, 'value' | 'clause'> = {}): ProfileRow => ({
  value,
  clause: null,
  ...limits,
});

const common: Profile = {
  timeZone: own('Asia/Tokyo'),
  helpdesk: own('2119'),
  factors: { value: [], clause: 'MHLW 6.0 システム運用編 14⑤; SP 800-63B-4 2.2.1' },
  'grace.roles': own(['clinician']),
  'pin.longest': own(12, { highest: 64 }),
  'pin.initialHours': { value: 72, highest: 336, clause: 'METI/MIC 1.1 別紙2 ④-9; ASVS 5.0 6.4.1' },
  'tries.soft': own(5, { highest: 20 }),
  'tries.lockSeconds': { value: 60, lowest: 1, clause: 'SP 800-63B-4 3.2.2 (growing delays)' },
  'tries.longestLockMinutes': { value: 60, clause: 'SP 800-63B-4 3.2.2 (30 s to 1 h)' },
  'tries.hard': { value: 20, highest: 100, clause: 'SP 800-63B-4 3.2.2' },
  'tries.terminal': own(30),
  'tries.terminalPauseSeconds': own(30),
  'attempt.seconds': own(60),
  'session.warnSeconds': own(20),
  'session.elsewhere': { value: 'allow', clause: 'MHLW 6.0 Q&A シQ-48' },
  'offline.hours': own(24, { highest: 720 }),
  'offline.roles': own(['clinician']),
  'offline.assurance': own(['identifier', 'keyed', 'pki']),
  'cards.slowProofMilliseconds': own(1_000, { highest: 5_000 }),
  'cards.refuseSlowProofs': own(false),
  'substitutes.kinds': own(['loan-card', 'code']),
  'substitutes.hours': { value: 12, highest: 168, clause: 'MHLW 6.0 システム運用編 14③' },
  'substitutes.uses': own(60),
  'substitutes.fewerRights': own(true),
  'emergency.codes': { value: true, clause: 'MHLW 6.0 システム運用編 11①' },
  'emergency.witness': { value: true, clause: 'MHLW 6.0 システム運用編 11①' },
  'emergency.minutes': { value: 60, highest: 720, clause: 'MHLW 6.0 システム運用編 11①' },
  fourEyes: own(['rebinding', 'emergency-codes']),
  'directory.roles': own(['clinician', 'helpdesk']),
  'journal.whenFull': own('strict'),
  'retention.eventMonths': { value: 60, lowest: 12, clause: 'MHLW 6.0 企画管理編 5④' },
  'retention.workDays': own(90, { lowest: 1 }),
};

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  'jp-mhlw-6.0': {
    ...common,
    profile: own('jp-mhlw-6.0'),
    'grace.minutes': { value: 0, highest: 15, clause: 'MHLW 6.0 Q&A シQ-48' },
    'pin.shortest': { value: 8, lowest: 8, clause: 'MHLW 6.0 システム運用編 14⑥; Q&A シQ-54 (c)' },
    'session.minutes': { value: 720, highest: 1440, clause: 'MHLW 6.0 Q&A シQ-48' },
    'session.idleSeconds': { value: 600, highest: 1800, clause: 'MHLW 6.0 システム運用編 12; Q&A シQ-48' },
    'console.minutes': { value: 720, highest: 1440, clause: 'MHLW 6.0 Q&A シQ-48' },
    'console.idleMinutes': { value: 30, highest: 60, clause: 'MHLW 6.0 Q&A シQ-48' },
  },
  'nist-63b-4': {
    ...common,
    profile: own('nist-63b-4'),
    'grace.minutes': { value: 0, only: [0], clause: 'SP 800-63B-4 2.2.3' },
    'pin.shortest': { value: 8, lowest: 8, clause: 'SP 800-63B-4 3.1.1.2' },
    'session.minutes': { value: 720, highest: 720, clause: 'SP 800-63B-4 2.3.3' },
    'session.idleSeconds': { value: 600, highest: 900, clause: 'SP 800-63B-4 2.3.3' },
    'console.minutes': { value: 720, highest: 720, clause: 'SP 800-63B-4 2.3.3' },
    'console.idleMinutes': { value: 15, highest: 15, clause: 'SP 800-63B-4 2.3.3' },
  },
};

export interface PolicyProblem {
  /** Dotted path of the value. */
  readonly path: string;
  readonly rule: string;
  readonly clause: string | null;
}

/** What of a well-formed policy its profile does not allow, or what does not fit together; empty when it may be applied. */
export function findPolicyProblems(draft: Policy): PolicyProblem[] {
  const problems = Object.entries(profiles[draft.profile]).flatMap(([path, row]) => {
    const rule = whyNot(valueAt(draft, path), row);
    return rule === undefined ? [] : [{ path, rule, clause: row.clause }];
  });
  const say = (path: string, rule: string): void => void problems.push({ path, rule, clause: null });
  if (draft.pin.longest < draft.pin.shortest) say('pin.longest', 'at-least:pin.shortest');
  if (draft.tries.hard < draft.tries.soft) say('tries.hard', 'at-least:tries.soft');
  if (draft.session.warnSeconds >= draft.session.idleSeconds) say('session.warnSeconds', 'below:session.idleSeconds');
  if (!isTimeZone(draft.timeZone)) say('timeZone', 'time-zone');
  for (const [index, { when }] of draft.factors.entries()) {
    if (when.hours && when.hours.from === when.hours.to) say(`factors.${index}.when.hours`, 'empty');
  }
  return problems;
}

/** A policy as a profile has it before anybody changed a value. */
export function policyOf(profile: ProfileName, changes: PolicyInput = {}): Policy {
  const start: Record<string, unknown> = {};
  for (const [path, { value }] of Object.entries(profiles[profile])) place(start, path.split('.'), value);
  return policy.parse(merge(start, changes));
}

/** Members of `changes` over those of `base`; lists and plain values as a whole. */
export function merge(base: unknown, changes: unknown): unknown {
  if (!isObject(base) || !isObject(changes)) return changes === undefined ? base : changes;
  const names = new Set([...Object.keys(base), ...Object.keys(changes)]);
  return Object.fromEntries([...names].map((name) => [name, merge(base[name], changes[name])]));
}

/** Paths of the values in which two policies differ. */
export function listChanges(before: Policy, after: Policy): { path: string; before: unknown; after: unknown }[] {
  return Object.keys(profiles[after.profile])
    .map((path) => ({ path, before: valueAt(before, path), after: valueAt(after, path) }))
    .filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after));
}

function whyNot(value: unknown, { lowest, highest, only, holds }: ProfileRow): string | undefined {
  if (lowest !== undefined && Number(value) < lowest) return `at-least:${lowest}`;
  if (highest !== undefined && Number(value) > highest) return `at-most:${highest}`;
  if (only !== undefined && !only.includes(value)) return `only:${only.join(',')}`;
  const missing = holds?.find((member) => !(Array.isArray(value) && value.includes(member)));
  return missing === undefined ? undefined : `holds:${String(missing)}`;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a dotted path. */
export function valueAt(from: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), from);
}

function place(into: Record<string, unknown>, [name, ...rest]: string[], value: unknown): void {
  if (name === undefined) return;
  if (rest.length === 0) {
    into[name] = value;
    return;
  }
  const inner = isObject(into[name]) ? into[name] : {};
  into[name] = inner;
  place(inner, rest, value);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
