import { tryResealSeed } from './credentials.ts';
import type { ServerDeps } from './deps.ts';
import { lockSealedRows, replaceSealed, sealedColumns } from './store/sealed-rows.ts';

/** Few rows at a time: a login that needs one of them waits for all of them. */
const batch = 20;

type Deps = Pick<ServerDeps, 'database' | 'secrets' | 'log'>;

/** Seals what older keys sealed under the newest one; what does not open is left as it is. */
export const resealAll = async (deps: Deps, signal: AbortSignal): Promise<void> => {
  let sealed = 0;
  let closed = 0;
  for (const column of sealedColumns) {
    let after: string | undefined;
    do {
      const done = await resealSome(deps, column, after);
      sealed += done.sealed;
      closed += done.closed;
      after = done.last;
    } while (after !== undefined && !signal.aborted);
  }
  if (sealed > 0) deps.log.info({ rows: sealed }, 'what older keys had sealed is sealed under the newest');
  if (closed > 0) deps.log.error({ rows: closed }, 'some of what is sealed does not open');
};

const resealSome = (
  { database, secrets }: Deps,
  column: (typeof sealedColumns)[number],
  after: string | undefined,
): Promise<{ readonly sealed: number; readonly closed: number; readonly last: string | undefined }> =>
  database.transaction(async (tx) => {
    const rows = await lockSealedRows(tx, column, { newest: secrets.sealingKey(), after, limit: batch });
    let sealed = 0;
    for (const row of rows) {
      const again = tryResealSeed(secrets, row.sealed, row.owner);
      if (again === undefined) continue;
      await replaceSealed(tx, column, row.id, again);
      sealed += 1;
    }
    return { sealed, closed: rows.length - sealed, last: rows.at(-1)?.id };
  });
