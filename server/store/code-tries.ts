import type { TerminalId } from '#contract/ids.ts';
import { alarmingCodes, alarmWindow, type CodeKind, codesPausedUntil, reserveCode } from '#core/policy/code-tries.ts';
import type { Lane, Transaction } from './database.ts';
import { isMark } from './event-stretches.ts';

/**
 * Counts a code before it is looked at, on all server processes together. Answers until when the terminal takes none
 * (epoch milliseconds), and then nothing was counted; undefined when the code may be looked at.
 */
export const countCode = (
  database: Lane,
  now: Date,
  terminal: TerminalId,
  kind: CodeKind,
): Promise<number | undefined> =>
  database.transaction(async (tx) => {
    await tx.query(
      'insert into code_tries (terminal, kind, failures, last_at) values ($1, $2, 0, $3) on conflict do nothing',
      [terminal, kind, now],
    );
    const [row] = await tx.query<{ failures: number; lastAt: Date }>(
      'select failures, last_at as "lastAt" from code_tries where terminal = $1 and kind = $2 for update',
      [terminal, kind],
    );
    if (row === undefined) throw new Error('tries of a terminal are gone');
    const tries = { failures: row.failures, lastAt: row.lastAt.getTime() };
    const next = reserveCode(kind, tries, now.getTime());
    if (next === undefined) return codesPausedUntil(kind, tries, now.getTime());
    await tx.query('update code_tries set failures = $3, last_at = $4 where terminal = $1 and kind = $2', [
      terminal,
      kind,
      next.failures,
      new Date(next.lastAt),
    ]);
    return undefined;
  });

/** A code has opened something there. */
export const clearCodes = async (tx: Transaction, terminal: TerminalId, kind: CodeKind): Promise<void> => {
  await tx.query('update code_tries set failures = 0 where terminal = $1 and kind = $2', [terminal, kind]);
};

/** Any constant: who is about to raise this alarm waits for whoever does the same. */
const alarming = 5_411_014;

/** Whether so many codes were refused of late, at all terminals together, that it is to be said; once for each time. */
export const isGuessedAt = async (tx: Transaction, now: Date, kind: CodeKind): Promise<boolean> => {
  if (!(await areMany(tx, now, kind))) return false;
  await tx.query('select pg_advisory_xact_lock($1)', [alarming]);
  return areMany(tx, now, kind);
};

const areMany = async (tx: Transaction, now: Date, kind: CodeKind): Promise<boolean> => {
  const [row] = await tx.query<{ alarming: boolean }>(
    `select count(*) filter (where kind = 'code.refused') >= $3 and count(*) filter (where kind = 'code.guessed-at') = 0
            as alarming
       from event where kind in ('code.refused', 'code.guessed-at') and ${isMark} and at > $1 and detail ->> 'what' = $2`,
    [new Date(now.getTime() - alarmWindow), kind, alarmingCodes[kind]],
  );
  return row?.alarming ?? false;
};
