import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';

const ownFolder = fileURLToPath(new URL('./migrations', import.meta.url));

/**
 * A table's lock is not waited for any longer (milliseconds): whoever logs in meanwhile waits behind it. It is below the
 * second after which PostgreSQL looks for deadlocks, so it is never a login that ends one.
 */
export const lockLimit = 300;
/** For so many tries, about five minutes. */
const tries = 300;
const pause = (): number => 300 + 700 * Math.random();

/** 55P03, also through what wraps it. */
export const isLocked = (problem: unknown): boolean =>
  (problem instanceof pg.DatabaseError && problem.code === '55P03') ||
  (problem instanceof Error && problem.cause !== undefined && isLocked(problem.cause));

/**
 * Brings the schema up to date, also under a server that serves with the one before: each migration is a transaction of
 * its own that gives up soon where a lock is not free, and is tried again. Several servers may start at once.
 */
export const migrate = async (
  connectionString: string,
  log: (line: string) => void,
  folder: string = ownFolder,
): Promise<string[]> => {
  for (let count = 1; ; count += 1) {
    try {
      const ran = await runner({
        databaseUrl: { connectionString, connectionTimeoutMillis: 5000, options: `-c lock_timeout=${lockLimit}` },
        dir: folder,
        direction: 'up',
        migrationsTable: 'migration',
        singleTransaction: false,
        checkOrder: true,
        advisoryLockMode: 'wait',
        log,
      });
      return ran.map(({ name }) => name);
    } catch (problem) {
      if (!isLocked(problem) || count === tries) throw problem;
      log(`a lock was not free, trying again: ${count}`);
      await wait(pause());
    }
  }
};
