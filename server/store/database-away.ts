import pg from 'pg';

/** The database did not do this because it cannot be reached or has too much to do. Nothing of it is known to be written. */
export class DatabaseAway extends Error {}

/** SQLSTATE classes and codes after which the same may be tried again. */
const passing: readonly RegExp[] = [
  /^08/, // the connection
  /^53/, // no room: connections, memory, disk
  /^57P0[1-3]$/, // shutting down, crashed, starting
  /^57014$/, // over the limit of a statement
  /^55P03$/, // over the limit of a lock
  /^40(001|P01)$/, // serialisation, deadlock
  /^25P03$/, // idle in a transaction for too long
  /^25006$/, // a replica that takes no writes: after a fail-over the next connection finds the new primary
];

/** Whether what a statement or a connection ended with lies with the database and not with the statement. */
export const isAway = (problem: unknown): boolean =>
  problem instanceof pg.DatabaseError
    ? passing.some((code) => code.test(problem.code ?? ''))
    : problem instanceof Error && !(problem instanceof TypeError);

/** Whether the connection is of no use any more: it broke, did not answer, or leads to a server that is going. */
export const isBroken = (problem: unknown): boolean =>
  isAway(problem) && (!(problem instanceof pg.DatabaseError) || /^(08|57P|25006|25P03)/.test(problem.code ?? ''));

export const asAway = (problem: unknown): unknown =>
  isAway(problem) && !(problem instanceof DatabaseAway)
    ? new DatabaseAway(`the database is away: ${(problem as Error).message}`, { cause: problem })
    : problem;

/** Whether it was given up because two waited for each other: nothing of it is written, and by itself it may pass at once. */
export const isDeadlock = (problem: unknown): boolean => {
  const { cause } = problem as { cause?: unknown };
  return problem instanceof DatabaseAway && cause instanceof pg.DatabaseError && cause.code === '40P01';
};
