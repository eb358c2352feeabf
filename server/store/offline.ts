import type { JournalRecord } from '#contract/audit.ts';
import type { PersonId, SessionId, TerminalId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import { longestOffline } from '#core/policy/offline.ts';
import type { Transaction } from './database.ts';
import { record } from './events.ts';

/** A session that a terminal opened without the server, as its journal tells it. */
export interface OfflineUse {
  readonly session: SessionId;
  readonly person: PersonId;
  /** The login with the server that let the terminal do so, and when it did, both by the server's clock as it knew it. */
  readonly loginAt: Date;
  readonly openedAt: Date;
}

const timeOf = (given: unknown): Date => {
  const at = typeof given === 'string' ? Date.parse(given) : Number.NaN;
  return new Date(Number.isNaN(at) ? 0 : at);
};

/** Null for any other record. */
export const tryReadOfflineUse = ({ at, facts }: JournalRecord): OfflineUse | null => {
  const { detail, kind, person, session } = facts;
  if (kind !== 'offline.opened' || person == null || session == null) return null;
  const openedAt = detail['at'] === undefined ? timeOf(at) : timeOf(detail['at']);
  return { session, person, loginAt: timeOf(detail['loginAt']), openedAt };
};

/** A person at a terminal. */
export interface PersonThere {
  readonly terminal: TerminalId;
  readonly person: string;
}
export const hereKey = ({ terminal, person }: PersonThere): string => `${terminal} ${person}`;

/** Those of these people who have ever had a session at their terminal, by `hereKey`. */
export const findHere = async (tx: Transaction, asked: readonly PersonThere[]): Promise<ReadonlySet<string>> => {
  if (asked.length === 0) return new Set();
  const rows = await tx.query<PersonThere>(
    `select distinct terminal, person from session
      where (terminal, person) in (select * from unnest($1::uuid[], $2::uuid[]))`,
    [asked.map(({ terminal }) => terminal), asked.map(({ person }) => person)],
  );
  return new Set(rows.map(hereKey));
};

export const storeOfflineSessions = async (
  tx: Transaction,
  now: Date,
  uses: readonly (OfflineUse & { readonly terminal: TerminalId })[],
): Promise<void> => {
  if (uses.length === 0) return;
  await tx.query(
    `insert into offline_session (id, terminal, person, stored_at)
     select id, terminal, person, $1 from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as given (id, terminal, person)
     on conflict do nothing`,
    [now, uses.map(({ session }) => session), uses.map(({ terminal }) => terminal), uses.map(({ person }) => person)],
  );
};

/** A login is written by the server's clock a moment before the terminal notes it. */
const loginSlack = 120_000;

interface Judged {
  readonly revoked: boolean;
  readonly login: boolean;
  readonly allowed: boolean;
}

/** Why the server would not have let this happen; null where it would. */
const whyContested = (use: OfflineUse, judged: Judged | undefined, { hours }: Policy['offline']): string | null => {
  if (judged === undefined) return 'never-here';
  if (!judged.login) return 'no-such-login';
  if (judged.revoked) return 'revoked-before';
  if (!judged.allowed) return 'role';
  const age = use.openedAt.getTime() - use.loginAt.getTime();
  return age > Math.min(hours * 3_600_000, longestOffline) || age < 0 ? 'too-old' : null;
};

/**
 * Asks afterwards what the terminal could not ask: whether a login without the server followed one with it, in time, and
 * whether what let it in had been taken away before. Each that should not have been is an alarm.
 */
export const judgeOfflineUses = async (
  tx: Transaction,
  now: Date,
  terminal: TerminalId,
  uses: readonly OfflineUse[],
  policy: Policy,
): Promise<void> => {
  for (const use of uses) {
    const [judged] = await tx.query<Judged>(
      `select exists (select 1 from revocation r where r.what <> 'session' and (r.person = p.id or r.subject = p.id) and r.at > $3 and r.at <= $4) as revoked,
              exists (select 1 from session s where s.terminal = $1 and s.person = p.id
                and s.started_at between $3::timestamptz - $5 * interval '1 millisecond'
                                     and $3::timestamptz + $5 * interval '1 millisecond') as login,
              p.roles && $6::text[] as allowed
         from person p where p.id = $2 and exists (select 1 from session s where s.terminal = $1 and s.person = p.id)`,
      [terminal, use.person, use.loginAt, use.openedAt, loginSlack, policy.offline.roles],
    );
    const reason = whyContested(use, judged, policy.offline);
    if (reason === null) continue;
    await record(tx, now, {
      kind: 'offline.contested',
      outcome: 'major',
      terminal,
      person: judged === undefined ? null : use.person,
      session: judged === undefined ? null : use.session,
      reason,
      detail: { loginAt: use.loginAt.toISOString(), openedAt: use.openedAt.toISOString() },
    });
  }
};

/** Wrong tries without the server count with those that came to it. They alone never disable a PIN. */
export const countOfflineTries = async (
  tx: Transaction,
  people: readonly PersonId[],
  { hard }: Pick<Policy['tries'], 'hard'>,
): Promise<void> => {
  for (const [person, tries] of Map.groupBy(people, (one) => one)) {
    await tx.query(
      `update credential set failures = greatest(failures, least(failures + $2, $3))
        where person = $1 and kind = 'pin' and state = 'active'`,
      [person, tries.length, hard - 1],
    );
  }
};
