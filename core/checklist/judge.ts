import type {
  ChecklistEvidence,
  ChecklistFact,
  ChecklistItem,
  ChecklistItemId,
  ChecklistState,
} from '#contract/api/checklist.ts';
import type { Policy } from '#contract/policy.ts';

/** What was found in the installation. Counts are of now, or of as many days as are named. */
export interface ChecklistFacts {
  readonly policy: Policy;
  readonly now: Date;
  readonly people: number;
  /** Whether the database keeps two accounts from having one staff number. */
  readonly numbersUnique: boolean;
  readonly pinsSet: number;
  readonly firstSecretsOpen: number;
  readonly substitutesIssued90: number;
  readonly privileged: number;
  readonly noFactor: number;
  readonly unused: number;
  readonly leftWithCard: number;
  readonly maintenance: number;
  readonly maintenanceUnused: number;
  readonly directories: number;
  /** Logins of the last 30 days, by what opened them. */
  readonly logins30: Readonly<Record<string, number>>;
  readonly cards: { readonly identifier: number; readonly keyed: number; readonly pki: number };
  readonly revocations90: number;
  /** Revocations older than a day that a terminal in use has not confirmed, and it could still be fooled. */
  readonly unconfirmed: number;
  readonly emergencies365: number;
  /** Emergency uses that nobody has signed off for more than three days. */
  readonly emergenciesLate: number;
  readonly codesUnused: number;
  readonly terminals: number;
  readonly terminalsEnded: number;
  readonly authorityEndsAt: Date;
  readonly leastTls: string;
  /** Logins of the last 30 days whose line in the log names no person or no terminal. */
  readonly loginsWithoutWhom30: number;
  readonly logViews90: number;
  /** `null`: none was ever signed. */
  readonly lastReview: {
    readonly day: string;
    readonly by: string;
    readonly due: string;
    readonly overdue: boolean;
  } | null;
  readonly logOnlyAddedTo: boolean;
  readonly logHalted: boolean;
  readonly logSize: number;
  /** When the newest checkpoint was signed; lines that wait for one. */
  readonly checkpointAt: Date | null;
  readonly logWaiting: number;
  readonly oldestLineAt: Date | null;
  /** Terminals whose clock was off by more than two seconds when they were heard of last. */
  readonly clocksOff: number;
  readonly clockAlarms30: number;
  readonly lastBackup: { readonly at: Date; readonly writeOnce: boolean } | null;
}

const day = 86_400_000;
const dayOf = (at: Date): string => at.toISOString().slice(0, 10);
/** MHLW 6.0 has cases kept for five years (医師法 24条); the trail that explains them as long. */
const keptMonths = 60;
const backupDays = 7;
const authorityDays = 30;

type Values = ChecklistEvidence['values'];
interface Check extends ChecklistEvidence {
  /** Without it the item is not met at all. */
  readonly vital: boolean;
}
const good = (fact: ChecklistFact, is: boolean, values: Values = {}): Check => ({
  fact,
  good: is,
  values,
  vital: false,
});
const vital = (fact: ChecklistFact, is: boolean, values: Values = {}): Check => ({
  fact,
  good: is,
  values,
  vital: true,
});
const told = (fact: ChecklistFact, values: Values = {}): Check => ({ fact, good: null, values, vital: false });

const clauses: Readonly<Record<ChecklistItemId, string>> = {
  'users-identified': '運用編 14①、Q&A 企Q-44',
  'secrets-personal': '運用編 14②、METI/MIC 1.1 別紙2 ④-9',
  'temporary-access': '運用編 14③',
  'rights-approved': '運用編 14④、企画管理編 13④',
  'two-factors': '運用編 14⑤、企画管理編 15②、Q&A シQ-48、チェックリスト 2-⑩',
  'pin-rules': '運用編 14⑥、Q&A シQ-54 (c)、チェックリスト 2-⑦',
  'card-not-alone': 'Q&A シQ-49',
  'clear-screen': '運用編 12、Q&A シQ-48',
  'lost-cards': '運用編 14③、Q&A シQ-49',
  emergency: '運用編 11①',
  maintenance: '運用編 10③④、企画管理編 13⑤⑦',
  'accounts-current': '企画管理編 13③、チェックリスト 2-⑤',
  connections: '運用編 13、13⑫',
  'log-content': '運用編 17①',
  'log-reviewed': '運用編 17①、企画管理編 5③',
  'log-protected': '運用編 17②、企画管理編 5②',
  'log-kept': '企画管理編 5④',
  time: '運用編 17③',
  backups: '運用編 11①、18①、Q&A シQ-69',
};

const twoFactors = ['factors', 'substitute', 'witness'];

/** Each item's evidence. A login by grace is one without its second factor. */
const checks: Readonly<Record<ChecklistItemId, (facts: ChecklistFacts) => readonly Check[]>> = {
  'users-identified': ({ numbersUnique, people }) => [
    vital('one-account-for-each-number', numbersUnique),
    told('people', { count: people }),
  ],
  'secrets-personal': ({ policy, pinsSet, firstSecretsOpen }) => [
    good('first-secret-hours', policy.pin.initialHours <= 72, { hours: policy.pin.initialHours }),
    told('pins-set-by-owners', { count: pinsSet }),
    told('first-secrets-open', { count: firstSecretsOpen }),
  ],
  'temporary-access': ({ policy, substitutesIssued90 }) => [
    vital('substitute-kinds', policy.substitutes.kinds.length > 0, { count: policy.substitutes.kinds.length }),
    good('substitute-hours', policy.substitutes.hours <= 24, { hours: policy.substitutes.hours }),
    told('substitutes-issued', { count: substitutesIssued90 }),
  ],
  'rights-approved': ({ policy, privileged }) => [
    good('four-eyes-roles', policy.fourEyes.includes('roles')),
    good('four-eyes-policy', policy.fourEyes.includes('policy')),
    told('privileged', { count: privileged }),
  ],
  'two-factors': ({ policy, logins30, noFactor }) => {
    const all = Object.values(logins30).reduce((sum, one) => sum + one, 0);
    const by = twoFactors.reduce((sum, kind) => sum + (logins30[kind] ?? 0), 0);
    const emergencies = logins30['emergency'] ?? 0;
    return [
      vital('every-rule-asks-for-two', asksForTwo(policy)),
      good('grace', policy.grace.minutes === 0, { minutes: policy.grace.minutes }),
      good('logins-by-two-factors', by + emergencies === all, { count: by, all, emergencies }),
      good('no-factor', noFactor === 0, { count: noFactor }),
    ];
  },
  'pin-rules': ({ policy }) => [
    vital('pin-length', policy.pin.shortest >= 8, { digits: policy.pin.shortest }),
    good('pin-tries', policy.tries.hard <= 100, { soft: policy.tries.soft, hard: policy.tries.hard }),
  ],
  'card-not-alone': ({ policy, cards }) => [
    vital('every-rule-asks-for-two', asksForTwo(policy)),
    good('grace', policy.grace.minutes === 0, { minutes: policy.grace.minutes }),
    told('cards-by-assurance', { ...cards }),
  ],
  'clear-screen': ({ policy: { session, console } }) => [
    vital('idle-limit', session.idleSeconds <= 1800, { seconds: session.idleSeconds }),
    good('session-limit', session.minutes <= 720, { minutes: session.minutes }),
    good('console-idle-limit', console.idleMinutes <= 30, { minutes: console.idleMinutes }),
  ],
  'lost-cards': ({ unconfirmed, revocations90 }) => [
    good('revocations-unconfirmed', unconfirmed === 0, { count: unconfirmed }),
    told('revocations', { count: revocations90 }),
  ],
  emergency: ({ policy, emergencies365, emergenciesLate, codesUnused }) => {
    const ways = Number(policy.emergency.codes) + Number(policy.emergency.witness);
    return [
      good('emergency-ways', ways > 0 && (policy.emergency.witness || codesUnused > 0), { count: ways }),
      vital('emergencies-unreviewed', emergenciesLate === 0, { count: emergenciesLate }),
      good('four-eyes-codes', policy.fourEyes.includes('emergency-codes')),
      told('emergencies', { count: emergencies365 }),
      told('codes-unused', { count: codesUnused }),
    ];
  },
  maintenance: ({ maintenance, maintenanceUnused }) => [
    good('maintenance-unused', maintenanceUnused === 0, { count: maintenanceUnused }),
    told('maintenance-accounts', { count: maintenance }),
  ],
  'accounts-current': ({ leftWithCard, unused, directories }) => [
    vital('left-with-card', leftWithCard === 0, { count: leftWithCard }),
    good('unused', unused === 0, { count: unused }),
    told('directories', { count: directories }),
  ],
  connections: ({ leastTls, terminals, terminalsEnded, authorityEndsAt, now }) => [
    vital('tls', leastTls === 'TLSv1.3', { version: leastTls.replace('TLSv', '') }),
    good('terminals-ended', terminalsEnded === 0, { count: terminalsEnded }),
    {
      fact: 'authority-end',
      good: authorityEndsAt.getTime() > now.getTime() + authorityDays * day,
      vital: authorityEndsAt.getTime() <= now.getTime(),
      values: { day: dayOf(authorityEndsAt) },
    },
    told('terminals', { count: terminals }),
  ],
  'log-content': ({ loginsWithoutWhom30, logins30 }) => [
    vital('logins-without-whom', loginsWithoutWhom30 === 0, { count: loginsWithoutWhom30 }),
    told('logins-logged', { count: Object.values(logins30).reduce((sum, one) => sum + one, 0) }),
  ],
  'log-reviewed': ({ lastReview }) =>
    lastReview === null
      ? [vital('review-none', false)]
      : [
          vital('review-signed', true, { day: lastReview.day, by: lastReview.by }),
          vital('review-due', !lastReview.overdue, { day: lastReview.due }),
        ],
  'log-protected': ({ logOnlyAddedTo, logHalted, logSize, checkpointAt, logWaiting, logViews90, now }) => [
    vital('log-only-added-to', logOnlyAddedTo),
    vital('log-whole', !logHalted),
    good('log-signed', checkpointAt !== null && (logWaiting === 0 || now.getTime() - checkpointAt.getTime() < 60_000), {
      size: logSize,
      at: checkpointAt?.toISOString() ?? '–',
    }),
    told('log-views-logged', { count: logViews90 }),
  ],
  'log-kept': ({ policy, oldestLineAt }) => [
    good('retention', policy.retention.eventMonths >= keptMonths, { months: policy.retention.eventMonths }),
    told('oldest-line', { day: oldestLineAt === null ? '–' : dayOf(oldestLineAt) }),
  ],
  time: ({ clocksOff, clockAlarms30, terminals }) => [
    good('clocks-off', clocksOff === 0, { count: clocksOff, terminals }),
    told('clock-alarms', { count: clockAlarms30 }),
  ],
  backups: ({ lastBackup, now }) => {
    if (lastBackup === null) return [vital('backup-none', false)];
    const isFresh = now.getTime() - lastBackup.at.getTime() <= backupDays * day;
    return [
      vital('backup-made', isFresh, { at: lastBackup.at.toISOString() }),
      good('backup-write-once', lastBackup.writeOnce),
    ];
  },
};

/** No rule opens by a card alone; what opens at all is asked for a secret by each of them. */
const asksForTwo = ({ factors }: Policy): boolean =>
  factors.every(({ demand }) => demand.kind === 'refuse' || demand.factors.length > 0);

const stateOf = (found: readonly Check[]): ChecklistState => {
  const judged = found.filter((check) => check.good !== null);
  if (judged.length === 0) return 'by-hand';
  const bad = judged.filter((check) => check.good === false);
  if (bad.length === 0) return 'met';
  return bad.some((check) => check.vital) ? 'not-met' : 'partly';
};

/** The items in their order, each with what speaks for and against it. */
export const judgeChecklist = (facts: ChecklistFacts): ChecklistItem[] =>
  (Object.keys(checks) as ChecklistItemId[]).map((id) => {
    const found = checks[id](facts);
    return {
      id,
      clause: clauses[id],
      state: stateOf(found),
      evidence: found.map(({ vital: _, ...evidence }) => evidence),
    };
  });
