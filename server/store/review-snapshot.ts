import { mostListed, type ReviewSnapshot } from '#contract/api/periodic-reviews.ts';
import type { EventKind } from '#contract/audit.ts';
import { listAccounts } from './accounts.ts';
import type { Transaction } from './database.ts';
import { isMark } from './event-stretches.ts';

/** What calls for somebody to look: each of them is in the snapshot by itself. */
export const alarmKinds = [
  'code.guessed-at',
  'emergency.opened',
  'journal.damaged',
  'journal.faulted',
  'log.begun-anew',
  'log.forked',
  'log.halted',
  'log.rolled-back',
  'log.unkept',
  'offline.contested',
  'offline.set-back',
  'revocation.returned',
  'server.restored',
] as const satisfies readonly EventKind[];
export const refusalKinds = [
  'attempt.refused',
  'code.refused',
  'console.sign-in-refused',
  'emergency.refused',
  'offline.refused',
  'proof.refused',
  'proof.replayed',
  'request.refused',
] as const satisfies readonly EventKind[];

const unusedDays = 90;
const silentDays = 14;
const day = 86_400_000;

export interface Period {
  readonly from: Date;
  readonly until: Date;
}

/** Rows of `sql` up to the most that are listed, and how many there are in all; times become texts. */
const list = async <Item>(tx: Transaction, sql: string, values: readonly unknown[]) => {
  const [row] = await tx.query<{ total: number; items: Item[] | null }>(
    `with found as materialized (${sql})
     select (select count(*)::int from found) as total,
            (select json_agg(row_to_json(f)) from (select * from found limit ${mostListed}) f) as items`,
    [...values],
  );
  return { total: row?.total ?? 0, items: row?.items ?? [] };
};
const instant = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const personOf = (column: string): string =>
  `(select json_build_object('number', p.number, 'name', p.name) from person p where p.id = ${column})`;
const nameOf = (column: string): string => `(select name from person where id = ${column})`;

type Lists = Pick<ReviewSnapshot, 'events' | 'refusals' | 'alarms' | 'emergencies' | 'fourEyes' | 'policies'>;

const readPeriod = async (tx: Transaction, { from, until }: Period): Promise<Lists> => {
  const span = [from, until];
  type Counted = { kind: EventKind; count: number };
  return {
    events: await tx.query<Counted & { outcome: ReviewSnapshot['events'][number]['outcome'] }>(
      `select kind, outcome, count(*)::int as count from event where at >= $1 and at < $2
        group by kind, outcome order by kind, outcome`,
      span,
    ),
    refusals: await tx.query<Counted & { reason: string }>(
      `select kind, coalesce(reason, '') as reason, count(*)::int as count from event
        where at >= $1 and at < $2 and kind = any($3) and ${isMark} group by kind, reason order by count desc, kind, reason limit 100`,
      [...span, refusalKinds],
    ),
    alarms: await list(
      tx,
      `select ${instant('e.at')} as at, e.kind, ${nameOf('e.person')} as person, t.name as terminal, e.reason
         from event e left join terminal t on t.id = e.terminal
        where e.at >= $1 and e.at < $2 and e.kind = any($3) and e.${isMark} order by e.seq`,
      [...span, alarmKinds],
    ),
    emergencies: await list(
      tx,
      `select ${instant('u.at')} as at, ${personOf('u.person')} as person, t.name as terminal, u.means, u.reason,
              case when u.reviewed_at is null then null
                   else json_build_object('by', ${nameOf('u.reviewed_by')}, 'verdict', u.verdict) end as "signedOff"
         from emergency_use u join terminal t on t.id = u.terminal where u.at >= $1 and u.at < $2 order by u.at`,
      span,
    ),
    fourEyes: await list(
      tx,
      `select ${instant('asked_at')} as at, act, about, state, ${nameOf('asked_by')} as "askedBy",
              ${nameOf('decided_by')} as "decidedBy"
         from approval where asked_at >= $1 and asked_at < $2 order by approval.asked_at`,
      span,
    ),
    policies: await list(
      tx,
      `select number, ${instant('policy_version.at')} as at, ${nameOf('by')} as by, note from policy_version
        where policy_version.at >= $1 and policy_version.at < $2 order by number`,
      span,
    ),
  };
};

const readAccounts = async (tx: Transaction, now: Date): Promise<ReviewSnapshot['accounts']> => {
  const filter = { search: '', days: unusedDays, sort: 'number', order: 'rising' } as const;
  const page = { limit: mostListed, offset: 0 };
  const found = async (finding: 'unused' | 'left-with-card' | 'no-factor' | 'privileged') => {
    const { total, accounts, counts, everybody } = await listAccounts(tx, now, { ...filter, finding }, page);
    return { total, accounts, counts, everybody };
  };
  const [unused, leftWithCard, noFactor, privileged] = [
    await found('unused'),
    await found('left-with-card'),
    await found('no-factor'),
    await found('privileged'),
  ];
  const named = ({ total, accounts }: Awaited<ReturnType<typeof found>>) => ({
    total,
    items: accounts.map(({ number, name }) => ({ number, name })),
  });
  return {
    everybody: unused.everybody,
    unusedDays,
    counts: unused.counts,
    unused: named(unused),
    leftWithCard: named(leftWithCard),
    noFactor: named(noFactor),
    privileged: {
      total: privileged.total,
      items: privileged.accounts.map(({ number, name, roles, lastUsedAt }) => ({ number, name, roles, lastUsedAt })),
    },
  };
};

const readTerminals = async (tx: Transaction, now: Date): Promise<ReviewSnapshot['terminals']> => {
  const [counted] = await tx.query<{ active: number; revoked: number }>(
    `select (count(*) filter (where state = 'active'))::int as active,
            (count(*) filter (where state = 'revoked'))::int as revoked from terminal`,
  );
  return {
    active: counted?.active ?? 0,
    revoked: counted?.revoked ?? 0,
    silentDays,
    silent: await list(
      tx,
      `select name, ${instant('last_seen_at')} as "lastSeenAt" from terminal
        where state = 'active' and (last_seen_at is null or last_seen_at < $1) order by name`,
      [new Date(now.getTime() - silentDays * day)],
    ),
  };
};

/** What there is to look at for a period, now. */
export const takeSnapshot = async (
  tx: Transaction,
  now: Date,
  period: Period,
  about: Pick<ReviewSnapshot, 'log' | 'policyVersion'>,
): Promise<ReviewSnapshot> => ({
  from: period.from.toISOString(),
  until: period.until.toISOString(),
  takenAt: now.toISOString(),
  ...about,
  ...(await readPeriod(tx, period)),
  accounts: await readAccounts(tx, now),
  terminals: await readTerminals(tx, now),
});
