/**
 * storm.ts [KILLS] [KEYS A SECOND]: kills parts of the whole product at random times while it is locked and somebody types:
 * guard, screen, its pages, its process for graphics, painter, private display, either curtain. Prints what of it came through
 * and ends with 1 when anything did.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createCoveredTerminal } from './covered-terminal.ts';
import { startProbe } from './probe.ts';
import { findChromium } from './processes.ts';

const kills = Number(process.argv[2] ?? 2_000);
const rate = process.argv[3] ?? '500';
const at = await createCoveredTerminal();
const { terminal, victim, watch } = at;

/** How long the other curtain must have been there before one is killed: both at once end the session, as they should. */
const settledAfter = 700;
const seats = new Map<number, { pid: number; since: number }>();
const lookAtSeats = (): void => {
  for (const seat of [0, 1] as const) {
    const pid = at.tryFind('curtain', seat);
    if (pid === undefined) seats.delete(seat);
    else if (seats.get(seat)?.pid !== pid) seats.set(seat, { pid, since: performance.now() });
  }
};
const curtain = (): number | undefined => {
  lookAtSeats();
  const seat = randomInt(2);
  const other = seats.get(1 - seat);
  return other !== undefined && performance.now() - other.since > settledAfter ? seats.get(seat)?.pid : undefined;
};
const targets: Readonly<Record<string, () => number | undefined>> = {
  guard: () => terminal.house.guard.pid(),
  screen: () => at.tryFind('screen'),
  page: () => findChromium(at.tryFind('screen'), 'renderer').at(randomInt(2)),
  graphics: () => findChromium(at.tryFind('screen'), 'gpu-process')[0],
  painter: () => at.tryFind('painter'),
  display: () => at.tryFind('display'),
  curtain,
  'the curtain again': curtain,
};

const killed = new Map<string, number>();
const count = (): number => [...killed.values()].reduce((sum, each) => sum + each, 0);
const hand = await startProbe(at.world.display.env, 'type', rate);
const before = { victim: await victim.count(), watch: await watch.count() };
const began = performance.now();
/** What came through; said again and again, so that a run that somebody ends has not been for nothing. */
const soFar = async (): Promise<string> => {
  const [{ typed }, victimNow, watchNow] = [await hand.count(), await victim.count(), await watch.count()];
  came.keys = victimNow.keys - before.victim.keys;
  came.buttons = victimNow.buttons - before.victim.buttons;
  came.red = watchNow.red - before.watch.red;
  const looks = watchNow.samples - before.watch.samples;
  return `${count()} kills, ${typed} keys typed: ${came.keys} keys and ${came.buttons} clicks reached the desktop, seen ${came.red} times in ${looks} looks`;
};
const came = { keys: 0, buttons: 0, red: 0 };
while (count() < kills) {
  const names = Object.keys(targets);
  const name = names[randomInt(names.length)] ?? '';
  const pid = targets[name]?.();
  if (pid !== undefined) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      continue;
    }
    const kind = name.replace('the curtain again', 'curtain');
    killed.set(kind, (killed.get(kind) ?? 0) + 1);
    if (count() % 100 === 0) console.log(await soFar());
  }
  await delay(randomInt(200));
}
const seconds = (performance.now() - began) / 1_000;
const result = await soFar();
await hand.stop();
await terminal.shows('ready', 60_000);
await at.opened();
console.log(`${count()} kills in ${seconds.toFixed(0)} s: ${[...killed].map((each) => each.join(' ')).join(', ')}`);
console.log(`${result}; afterwards a login opened it`);
await at.stop();
process.exit(came.keys + came.buttons + came.red === 0 ? 0 : 1);
