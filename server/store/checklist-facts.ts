import type { ChecklistFacts } from '#core/checklist/judge.ts';
import type { Transaction } from './database.ts';
import { isMark } from './event-stretches.ts';
import { lowestUuidAt } from './uuid.ts';

const day = 86_400_000;
/** Clocks further off than this (milliseconds) are told. */
const clockLimit = 2_000;

type People = Pick<
  ChecklistFacts,
  'numbersUnique' | 'pinsSet' | 'firstSecretsOpen' | 'substitutesIssued90' | 'directories' | 'codesUnused' | 'cards'
>;
type Events = Pick<
  ChecklistFacts,
  | 'emergencies365'
  | 'emergenciesLate'
  | 'revocations90'
  | 'loginsWithoutWhom30'
  | 'logViews90'
  | 'clockAlarms30'
  | 'oldestLineAt'
>;
type Machines = Pick<ChecklistFacts, 'terminals' | 'terminalsEnded' | 'clocksOff' | 'logOnlyAddedTo'>;

/** People, cards and secrets as they are. */
export const findPeopleFacts = async (tx: Transaction, now: Date): Promise<People> => {
  const [row] = await tx.query<Omit<People, 'cards'> & { identifier: number; keyed: number; pki: number }>(
    `select exists (select from pg_index where indexrelid = to_regclass('person_number') and indisunique and indisvalid)
              as "numbersUnique",
            (select count(*)::int from credential where kind = 'pin' and set_at is not null and state <> 'disabled')
              as "pinsSet",
            (select count(*)::int from credential where kind = 'initial' and secret is not null and expires_at > $1)
              as "firstSecretsOpen",
            (select count(*)::int from substitute where issued_at > $2) as "substitutesIssued90",
            (select count(*)::int from directory_client where revoked_at is null and expires_at > $1) as directories,
            (select count(*)::int from emergency_code where used_at is null and voided_at is null) as "codesUnused",
            c.*
       from (select (count(*) filter (where assurance = 'identifier'))::int as identifier,
                    (count(*) filter (where assurance = 'keyed'))::int as keyed,
                    (count(*) filter (where assurance = 'pki'))::int as pki from card where state = 'active') c`,
    [now, new Date(now.getTime() - 90 * day)],
  );
  if (row === undefined) throw new Error('no row of people');
  const { identifier, keyed, pki, ...others } = row;
  return { ...others, cards: { identifier, keyed, pki } };
};

/** What the log and the queues beside it say of the last days. */
export const findEventFacts = async (tx: Transaction, now: Date): Promise<Events> => {
  const ago = (days: number): Date => new Date(now.getTime() - days * day);
  const [row] = await tx.query<Events>(
    `select (select count(*)::int from emergency_use where at > $1) as "emergencies365",
            (select count(*)::int from emergency_use where reviewed_at is null and at < $2) as "emergenciesLate",
            (select count(*)::int from revocation where at > $3) as "revocations90",
            (select count(*)::int from event where kind = 'session.began' and ${isMark} and at > $4
                and (person is null or terminal is null)) as "loginsWithoutWhom30",
            (select count(*)::int from event where kind = 'log.viewed' and ${isMark} and at > $3) as "logViews90",
            (select count(*)::int from event where kind = 'clock.wrong' and ${isMark} and at > $4) as "clockAlarms30",
            (select at from event order by seq limit 1) as "oldestLineAt"`,
    [ago(365), ago(3), ago(90), ago(30)],
  );
  if (row === undefined) throw new Error('no row of events');
  return row;
};

/** Logins of the last 30 days, or as long as their details are kept, by what opened them. */
export const countLogins = async (tx: Transaction, now: Date): Promise<Record<string, number>> => {
  const since = new Date(now.getTime() - 30 * day);
  const rows = await tx.query<{ by: string; count: number }>(
    `select opened_by as by, count(*)::int as count from session where id >= $1 group by opened_by`,
    [lowestUuidAt(since)],
  );
  return Object.fromEntries(rows.map(({ by, count }) => [by, count]));
};

/** Terminals, and whether the database lets lines of the log be changed or removed one by one. */
export const findMachineFacts = async (tx: Transaction, now: Date): Promise<Machines> => {
  const [row] = await tx.query<Machines>(
    `select (select count(*)::int from terminal where state = 'active') as terminals,
            (select count(*)::int from terminal where state = 'active' and certificate_expires_at <= $1)
              as "terminalsEnded",
            (select count(*)::int from terminal where state = 'active' and abs(clock_offset_ms) > $2
                and last_seen_at > $3) as "clocksOff",
            (select bool_and(exists (select from pg_trigger g join pg_proc f on f.oid = g.tgfoid
                               where g.tgrelid = part.relid and f.proname = 'refuse_change' and g.tgenabled = 'O'))
               from (select 'event'::regclass as relid
                     union all select inhrelid from pg_inherits where inhparent = 'event'::regclass) part)
              as "logOnlyAddedTo"`,
    [now, clockLimit, new Date(now.getTime() - day)],
  );
  if (row === undefined) throw new Error('no row of terminals');
  return row;
};

/**
 * Revocations older than a day that a terminal has not confirmed which was heard of within the time for which it may
 * decide alone: it might still open for somebody.
 */
export const countUnconfirmed = async (tx: Transaction, now: Date, offlineHours: number): Promise<number> => {
  const [row] = await tx.query<{ count: number }>(
    `select count(distinct r.number)::int as count from revocation r
       join terminal t on t.state = 'active' and t.enrolled_at <= r.at and t.last_seen_at > $3
      where r.at < $1 and r.at > $2
        and not exists (select from receipt where revocation = r.number and terminal = t.id)`,
    [
      new Date(now.getTime() - day),
      new Date(now.getTime() - 90 * day),
      new Date(now.getTime() - offlineHours * 3_600_000),
    ],
  );
  return row?.count ?? 0;
};

/** The last backup that the log tells of. */
export const findLastBackup = async (tx: Transaction): Promise<ChecklistFacts['lastBackup']> => {
  const [row] = await tx.query<{ at: Date; writeOnce: boolean }>(
    `select at, coalesce((detail ->> 'writeOnce')::boolean, false) as "writeOnce" from event
      where kind = 'backup.made' and ${isMark} order by seq desc limit 1`,
  );
  return row ?? null;
};
