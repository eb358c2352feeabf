import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { findFreePort } from '../free-port.ts';
import {
  adopt,
  createCluster,
  EmbeddedDatabaseProblem,
  hasCluster,
  launch,
  readPassword,
  stopCluster,
  tryReach,
} from './embedded-cluster.ts';
import { findHome, type Home } from './embedded-home.ts';

export { EmbeddedDatabaseProblem };

/** A PostgreSQL of our own, carried by an npm package and kept in the data folder. */
export interface EmbeddedDatabase {
  readonly connectionString: string;
  /** The same over a socket in the file system, which costs both sides less, where there can be one. */
  readonly nearest: string;
  stop(): Promise<void>;
}

/** Any constant: the server that holds it owns the running PostgreSQL; a server that died has lost it. */
const ownership = 5_411_002;

/** Takes the lock that says whose PostgreSQL this is. */
const own = async (keeper: pg.Client, dataFolder: string): Promise<pg.Client> => {
  const [lock] = (await keeper.query<{ got: boolean }>('select pg_try_advisory_lock($1) as got', [ownership])).rows;
  if (lock?.got === true) return keeper;
  await keeper.end();
  throw new EmbeddedDatabaseProblem(`another server is running on the data folder ${dataFolder}`);
};

const addressOf = (password: string, port: number, host = '127.0.0.1'): string =>
  `postgres://kazasu:${password}@${encodeURIComponent(host)}:${port}/kazasu`;
/** One that was left by an earlier version has no socket. */
const addressesOf = async (
  { folder }: Home,
  password: string,
  running: pg.Client,
): Promise<Pick<EmbeddedDatabase, 'connectionString' | 'nearest'>> => {
  const { port } = running;
  const { rows } = await running.query<{ folders: string }>(
    `select current_setting('unix_socket_directories') as folders`,
  );
  const connectionString = addressOf(password, port);
  return {
    connectionString,
    nearest: rows[0]?.folders === folder ? addressOf(password, port, folder) : connectionString,
  };
};

/** The database of a data folder for a command beside the server: the one that runs, or one that is started for it. */
export const reachEmbedded = async (dataFolder: string): Promise<EmbeddedDatabase> => {
  const home = await findHome(dataFolder);
  const { folder } = home;
  // Another one would be empty: whoever asks means the one that is somewhere else.
  if (!(await hasCluster(join(folder, 'cluster')))) {
    throw new EmbeddedDatabaseProblem(
      `there is no embedded database in ${dataFolder}; set DATABASE_URL as for the server`,
    );
  }
  const password = await readPassword(join(dataFolder, 'postgres.password'));
  const running = await tryReach(join(folder, 'cluster'), password);
  if (running === undefined) return startEmbedded(dataFolder);
  const addresses = await addressesOf(home, password, running);
  await running.end();
  return { ...addresses, stop: async () => undefined };
};

/** Starts it, or takes over the one that a killed server left. While it is held, one that dies is started again. */
export const startEmbedded = async (
  dataFolder: string,
  report: (what: string) => void = () => undefined,
): Promise<EmbeddedDatabase> => {
  const home = await findHome(dataFolder);
  const cluster = join(home.folder, 'cluster');
  const password = await readPassword(join(dataFolder, 'postgres.password'));
  if (!(await hasCluster(cluster))) await createCluster(home, cluster, password);

  let keeper = await own(
    (await adopt(home, cluster, password)) ?? (await launch(home, cluster, password, await findFreePort('127.0.0.1'))),
    dataFolder,
  );
  const { port } = keeper;
  const addresses = await addressesOf(home, password, keeper);
  let stopping = false;
  let reviving: Promise<void> | undefined;

  const revive = async (): Promise<void> => {
    while (!stopping) {
      try {
        const left = await adopt(home, cluster, password);
        keeper = await own(left ?? (await launch(home, cluster, password, port)), dataFolder);
        keeper.once('end', watch);
        report('the database is there again');
        return;
      } catch (problem) {
        report(`the database does not start: ${problem instanceof Error ? problem.message : problem}`);
        await wait(500);
      }
    }
  };
  const watch = (): void => {
    if (stopping) return;
    report('the database has ended and is started again');
    reviving = revive();
  };
  keeper.once('end', watch);

  const { rows } = await keeper.query("select 1 from pg_database where datname = 'kazasu'");
  if (rows.length === 0) await keeper.query('create database kazasu');
  return {
    ...addresses,
    stop: async () => {
      stopping = true;
      await reviving;
      await keeper.end().catch(() => undefined);
      await stopCluster(home, cluster, 'fast');
    },
  };
};
