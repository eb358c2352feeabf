import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { findFreePort } from './free-port.ts';
import { createDatabase, type Database } from './store/database.ts';
import { startEmbedded } from './store/embedded.ts';
import { createCluster, launch, readPassword, stopCluster } from './store/embedded-cluster.ts';
import { findHome } from './store/embedded-home.ts';
import { migrate } from './store/migrate.ts';

/** A database of its own with the schema in it, and a folder that goes when it is closed. */
export interface TestDatabase {
  readonly folder: string;
  readonly connectionString: string;
  /** As the server of an embedded database reaches it. */
  readonly nearest: string;
  readonly database: Database;
  close(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** How many times as long as usual it is waited for. */
  readonly patience?: number;
  /** In a PostgreSQL that nobody else uses and that survives being killed. */
  readonly ownCluster?: boolean;
  /** What it says of its PostgreSQL, where that is its own. */
  readonly report?: (what: string) => void;
}

/** Tests share their machine with others. */
export const patience = 10;

/** Where the runner's PostgreSQL is, if it keeps one: address of its maintenance database. */
const { env } = process;
const shared = env['KAZASU_TEST_CLUSTER'];
/** The database in it that has the schema and nothing else. */
const template = 'kazasu_template';

type Place = Pick<TestDatabase, 'connectionString' | 'nearest'> & { leave(): Promise<void> };

const createFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'kazasu-server-'));
  await chmod(folder, 0o711);
  return folder;
};

const inOwnCluster = async (folder: string, report?: (what: string) => void): Promise<Place> => {
  const { connectionString, nearest, stop } = await startEmbedded(folder, report);
  await migrate(connectionString, () => undefined);
  return { connectionString, nearest, leave: stop };
};

const tell = async (address: string, statement: string): Promise<void> => {
  const client = new pg.Client(address);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};

const addressOf = (maintenance: string, database: string): string =>
  Object.assign(new URL(maintenance), { pathname: `/${database}` }).href;

const inShared = async (maintenance: string): Promise<Place> => {
  const name = `kazasu_${randomBytes(8).toString('hex')}`;
  await tell(maintenance, `create database ${name} template ${template}`);
  const connectionString = addressOf(maintenance, name);
  return {
    connectionString,
    nearest: connectionString,
    leave: () => tell(maintenance, `drop database ${name} with (force)`),
  };
};

export const openTestDatabase = async (options: TestDatabaseOptions = {}): Promise<TestDatabase> => {
  const folder = await createFolder();
  const isShared = shared !== undefined && options.ownCluster !== true;
  const { connectionString, nearest, leave } = isShared
    ? await inShared(shared)
    : await inOwnCluster(folder, options.report);
  const database = createDatabase({
    connectionString,
    patience: options.patience ?? patience,
    report: () => undefined,
  });
  return {
    folder,
    connectionString,
    nearest,
    database,
    close: async () => {
      await database.close();
      await leave();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** For many test files at once. It has to survive nothing. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_connections: 400,
};

/** A PostgreSQL whose databases begin as copies of one with the schema. Address of its maintenance database. */
export const startSharedCluster = async (): Promise<{ readonly address: string; stop(): Promise<void> }> => {
  const folder = await createFolder();
  const home = await findHome(folder);
  const cluster = join(home.folder, 'cluster');
  const password = await readPassword(join(folder, 'postgres.password'));
  await createCluster(home, cluster, password);
  const port = await findFreePort('127.0.0.1');
  const keeper = await launch(home, cluster, password, port, settings);
  const address = `postgres://kazasu:${password}@127.0.0.1:${port}/postgres`;
  await keeper.query(`create database ${template}`);
  await migrate(addressOf(address, template), () => undefined);
  // A database that somebody is connected to is copied for nobody.
  await keeper.query(`alter database ${template} with is_template true allow_connections false`);
  return {
    address,
    stop: async () => {
      await keeper.end();
      await stopCluster(home, cluster, 'immediate');
      await rm(folder, { recursive: true, force: true });
    },
  };
};
