import type { AskedFactor } from '#contract/screen.ts';
import { about } from '../logins/events.ts';
import type { Ticket } from '../logins/ticket.ts';
import { writeBegun } from './begun.ts';
import { holdFactor } from './credentials.ts';
import type { Lane, Transaction } from './database.ts';
import { record } from './events.ts';
import { hasAnswer, keepAnswer } from './proof-answers.ts';

export interface AcceptedPart {
  readonly id: string;
  readonly setAt: number;
  readonly step: number | null;
  readonly factor: AskedFactor;
  readonly mark: Buffer | null;
}

/** Ends the count of a factor that was right. False when it was changed meanwhile or its code was used. */
export const tryAccept = async (
  tx: Transaction,
  { id, setAt, step }: Pick<AcceptedPart, 'id' | 'setAt' | 'step'>,
): Promise<boolean> => {
  const rows = await tx.query(
    `update credential set failures = 0, locked_until = null, counted_mark = null, last_step = coalesce($3::bigint, last_step)
      where id = $1 and state = 'active' and set_at = $2
        and ($3::bigint is null or last_step is null or last_step < $3::bigint)
      returning id`,
    [id, new Date(setAt), step],
    'accept-part',
  );
  return rows.length === 1;
};

/**
 * One of several factors was right, or the person is to be asked something before the session: notes it at the attempt.
 * Answers the factors that have been accepted so far. `answered`: the same proof was answered meanwhile.
 */
export const acceptPart = (
  database: Lane,
  now: Date,
  ticket: Ticket,
  accepted: AcceptedPart,
): Promise<readonly AskedFactor[] | 'answered' | 'replayed' | 'ended'> =>
  database.transaction(async (tx) => {
    const { attempt } = ticket;
    const { factor, id, mark } = accepted;
    await holdFactor(tx, id);
    await writeBegun(tx, [ticket]);
    if (mark !== null && (await hasAnswer(tx, attempt, mark))) return 'answered';
    if (!(await tryAccept(tx, accepted))) return 'replayed';
    const noted = await tx.query(
      `update attempt set proved = array_remove(proved, $2) || $2::text where id = $1 and state = 'open' returning id`,
      [attempt, factor],
    );
    if (noted.length === 0) return 'ended';
    if (mark !== null) await keepAnswer(tx, attempt, mark, { kind: 'part' });
    await record(tx, now, { ...about(ticket, [factor]), kind: 'proof.accepted', outcome: 'success' });
    return listProved(tx, ticket);
  });

/** Factors of an open attempt that have been accepted, and are what they were when it began. */
export const listProved = async (tx: Transaction, ticket: Ticket): Promise<readonly AskedFactor[]> => {
  const [row] = await tx.query<{ proved: AskedFactor[] }>(
    `select array(select kind from unnest(a.proved) with ordinality as proven(kind, place)
             where exists (select from credential k where k.person = a.person and k.kind = proven.kind
               and k.state = 'active' and k.set_at <= a.started_at) order by place) as proved
       from attempt a where a.id = $1 and a.state = 'open'`,
    [ticket.attempt],
  );
  return row?.proved ?? [];
};

/** Another terminal at which the person is logged in, the newest session first. */
export const findElsewhere = async (
  tx: Transaction,
  now: Date,
  { person, terminal }: Ticket,
): Promise<{ readonly name: string; readonly since: Date } | undefined> => {
  const [row] = await tx.query<{ name: string; since: Date }>(
    `select t.name, s.started_at as since from session s join terminal t on t.id = s.terminal
      where s.person = $1 and s.terminal <> $2 and s.ended_at is null and s.ends_at > $3 order by s.started_at desc limit 1`,
    [person, terminal, now],
  );
  return row;
};
