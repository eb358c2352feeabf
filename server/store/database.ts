import pg from 'pg';
import { createNotices } from './notices.ts';

/** Statements inside one transaction, or alone. Rows come as plain objects; `bigint` as number, `timestamptz` as Date. */
export interface Transaction {
  /** With a `name` the statement is planned once for each connection. */
  query<Row>(text: string, values?: readonly unknown[], name?: string): Promise<Row[]>;
  /**
   * Reaches every server process when the transaction commits: `pushed` and `cut` with the commit itself, `changed` soon
   * after it. The payload is small: PostgreSQL takes 8000 bytes.
   */
  notify(channel: Channel, payload: object): Promise<void>;
}

export type Channel = 'pushed' | 'changed' | 'cut';

export interface Database extends Transaction {
  /** Commits what `work` did when it returns, whatever it returns; rolls back when it throws. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** `missed` is called after the connection that listens was lost and is there again: what was sent meanwhile is gone. */
  listen(channel: Channel, hear: (payload: unknown) => void, missed?: () => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as 'text'),
};

/** `changed` takes the notices that do not go with the transaction. */
const transactionOn = (client: pg.ClientBase | pg.Pool, changed: (payload: string) => void): Transaction => ({
  query: async <Row>(text: string, values: readonly unknown[] = [], name?: string) =>
    (await client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) })).rows as Row[],
  notify: async (channel, payload) => {
    const text = JSON.stringify(payload);
    if (channel === 'changed') changed(text);
    else await client.query('select pg_notify($1, $2)', [channel, text]);
  },
});

interface Heard {
  readonly hear: (payload: unknown) => void;
  readonly missed: (() => void) | undefined;
}

/** Listens on one connection of its own, for as long as the database is open; a lost connection is made anew. */
const createListener = (settings: pg.ClientConfig, report: (problem: unknown) => void) => {
  const heard = new Map<Channel, Set<Heard>>();
  let client: pg.Client | undefined;
  let connecting: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  /** One hearer's bug neither ends the process nor keeps the others from hearing. */
  const tell = (what: () => void): void => {
    try {
      what();
    } catch (problem) {
      report(problem);
    }
  };
  const connect = async (): Promise<void> => {
    const fresh = new pg.Client(settings);
    fresh.on('error', () => undefined);
    fresh.on('notification', ({ channel, payload }) => {
      for (const one of heard.get(channel as Channel) ?? []) tell(() => one.hear(JSON.parse(payload ?? 'null')));
    });
    await fresh.connect();
    for (const channel of heard.keys()) await fresh.query(`listen ${channel}`);
    fresh.on('end', () => {
      client = undefined;
      if (!closed) reconnect();
    });
    client = fresh;
  };
  const reconnect = (): void => {
    if (closed) return;
    connect().then(
      () => {
        for (const all of heard.values()) for (const one of all) tell(() => one.missed?.());
      },
      (problem: unknown) => {
        report(problem);
        retry = setTimeout(reconnect, 500);
      },
    );
  };
  return {
    listen: async (channel: Channel, one: Heard): Promise<() => Promise<void>> => {
      connecting ??= connect();
      await connecting;
      const all = heard.get(channel) ?? new Set();
      if (!heard.has(channel)) {
        heard.set(channel, all);
        await client?.query(`listen ${channel}`);
      }
      all.add(one);
      return async () => {
        all.delete(one);
      };
    },
    close: async (): Promise<void> => {
      closed = true;
      clearTimeout(retry);
      await client?.end();
    },
  };
};

export interface DatabaseSettings {
  readonly connectionString: string;
  readonly connections?: number;
  /**
   * For statements that look up few rows by their keys and must be quick whatever the tables hold: plans are made once,
   * by index.
   */
  readonly byKeys?: boolean;
  readonly report: (problem: unknown) => void;
}

const keyPlans =
  '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off';

export const createDatabase = ({
  connectionString,
  connections = 10,
  byKeys = false,
  report,
}: DatabaseSettings): Database => {
  const settings: pg.ClientConfig = {
    connectionString,
    types,
    application_name: 'kazasu',
    connectionTimeoutMillis: 5000,
    keepAlive: true,
  };
  const pool = new pg.Pool({
    ...settings,
    max: connections,
    statement_timeout: 15_000,
    idle_in_transaction_session_timeout: 20_000,
    options: `-c synchronous_commit=on${byKeys ? ` ${keyPlans}` : ''}`,
  });
  pool.on('error', report);
  // One that is lost between two statements of a transaction says so here alone; its next statement fails.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const listener = createListener(settings, report);
  const notices = createNotices(async (payloads) => {
    await pool.query('select pg_notify($1, payload) from unnest($2::text[]) as payload', ['changed', payloads]);
  }, report);
  return {
    ...transactionOn(pool, notices.add),
    transaction: async (work) => {
      const client = await pool.connect();
      let broken: Error | undefined;
      try {
        await client.query('begin');
        const changes: string[] = [];
        const value = await work(transactionOn(client, (payload) => changes.push(payload)));
        await client.query('commit');
        for (const change of changes) notices.add(change);
        return value;
      } catch (problem) {
        await client.query('rollback').catch((failed: Error) => {
          broken = failed;
        });
        throw problem;
      } finally {
        client.release(broken);
      }
    },
    listen: (channel, hear, missed) => listener.listen(channel, { hear, missed }),
    close: async () => {
      await notices.close();
      await listener.close();
      await pool.end();
    },
  };
};

/** True when `problem` is a violation of the named unique constraint or index (SQLSTATE 23505). */
export const violates = (problem: unknown, constraint: string): boolean =>
  problem instanceof pg.DatabaseError && problem.code === '23505' && problem.constraint === constraint;
