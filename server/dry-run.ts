import type { DryRun, PolicyEffect, PolicyJudgement } from '#contract/api/policies.ts';
import type { Role } from '#contract/api/row.ts';
import type { Assurance } from '#contract/card.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import type { SecretFactor } from '#contract/screen.ts';
import { createDecider, type Decision } from '#core/policy/decide.ts';
import { createNetworks } from './networks.ts';
import type { Transaction } from './store/database.ts';

/** Attempts that are judged at most; the newest. */
const most = 100_000;
const mostExamples = 50;

interface Row {
  readonly at: Date;
  readonly person: PersonId;
  readonly personName: string;
  readonly number: string;
  readonly roles: readonly Role[];
  readonly terminal: TerminalId;
  readonly terminalName: string;
  readonly group: string;
  readonly assurance: Assurance;
  readonly address: string;
  readonly accepted: boolean;
  readonly factors: readonly string[];
  /** Factors that the person has set up now. */
  readonly usable: readonly SecretFactor[];
  /** Minutes of the session that it opened; null when none or still open. */
  readonly minutes: number | null;
}

const listAttempts = (tx: Transaction, since: Date): Promise<Row[]> =>
  tx.query<Row>(
    `select a.started_at as at, a.person, p.name as "personName", p.number, p.roles, a.terminal, t.name as "terminalName",
            t.group_name as "group", a.assurance, a.address, a.state = 'accepted' as accepted, a.factors,
            coalesce((select array_agg(k.kind order by k.kind) from credential k
               where k.person = a.person and k.kind in ('pin', 'totp') and k.set_at is not null and k.state <> 'disabled'),
              '{}') as usable,
            extract(epoch from s.ended_at - s.started_at) / 60 as minutes
       from attempt a join person p on p.id = a.person join terminal t on t.id = a.terminal
       left join session s on s.attempt = a.id
      where a.started_at > $1 order by a.started_at desc limit $2`,
    [since, most + 1],
  );

/**
 * Judges the attempts of the last days again, by the policy in force and by a draft, with the people, factors and groups
 * of now: what would the draft have changed?
 */
export const runDry = async (
  tx: Transaction,
  now: Date,
  { active, draft, days }: { readonly active: Policy; readonly draft: Policy; readonly days: number },
): Promise<DryRun> => {
  const rows = await listAttempts(tx, new Date(now.getTime() - days * 86_400_000));
  const judged = rows.slice(0, most);
  const before = createDecider(active);
  const after = createDecider(draft);
  const toDay = new Intl.DateTimeFormat('sv-SE', { timeZone: draft.timeZone });
  const run: Pick<DryRun, 'effects' | 'byDay' | 'byRole' | 'byGroup' | 'byCause' | 'judged'> = {
    effects: {},
    byDay: createCounts(),
    byRole: createCounts(),
    byGroup: createCounts(),
    byCause: [],
    judged: { all: { before: {}, after: {} }, byRole: {} },
  };
  const examples: DryRun['examples'] = [];
  const refused = new Map<PersonId, { name: string; number: string; refused: number; all: number }>();
  for (const row of judged) {
    const situation = { ...row, at: row.at.getTime(), isIn: createNetworks(row.address) };
    const last = before(situation);
    const next = after(situation);
    const effect = compare(row, last, next, draft);
    count(run.effects, effect);
    count(inner(run.byDay, toDay.format(row.at)), effect);
    for (const role of row.roles) count(inner(run.byRole, role), effect);
    count(inner(run.byGroup, row.group), effect);
    if (effect !== 'same') countCause(run.byCause, effect, next);
    for (const judged of [run.judged.all, ...row.roles.map((role) => judgedOf(run.judged.byRole, role))]) {
      count(judged.before, judge(last));
      count(judged.after, judge(next));
    }
    const person = refused.get(row.person) ?? { name: row.personName, number: row.number, refused: 0, all: 0 };
    refused.set(row.person, person);
    person.all += 1;
    if (effect === 'newly-refused') person.refused += 1;
    if (effect === 'same' || examples.length >= mostExamples) continue;
    examples.push({
      at: row.at.toISOString(),
      person: row.person,
      personName: row.personName,
      terminal: row.terminal,
      terminalName: row.terminalName,
      effect,
      rule: next.kind === 'refuse' ? next.rule : null,
    });
  }
  return {
    days,
    attempts: judged.length,
    cut: rows.length > most,
    ...run,
    lockedOut: [...refused]
      .filter(([, person]) => person.refused === person.all)
      .map(([person, { name, number }]) => ({ person, name, number })),
    examples,
  };
};

function compare(row: Row, before: Decision, after: Decision, draft: Policy): PolicyEffect {
  if (after.kind === 'refuse') return before.kind === 'refuse' && !row.accepted ? 'same' : 'newly-refused';
  if (before.kind === 'refuse') return 'newly-accepted';
  if (after.all && !before.all && after.factors.length > 1) return 'more-factors';
  const used = row.factors.filter((factor): factor is SecretFactor => factor === 'pin' || factor === 'totp');
  if (row.accepted && used.length > 0 && !after.all && !used.some((factor) => after.factors.includes(factor))) {
    return 'another-factor';
  }
  return row.minutes !== null && row.minutes > draft.session.minutes ? 'session-shorter' : 'same';
}

const judge = (decision: Decision): PolicyJudgement => {
  if (decision.kind === 'refuse') return 'refused';
  return decision.all && decision.factors.length > 1 ? 'several-factors' : 'one-factor';
};

type Counts = DryRun['effects'];
const count = <Key extends string>(into: Partial<Record<Key, number>>, key: Key): void => {
  into[key] = (into[key] ?? 0) + 1;
};
type Judged = DryRun['judged']['all'];
const judgedOf = (of: Record<string, Judged>, role: string): Judged => {
  const found = of[role] ?? { before: {}, after: {} };
  of[role] = found;
  return found;
};
const countCause = (causes: DryRun['byCause'], effect: PolicyEffect, decision: Decision): void => {
  const named = causeOf(effect, decision);
  let found = causes.find(({ cause, rule }) => cause === named.cause && rule === named.rule);
  if (found === undefined) {
    found = { ...named, effects: {} };
    causes.push(found);
  }
  count(found.effects, effect);
};
const causeOf = (effect: PolicyEffect, decision: Decision): Pick<DryRun['byCause'][number], 'cause' | 'rule'> => {
  if (effect === 'session-shorter') return { cause: 'session-minutes', rule: null };
  if (decision.kind === 'refuse' && decision.reason === 'no-usable-factor')
    return { cause: 'no-usable-factor', rule: decision.rule };
  return decision.rule === null ? { cause: 'no-rule', rule: null } : { cause: 'rule', rule: decision.rule };
};
/** Without a prototype: somebody may call a group `__proto__`. */
const createCounts = (): Record<string, Counts> => Object.create(null) as Record<string, Counts>;
const inner = (of: Record<string, Counts>, name: string): Counts => {
  const found = of[name] ?? {};
  of[name] = found;
  return found;
};
