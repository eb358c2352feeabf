import { setTimeout as wait } from 'node:timers/promises';
import type { ServerDeps } from './deps.ts';
import { foldUses } from './store/account-use.ts';
import { dropProcesses } from './store/connections.ts';
import { DatabaseAway, type Lane, type Transaction } from './store/database.ts';
import { thinCheckpoints } from './store/log-tree.ts';
import { dropOldMonth, openMonths, waitBriefly } from './store/months.ts';
import { removeSome, workTables } from './store/work-rows.ts';

export type KeeperDeps = Pick<ServerDeps, 'policy' | 'now' | 'log'> & { readonly background: Lane };

const hour = 3_600_000;
const day = 24 * hour;
/** Any constant: of all server processes one at a time keeps house. */
const keeping = 5_411_004;
/** Where somebody else holds what is needed: so often, and so long between (milliseconds). */
const tries = 5;
const pause = 500;
/** Steps of one run for each table; what is left waits for the next one. */
const steps = 1000;

/** Does `work` unless another process is at it. Undefined when it is, or when the locks were never free. */
const alone = async <Value>(
  deps: KeeperDeps,
  work: (tx: Transaction) => Promise<Value>,
): Promise<Value | undefined> => {
  for (let count = 1; ; count += 1) {
    try {
      return await deps.background.transaction(async (tx) => {
        await waitBriefly(tx);
        const [lock] = await tx.query<{ got: boolean }>('select pg_try_advisory_xact_lock($1) as got', [keeping]);
        return lock?.got === true ? await work(tx) : undefined;
      });
    } catch (problem) {
      if (!(problem instanceof DatabaseAway) || count === tries) throw problem;
      await wait(pause * count);
    }
  }
};

/** Opens the months that come, drops the one that is no longer kept, removes what has been over for long. */
export const keep = async (deps: KeeperDeps, isStopped: () => boolean = () => false): Promise<void> => {
  const { log, now } = deps;
  await alone(deps, (tx) => openMonths(tx, now()));
  // Before a month is dropped that says who was here last.
  while (!isStopped() && (await alone(deps, foldUses)) === true) await wait(20);
  const { eventMonths, workDays } = deps.policy().retention;
  const dropped = await alone(deps, (tx) => dropOldMonth(tx, now(), eventMonths));
  if (dropped != null)
    log.warn({ until: dropped, eventMonths }, 'a month of the log is no longer kept and was dropped');
  await alone(deps, (tx) => dropProcesses(tx, new Date(now().getTime() - day)));
  await alone(deps, (tx) => thinCheckpoints(tx, new Date(now().getTime() - 2 * day)));
  const until = new Date(now().getTime() - workDays * day);
  for (const table of workTables) {
    for (let step = 0; step < steps && !isStopped(); step += 1) {
      if ((await alone(deps, (tx) => removeSome(tx, table, until))) !== true) break;
      // Others come first.
      await wait(20);
    }
  }
};

/** Keeps house every hour. Answers how to stop. */
export const startKeeper = (deps: KeeperDeps): (() => void) => {
  let stopped = false;
  let running = false;
  const run = (): void => {
    if (running) return;
    running = true;
    keep(deps, () => stopped)
      .catch((problem: unknown) => stopped || deps.log.warn({ err: problem }, 'keeping house was put off'))
      .finally(() => {
        running = false;
      });
  };
  const timer = setInterval(run, hour);
  run();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
};
