import { setTimeout as delay } from 'node:timers/promises';
import type { Heal } from './kinds/fault.ts';
import { faults } from './kinds/index.ts';
import { placesOf, type Schedule, type TimedFault } from './schedule.ts';
import type { Site } from './site.ts';
import { type Place, rowOf, type ServerName, type TerminalName } from './table.ts';

/** Strikes and heals as the schedule says. Resolves when the last one is healed. */
export const runStorm = async (
  site: Site,
  { faults: scheduled, milliseconds }: Schedule,
  tell: (line: string) => void,
  interrupted: AbortSignal,
): Promise<void> => {
  const failed = new AbortController();
  const signal = AbortSignal.any([interrupted, failed.signal]);
  const began = performance.now();
  const until = (at: number): Promise<void> =>
    delay(Math.max(0, began + at - performance.now()), undefined, { signal }).catch(() => undefined);

  const run = async (fault: TimedFault, place: number): Promise<void> => {
    const { at, dice, kind, lasts, where } = fault;
    await until(at);
    if (signal.aborted) return;
    tell(`${(at / 1000).toFixed(1)} s  ${kind} ${where}${lasts > 0 ? ` for ${(lasts / 1000).toFixed(1)} s` : ''}`);
    site.account.write({ kind: 'struck', fault: kind, where, place });
    const [terminal, server] = [where as TerminalName, where as ServerName];
    const heal: Heal | undefined = await faults[kind]({ site, terminal, server, dice });
    await until(at + lasts);
    await heal?.();
    site.account.write({ kind: 'healed', fault: kind, where, place });
  };
  /** What strikes a place that is still being healed, on a machine that is slow, waits for it. */
  const busy = new Map<Place, Promise<unknown>>();
  const all = scheduled.map((fault, place) => {
    const places = placesOf(rowOf(fault.kind).sort, fault.where);
    const before = Promise.allSettled(places.map((one) => busy.get(one)));
    const own = before
      .then(() => run(fault, place))
      .catch((problem: unknown) => {
        // What cannot be made or healed ends it: nothing strikes a site that is being taken away.
        failed.abort();
        throw problem;
      });
    for (const one of places) busy.set(one, own);
    return own;
  });
  await Promise.allSettled(all);
  await Promise.all(all);
  await until(milliseconds);
};
