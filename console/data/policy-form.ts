import type { Policy } from '#contract/policy.ts';

/** In what a value is given. `words`: the area whose words name the members. */
export type Control =
  | { readonly kind: 'number'; readonly unit: Unit }
  | { readonly kind: 'switch' }
  | { readonly kind: 'text' }
  | { readonly kind: 'choice'; readonly options: readonly string[]; readonly words: Area }
  | { readonly kind: 'set'; readonly options: readonly string[]; readonly words: Area }
  | { readonly kind: 'rules' };
export type Unit = 'seconds' | 'minutes' | 'hours' | 'days' | 'months' | 'digits' | 'tries' | 'uses' | 'milliseconds';
export type Area =
  | 'role'
  | 'card.assurance'
  | 'substitute.kind'
  | 'approvals.act'
  | 'policy-page.profile'
  | 'policy-page.elsewhere'
  | 'policy-page.full';

const number = (unit: Unit): Control => ({ kind: 'number', unit });
const onOff: Control = { kind: 'switch' };
const someRoles: Control = {
  kind: 'set',
  options: ['clinician', 'helpdesk', 'admin', 'auditor', 'operator'],
  words: 'role',
};

/** Every value of a policy, in the groups and in the order in which somebody reads them. */
export const policyGroups = {
  factors: { factors: { kind: 'rules' } },
  session: {
    'session.idleSeconds': number('seconds'),
    'session.warnSeconds': number('seconds'),
    'session.minutes': number('minutes'),
    'session.elsewhere': {
      kind: 'choice',
      options: ['allow', 'end-first', 'ask'],
      words: 'policy-page.elsewhere',
    },
    'grace.minutes': number('minutes'),
    'grace.roles': someRoles,
    'attempt.seconds': number('seconds'),
  },
  pin: {
    'pin.shortest': number('digits'),
    'pin.longest': number('digits'),
    'pin.initialHours': number('hours'),
  },
  tries: {
    'tries.soft': number('tries'),
    'tries.lockSeconds': number('seconds'),
    'tries.longestLockMinutes': number('minutes'),
    'tries.hard': number('tries'),
    'tries.terminal': number('tries'),
    'tries.terminalPauseSeconds': number('seconds'),
  },
  offline: {
    'offline.hours': number('hours'),
    'offline.roles': someRoles,
    'offline.assurance': { kind: 'set', options: ['identifier', 'keyed', 'pki'], words: 'card.assurance' },
    'journal.whenFull': { kind: 'choice', options: ['strict', 'emergency'], words: 'policy-page.full' },
  },
  cards: {
    'cards.slowProofMilliseconds': number('milliseconds'),
    'cards.refuseSlowProofs': onOff,
  },
  substitutes: {
    'substitutes.kinds': { kind: 'set', options: ['loan-card', 'code'], words: 'substitute.kind' },
    'substitutes.hours': number('hours'),
    'substitutes.uses': number('uses'),
    'substitutes.fewerRights': onOff,
  },
  emergency: {
    'emergency.codes': onOff,
    'emergency.witness': onOff,
    'emergency.minutes': number('minutes'),
  },
  'four-eyes': {
    fourEyes: {
      kind: 'set',
      options: ['first-binding', 'rebinding', 'roles', 'policy', 'emergency-codes', 'card-authorities'],
      words: 'approvals.act',
    },
  },
  console: {
    'console.minutes': number('minutes'),
    'console.idleMinutes': number('minutes'),
    'directory.roles': someRoles,
  },
  retention: {
    'retention.eventMonths': number('months'),
    'retention.workDays': number('days'),
  },
  general: {
    profile: { kind: 'choice', options: ['jp-mhlw-6.0', 'nist-63b-4'], words: 'policy-page.profile' },
    timeZone: { kind: 'text' },
    helpdesk: { kind: 'text' },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Control>>>>;

type Groups = typeof policyGroups;
export type PolicyGroup = keyof Groups;
export type PolicyPath = { [Group in PolicyGroup]: keyof Groups[Group] }[PolicyGroup] & string;
export const groupNames = Object.keys(policyGroups) as readonly PolicyGroup[];
export const controlsOf = (group: PolicyGroup): readonly (readonly [PolicyPath, Control])[] =>
  Object.entries(policyGroups[group]) as unknown as readonly (readonly [PolicyPath, Control])[];
export const policyPaths: readonly PolicyPath[] = groupNames.flatMap((group) =>
  controlsOf(group).map(([path]) => path),
);
export const groupOf = (path: string): PolicyGroup | undefined =>
  groupNames.find((group) => Object.hasOwn(policyGroups[group], path));
export const controlOf = (path: string): Control | undefined =>
  groupNames.flatMap((group) => controlsOf(group)).find(([own]) => own === path)?.[1];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const valueAt = (policy: Policy, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), policy);

/** The same policy with another value at a path. */
export const withValue = (policy: Policy, path: string, value: unknown): Policy => {
  const put = (into: unknown, [name = '', ...rest]: readonly string[]): Record<string, unknown> => {
    const own = isObject(into) ? into : {};
    return { ...own, [name]: rest.length === 0 ? value : put(own[name], rest) };
  };
  return put(policy, path.split('.')) as Policy;
};

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Paths in which two policies differ. */
export const changedPaths = (before: Policy, after: Policy): readonly PolicyPath[] =>
  policyPaths.filter((path) => !same(valueAt(before, path), valueAt(after, path)));

/** What somebody changed from `start` to `draft`, over another policy that came in force meanwhile. */
export const rebase = (start: Policy, draft: Policy, onto: Policy): Policy =>
  changedPaths(start, draft).reduce((policy, path) => withValue(policy, path, valueAt(draft, path)), onto);

export interface Problem {
  readonly path: string;
  readonly rule: string;
}

/** Problems that belong to a value: those of its own path and of anything within it. `body.policy.` is where a refused request has them. */
export const problemsAt = (problems: readonly Problem[], path: string): readonly Problem[] =>
  problems.filter(({ path: at }) => {
    const own = at.replace(/^body\.(policy\.)?/, '');
    return own === path || own.startsWith(`${path}.`);
  });
