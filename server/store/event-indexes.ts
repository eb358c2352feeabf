import pg from 'pg';
import { isLocked, lockLimit } from './migrate.ts';

/** Any constant: of all server processes one makes them. */
const making = 5_411_017;

/** Indexes of the whole log by which old ones are replaced, as migrations 53 and 55 have them. */
const fresh = {
  event_record_mark: `(terminal, epoch, sequence) where epoch is not null and sequence % 64 = 1 and not detail ? 'chain'`,
  event_record_aside: `(terminal, epoch, sequence) where epoch is not null and detail ? 'chain'`,
  event_of_kind: '(kind, seq) where alike >= 0',
  event_of_terminal: '(terminal, seq) where terminal is not null and alike >= 0',
  event_of_person: '(person, seq) where person is not null and alike >= 0',
} as const;
const old = ['event_record', 'event_at', 'event_kind', 'event_terminal', 'event_person'] as const;

/** Months that have no part in it. A part whose making was cut short is invalid, and is none. */
const lacking = `
  select month.inhrelid::regclass::text as month from pg_inherits month
   where month.inhparent = 'event'::regclass and not exists (
     select from pg_inherits part join pg_index i on i.indexrelid = part.inhrelid
      where part.inhparent = $1::regclass and i.indrelid = month.inhrelid)`;

/** Tries again where a lock is not free. */
const insist = async (client: pg.Client, statement: string): Promise<void> => {
  for (;;) {
    try {
      await client.query(statement);
      return;
    } catch (problem) {
      if (!isLocked(problem)) throw problem;
      await client.query('select pg_sleep(0.3 + 0.7 * random())');
    }
  }
};

/** Makes the parts that months lack, while lines are written to them. */
const complete = async (client: pg.Client, index: keyof typeof fresh): Promise<void> => {
  const { rows } = await client.query<{ month: string }>(lacking, [index]);
  for (const { month } of rows) {
    const part = `${month}${index.slice('event'.length)}`;
    await client.query('set lock_timeout = 0');
    await client.query(`drop index concurrently if exists ${part}`);
    await client.query(`create index concurrently ${part} on ${month} ${fresh[index]}`);
    await client.query(`set lock_timeout = ${lockLimit}`);
    await insist(client, `alter index ${index} attach partition ${part}`);
  }
};

/**
 * Replaces indexes of a log that has lines already by such as cost less for each (migrations 53 and 55). Nobody waits for it: a month is
 * read through while lines are written to it, and the old ones go when all of the new are there. True where it did so; false where
 * nothing was to be done, or another process is at it. Begun anew it goes on where it was.
 */
export const renewEventIndexes = async (connectionString: string, signal?: AbortSignal): Promise<boolean> => {
  const client = new pg.Client({ connectionString, application_name: 'kazasu indexes' });
  client.on('error', () => undefined);
  await client.connect();
  const cut = (): void => void client.end().catch(() => undefined);
  signal?.addEventListener('abort', cut);
  try {
    const { rows } = await client.query<{ due: boolean }>(
      `select case when exists (select from unnest($1::text[]) name where to_regclass(name) is not null)
                   then pg_try_advisory_lock($2) else false end as due`,
      [old, making],
    );
    if (rows[0]?.due !== true) return false;
    for (const index of Object.keys(fresh) as (keyof typeof fresh)[]) await complete(client, index);
    await insist(client, `drop index if exists ${old.join(', ')}`);
    return true;
  } finally {
    signal?.removeEventListener('abort', cut);
    await client.end().catch(() => undefined);
  }
};
