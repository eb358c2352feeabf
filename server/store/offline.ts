import type { JournalRecord } from '#contract/audit.ts';
import type { PersonId, SessionId, TerminalId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import { longestOffline } from '#core/policy/offline.ts';
import { countElsewhere } from '#core/policy/tries.ts';
import { setTries, tryLockFactor } from './credentials.ts';
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

/** A wrong PIN without the server, and when (epoch milliseconds, as the terminal knew it). */
export interface OfflineTry {
  readonly person: PersonId;
  readonly at: number;
}

/** Wrong tries without the server count with those that came to it, and lock as they do. */
export const countOfflineTries = async (
  tx: Transaction,
  now: Date,
  terminal: TerminalId,
  wrong: readonly OfflineTry[],
  rules: Policy['tries'],
): Promise<void> => {
  // In one order, whichever terminals tell of the same people.
  const people = [...Map.groupBy(wrong, ({ person }) => person)].sort(([one], [other]) => (one < other ? -1 : 1));
  for (const [person, tries] of people) {
    const pin = await tryLockFactor(tx, person, 'pin');
    if (pin === undefined || pin.disabled) continue;
    const madeAt = tries.map(({ at }) => Math.min(at, now.getTime()));
    const next = countElsewhere(pin, rules, madeAt);
    await setTries(tx, pin.id, next);
    const { failures, lockedUntil } = next;
    if (lockedUntil === pin.lockedUntil || (lockedUntil ?? 0) <= now.getTime()) continue;
    await record(tx, now, {
      kind: 'credential.locked',
      outcome: 'serious',
      terminal,
      person,
      factors: ['pin'],
      reason: 'locked',
      detail: { failures, where: 'offline' },
    });
    await tx.notify('changed', { what: 'people' });
  }
};
