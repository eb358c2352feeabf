import pg from 'pg';
import { copyIn } from './copy.ts';
import { asAway, DatabaseAway, isBroken } from './database-away.ts';

/** Statements inside one transaction, or alone. Rows come as plain objects; `bigint` as number, `timestamptz` as Date. */
export interface Transaction {
  /** With a `name` the statement is planned once for each connection. */
  query<Row>(text: string, values?: readonly unknown[], name?: string): Promise<Row[]>;
  /** Sends rows (`createCopyWriter`) to a `COPY … FROM STDIN (FORMAT binary)`. */
  copy(text: string, rows: Buffer): Promise<void>;
  /**
   * Reaches every server process when the transaction commits: `pushed` and `cut` with the commit itself, `changed` soon
   * after it. The payload is small: PostgreSQL takes 8000 bytes.
   */
  notify(channel: Channel, payload: object): Promise<void>;
}

export type Channel = 'pushed' | 'changed' | 'cut';

/** Connections that are kept for one sort of work, so that it never waits behind another. */
export interface Lane extends Transaction {
  /**
   * Commits what `work` did when it returns, whatever it returns; rolls back when it throws. Throws `DatabaseAway` when
   * there is no connection in time, a limit is over, or the connection breaks.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
}

/** Times in milliseconds. */
export interface LaneLimits {
  readonly connections: number;
  /** Until a connection is free or made. */
  readonly wait: number;
  /** Of one statement; the connection is given up when it is over by a second. */
  readonly statement: number;
  /** Until a lock is there. */
  readonly lock: number;
  /** In which a transaction may do nothing: what it holds, others wait for. */
  readonly idle: number;
  /** Plans are made once and by index, whatever the tables hold. */
  readonly byKeys?: boolean;
}

export interface LaneDeps {
  readonly settings: pg.ClientConfig;
  readonly limits: LaneLimits;
  /** True while nobody needs to try. */
  readonly isAway: () => boolean;
  readonly report: (problem: unknown) => void;
  /** Takes the notices that do not go with the transaction. */
  readonly changed: (payload: string) => void;
}

/** A connection costs some milliseconds and its first look at the log some more: it is kept. */
const keptFor = 600_000;
/** Tables are read by index, which costs next to nothing; hash joins are for what a statement was given. */
const keyPlans =
  '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c random_page_cost=1 -c enable_mergejoin=off -c jit=off';

type Queries = Pick<pg.ClientBase, 'query'>;

const run = async <Row>(
  client: Queries,
  text: string,
  values: readonly unknown[] = [],
  name: string | undefined = undefined,
): Promise<Row[]> => {
  const answered = await client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) });
  return answered.rows as Row[];
};

const notifyOn =
  (client: Queries, changed: (payload: string) => void): Transaction['notify'] =>
  async (channel, payload) => {
    const text = JSON.stringify(payload);
    if (channel === 'changed') changed(text);
    else await run(client, 'select pg_notify($1, $2)', [channel, text]);
  };

export const createLane = (deps: LaneDeps) => {
  const { limits } = deps;
  const createPool = (): pg.Pool => {
    const fresh = new pg.Pool({
      ...deps.settings,
      max: limits.connections,
      connectionTimeoutMillis: limits.wait,
      idleTimeoutMillis: keptFor,
      statement_timeout: limits.statement,
      lock_timeout: limits.lock,
      // Its own clock: a connection whose other end is gone says nothing.
      query_timeout: limits.statement + 1000,
      idle_in_transaction_session_timeout: limits.idle,
      options: `-c synchronous_commit=on -c timezone=UTC${limits.byKeys === true ? ` ${keyPlans}` : ''}`,
    });
    fresh.on('error', deps.report);
    // While it is in use a break is told by the statement that it ends, and must not end the process.
    fresh.on('connect', (client) => client.on('error', () => undefined));
    return fresh;
  };
  let pool = createPool();
  const out = new Set<pg.PoolClient>();

  const acquire = async (): Promise<pg.PoolClient> => {
    if (deps.isAway()) throw new DatabaseAway('the database is away');
    const client = await pool.connect();
    out.add(client);
    return client;
  };
  const release = (client: pg.PoolClient, problem?: unknown): void => {
    out.delete(client);
    client.release(problem !== undefined && isBroken(problem) ? (problem as Error) : undefined);
  };
  /** A connection that died while nobody used it is found out at its first statement: then another one is taken. */
  const begin = async (): Promise<pg.PoolClient> => {
    for (let tries = 1; ; tries += 1) {
      const client = await acquire();
      try {
        await client.query('begin');
        return client;
      } catch (problem) {
        release(client, problem);
        if (tries === 2 || !isBroken(problem)) throw problem;
      }
    }
  };
  const transaction: Lane['transaction'] = async (work) => {
    const client = await begin().catch((problem: unknown) => {
      throw asAway(problem);
    });
    const changes: string[] = [];
    const failed: { problem?: unknown } = {};
    const fail = (problem: unknown): never => {
      failed.problem = problem;
      throw asAway(problem);
    };
    const tx: Transaction = {
      query: (text, values, name) => run<never>(client, text, values, name).catch(fail),
      copy: (text, rows) => copyIn(client, text, rows).catch(fail),
      notify: notifyOn(client, (payload) => changes.push(payload)),
    };
    try {
      const value = await work(tx);
      await client.query('commit').catch(fail);
      release(client);
      for (const change of changes) deps.changed(change);
      return value;
    } catch (problem) {
      // A broken connection is dropped, and PostgreSQL rolls back by itself.
      if (failed.problem !== undefined && isBroken(failed.problem)) release(client, failed.problem);
      else
        await client.query('rollback').then(
          () => release(client),
          (broken: unknown) => release(client, broken),
        );
      throw problem;
    }
  };
  return {
    query: async <Row>(text: string, values?: readonly unknown[], name?: string) => {
      try {
        const client = await acquire();
        try {
          const rows = await run<Row>(client, text, values, name);
          release(client);
          return rows;
        } catch (problem) {
          release(client, problem);
          throw problem;
        }
      } catch (problem) {
        throw asAway(problem);
      }
    },
    copy: (text: string, rows: Buffer) => transaction((tx) => tx.copy(text, rows)),
    notify: async (channel: Channel, payload: object) =>
      channel === 'changed' ? deps.changed(JSON.stringify(payload)) : transaction((tx) => tx.notify(channel, payload)),
    transaction,
    /** Gives up every connection, also those in use: the database behind them has gone. */
    drop: (): void => {
      const old = pool;
      pool = createPool();
      for (const client of out) void client.end().catch(() => undefined);
      void old.end().catch(() => undefined);
    },
    close: async (): Promise<void> => pool.end(),
  };
};
