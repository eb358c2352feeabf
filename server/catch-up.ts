import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { terminalPolicyOf } from '#core/policy/terminal-policy.ts';
import { overlap } from './arrivals.ts';
import type { ServerDeps } from './deps.ts';
import type { Hub } from './push.ts';
import type { Lane, Transaction } from './store/database.ts';
import { record } from './store/events.ts';
import { beginIncarnation, findEnd, findIncarnation } from './store/log-tree.ts';
import { listMissed } from './store/missed.ts';
import { getFloor, listOrders, lockIssuing } from './store/revocations.ts';
import { findAdmitted } from './store/terminals.ts';

export interface CatchUpDeps extends Pick<ServerDeps, 'now' | 'policies'> {
  readonly background: Lane;
  readonly hub: Hub;
  readonly log: Logger;
}

const tries = 10;
const pause = 300;
const later = 3_000;

/**
 * A database that comes back with fewer revocations than were pushed has lost its end. Their numbers would be given again, and
 * neither this process nor a terminal would hear what has them then: the server goes on as another incarnation, whose numbers
 * are higher, and which asks terminals for what is lost.
 */
const beginAnewWhereLost = async (tx: Transaction, now: Date, pushed: number): Promise<void> => {
  if ((await getFloor(tx)) >= pushed) return;
  // Another process may be at it, and no number is given meanwhile.
  await lockIssuing(tx);
  const floor = await getFloor(tx);
  if (floor >= pushed) return;
  const { id: before, number } = await findIncarnation(tx);
  const { size } = await findEnd(tx);
  await beginIncarnation(tx, now, { number: number + 1, id: randomUUID(), reason: 'rolled-back', size, given: pushed });
  const detail = { size, before, revocations: floor, pushed };
  await record(tx, now, { kind: 'log.rolled-back', outcome: 'major', detail });
};

const seeWhatIsLost = ({ background, hub, now }: CatchUpDeps): Promise<void> =>
  background.transaction((tx) => beginAnewWhereLost(tx, now(), hub.highest()));

/**
 * What was pushed while the connection that listens was lost is read from the tables and pushed again. The streams stay
 * open: a terminal hears twice what it may have heard, and drops it.
 */
const pushMissed = async (deps: CatchUpDeps, silence: number): Promise<void> => {
  const { background, hub, now } = deps;
  await seeWhatIsLost(deps);
  const terminals = hub.streaming();
  if (terminals.length === 0) return;
  const since = new Date(now().getTime() - silence - overlap);
  const [orders, missed] = await background.transaction(async (tx) => [
    await listOrders(tx, hub.highest()),
    await listMissed(
      tx,
      now(),
      terminals.map((terminal) => ({ terminal, since })),
    ),
  ]);
  for (const order of orders) hub.pushHere(null, { kind: 'revocation', order }, true);
  for (const { terminal, pushed } of missed) hub.pushHere(terminal, pushed);
  const active = await findAdmitted(background, hub.attached());
  for (const terminal of hub.attached()) if (!active.has(terminal)) hub.cutHere(terminal);
  await deps.policies.refresh();
  hub.pushHere(null, { kind: 'policy', policy: terminalPolicyOf(deps.policies.active()) });
};

/** Answers what to do after a silence of so many milliseconds, in which notices may have been lost; once at a time. */
export const createCatchUp = (deps: CatchUpDeps) => {
  let silence: number | null = null;
  let running = false;

  const pushAll = async (lost: number): Promise<void> => {
    for (let count = 1; count <= tries; count += 1) {
      try {
        return await pushMissed(deps, lost + count * pause);
      } catch (problem) {
        deps.log.warn({ err: problem }, 'what was missed could not be read yet');
        await wait(pause);
      }
    }
    // Then each terminal is to come again and ask by itself.
    for (const stream of deps.hub.streams()) stream.end();
    // Whether the database has lost its end is seen to in any case: until then a number might be given twice.
    while (silence === null) {
      try {
        return await seeWhatIsLost(deps);
      } catch {
        await wait(later, undefined, { ref: false });
      }
    }
  };
  const run = async (): Promise<void> => {
    running = true;
    for (let lost = silence; lost !== null; lost = silence) {
      silence = null;
      await pushAll(lost);
    }
    running = false;
  };
  return (lost: number): void => {
    silence = Math.max(lost, silence ?? 0);
    if (!running) void run();
  };
};
