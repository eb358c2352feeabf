import type { JournalRecord } from '#contract/audit.ts';
import type { PersonId, SessionId, TerminalId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import { countElsewhere } from '#core/policy/tries.ts';
import { setTries, tryLockFactor } from './credentials.ts';
import type { Transaction } from './database.ts';
import { isMark } from './event-stretches.ts';
import { record } from './events.ts';

/** A session that a terminal opened without the server, as its journal tells it. */
export interface OfflineUse {
  readonly session: SessionId;
  readonly person: PersonId;
  /** The login with the server that let the terminal do so, and when it did, both by the server's clock as it knew it. */
  readonly loginAt: Date;
  readonly openedAt: Date;
  /** The login is in a part of the database that is lost. */
  readonly unproven?: boolean;
}

/**
 * What a terminal writes in a field of its own choice need not be a time, or not one that PostgreSQL takes: it is 1970 then,
 * and stands in the way of no record.
 */
export const timeOf = (given: unknown): Date => {
  const at = typeof given === 'string' ? Date.parse(given) : Number.NaN;
  return new Date(at >= 0 && at < Date.UTC(10_000, 0) ? at : 0);
};

/** Null for any other record. */
export const tryReadOfflineUse = ({ at, facts }: JournalRecord): OfflineUse | null => {
  const { detail, kind, person, session } = facts;
  if (kind !== 'offline.opened' || person == null || session == null) return null;
  const openedAt = detail['at'] === undefined ? timeOf(at) : timeOf(detail['at']);
  return { session, person, loginAt: timeOf(detail['loginAt']), openedAt };
};

/** The end of a session, as the terminal's journal tells it. */
export interface OfflineEnd {
  readonly session: SessionId;
  readonly person: PersonId;
  /** By the terminal's own clock; where it is `start`, the work was over some time before. */
  readonly lockedAt: Date;
  readonly reason: string;
}

/** Null for any other record. */
export const tryReadEnd = ({ at, facts }: JournalRecord): OfflineEnd | null => {
  const { kind, person, reason, session } = facts;
  if (kind !== 'screen.locked' || person == null || session == null) return null;
  return { session, person, lockedAt: timeOf(at), reason: reason ?? '' };
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
    `insert into offline_session (id, terminal, person, unproven, stored_at)
     select id, terminal, person, unproven, $1
       from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::boolean[]) as given (id, terminal, person, unproven)
     on conflict do nothing`,
    [
      now,
      uses.map(({ session }) => session),
      uses.map(({ terminal }) => terminal),
      uses.map(({ person }) => person),
      uses.map(({ unproven }) => unproven === true),
    ],
  );
};

/** A wrong PIN without the server, and when (epoch milliseconds, as the terminal knew it). */
export interface OfflineTry {
  readonly person: PersonId;
  readonly at: number;
  /** Nothing but the terminal's word proves that the person was there. */
  readonly unproven?: boolean;
  /** How the log names the same entry at the server, where the terminal had asked it too. */
  readonly proof?: string | undefined;
}

/** Such a try, where it was made. */
export type TryThere = OfflineTry & { readonly terminal: TerminalId };

/**
 * What somebody typed once is one try, also where the server had it, took longer than the terminal waits, and counted it. Only
 * such as the log of the server has of this person at this terminal as counted are left out, each once.
 */
const leaveOutCounted = async (tx: Transaction, wrong: readonly TryThere[]): Promise<readonly TryThere[]> => {
  const asked = wrong.filter(({ proof }) => proof !== undefined);
  if (asked.length === 0) return wrong;
  const rows = await tx.query<Pick<TryThere, 'terminal' | 'person' | 'proof'>>(
    `select e.terminal, e.person, e.detail ->> 'proof' as proof from event e
      where e.person = any($1) and e.terminal = any($2) and e.detail ->> 'proof' = any($3)
        and e.kind in ('proof.refused', 'offline.refused') and e.${isMark}
      group by 1, 2, 3
     having bool_or(e.kind = 'proof.refused' and e.reason = 'wrong') and count(*) filter (where e.kind = 'offline.refused') = 1`,
    [asked.map(({ person }) => person), asked.map(({ terminal }) => terminal), asked.map(({ proof }) => proof)],
    'counted-proofs',
  );
  const keyOf = ({ person, proof, terminal }: Pick<TryThere, 'terminal' | 'person' | 'proof'>): string =>
    `${terminal} ${person} ${proof}`;
  const counted = new Set(rows.map(keyOf));
  return wrong.filter((one) => !counted.has(keyOf(one)));
};

/**
 * Wrong tries without the server count with those that came to it, and lock as they do. Such as nothing proves bring a first
 * lock at most: a terminal that lies brings nobody near the last try.
 */
export const countOfflineTries = async (
  tx: Transaction,
  now: Date,
  wrong: readonly TryThere[],
  rules: Policy['tries'],
): Promise<void> => {
  // In one order of people, whichever terminals tell of them.
  const groups = [...Map.groupBy(await leaveOutCounted(tx, wrong), ({ person, terminal }) => `${person} ${terminal}`)];
  for (const [, tries] of groups.sort(([one], [other]) => (one < other ? -1 : 1))) {
    const [first] = tries;
    if (first === undefined) continue;
    const { person, terminal } = first;
    const pin = await tryLockFactor(tx, person, 'pin');
    if (pin === undefined || pin.disabled) continue;
    const madeAt = tries.map(({ at }) => Math.min(at, now.getTime()));
    const next = countElsewhere(
      pin,
      rules,
      madeAt,
      tries.some(({ unproven }) => unproven === true) ? rules.soft : rules.hard,
    );
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
