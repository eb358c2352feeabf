import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';

const folder = fileURLToPath(new URL('./migrations', import.meta.url));

/** Brings the schema up to date. Several servers may start at once: an advisory lock lets one work and the others wait. */
export const migrate = async (connectionString: string, log: (line: string) => void): Promise<string[]> => {
  const done = await runner({
    databaseUrl: connectionString,
    dir: folder,
    direction: 'up',
    migrationsTable: 'migration',
    singleTransaction: true,
    checkOrder: true,
    advisoryLockMode: 'wait',
    log,
  });
  return done.map(({ name }) => name);
};
