import type { Transaction } from './database.ts';
import type { Leaf } from './log-tree.ts';

/**
 * A line of the log as it is hashed and exported. What was once written must come out the same for ever: a column that is
 * new goes behind the others, and only into lines that have it.
 */
const line = `row_to_json(line)::text as line
  from (
    select seq, kind, id, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
           to_char(happened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as happened_at, outcome, person, actor,
           terminal, card, attempt, session, ceremony, factors, reason, support_code, detail, epoch, sequence, previous, hash
      from event`;

export interface Line {
  readonly seq: number;
  readonly line: string;
}

/** The number up to which no line can be written any more that is not there. Ask for it before the lines themselves. */
export const settledSeq = async (tx: Transaction): Promise<number> => {
  const [row] = await tx.query<{ settled: number }>('select settled_event_seq() as settled', [], 'settled');
  return row?.settled ?? 0;
};

/**
 * Has lines read by their numbers, one after the other, as far as they are wanted. While many come, the planner knows the log
 * as it was before them: it takes what is asked for to be a few lines, and reads and sorts all that follow. And a plan that
 * is made once for all times takes a span of two months to be a small part of the log: it put every line of it into a
 * bitmap to find fifty of one terminal (half a second on two million lines; the walk along the index takes eight
 * milliseconds).
 */
export const readByNumber = (tx: Transaction): Promise<unknown> =>
  tx.query(
    `select set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)`,
    [],
    'by-number',
  );

/** Lines above `after`, up to `last`, in their order. */
export const listLines = async (tx: Transaction, after: number, last: number, limit: number): Promise<Line[]> => {
  await readByNumber(tx);
  return tx.query<Line>(
    `select line.seq, ${line} where seq > $1 and seq <= $2 order by seq limit $3) as line order by line.seq`,
    [after, last, limit],
  );
};

/** The leaves of these lines (RFC 6962 2.1), hashed where they lie: nothing but their hashes comes over. */
export const hashLines = async (tx: Transaction, after: number, last: number, limit: number): Promise<Leaf[]> => {
  await readByNumber(tx);
  return tx.query<Leaf>(
    `select line.seq, sha256('\\x00'::bytea || convert_to(line.line, 'UTF8')) as hash from (
       select line.seq, ${line} where seq > $1 and seq <= $2 order by seq limit $3) as line) as line order by line.seq`,
    [after, last, limit],
  );
};

/** The line of this number. */
export const tryFindLine = async (tx: Transaction, seq: number): Promise<string | undefined> =>
  (await listLines(tx, seq - 1, seq, 1))[0]?.line;

export const countLines = async (tx: Transaction, after: number, last: number): Promise<number> => {
  const [row] = await tx.query<{ count: number }>('select count(*) from event where seq > $1 and seq <= $2', [
    after,
    last,
  ]);
  return row?.count ?? 0;
};
