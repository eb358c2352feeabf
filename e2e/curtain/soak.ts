/**
 * soak.ts [KILLS]: prints how soon an order covers and opens, and what came through while curtains were killed at random
 * times and somebody typed a thousand keys a second. Ends with 1 when anything was seen or arrived.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../world.ts';
import { createCurtainWorld } from './curtain-world.ts';
import { monotonic } from './probe.ts';

const kills = Number(process.argv[2] ?? 200);
const turns = 40;
const world = await createCurtainWorld();
const p95 = (times: number[]): number => times.sort((one, other) => one - other)[Math.floor(times.length * 0.95)] ?? 0;
const changed = async (red: boolean): Promise<number> => {
  await until(red ? 'seen' : 'not seen', () => world.watch.changes.at(-1)?.red === red);
  return world.watch.changes.at(-1)?.at ?? 0;
};

const covering: number[] = [];
const opening: number[] = [];
for (let turn = 0; turn < turns; turn += 1) {
  const opened = monotonic();
  world.guard.open();
  opening.push((await changed(true)) - opened);
  const asked = monotonic();
  world.guard.cover();
  covering.push((await changed(false)) - asked);
  await world.guard.covered();
}
console.log(`covered after the order: p95 ${p95(covering).toFixed(1)} ms of ${turns}`);
console.log(`opened after the lease:  p95 ${p95(opening).toFixed(1)} ms of ${turns}`);

const hand = await world.probe('type', '1000');
const before = { victim: await world.victim.count(), watch: await world.watch.count() };
for (let kill = 0; kill < kills; kill += 1) {
  const seat = randomInt(2) === 0 ? 0 : 1;
  const pid = await world.curtain(seat);
  process.kill(pid, 'SIGKILL');
  await until('another curtain', async () => (await world.curtain(seat)) !== pid);
  await world.guard.covered();
  await delay(randomInt(20));
}
const { typed } = await hand.count();
const after = { victim: await world.victim.count(), watch: await world.watch.count() };
const [keys, buttons] = [after.victim.keys - before.victim.keys, after.victim.buttons - before.victim.buttons];
const [red, samples] = [after.watch.red - before.watch.red, after.watch.samples - before.watch.samples];
console.log(`${kills} kills, ${typed} keys typed: ${keys} keys and ${buttons} clicks arrived`);
console.log(`${samples} looks at the display: ${red} times the desktop was seen`);
await world.stop();
process.exit(keys + buttons + red === 0 ? 0 : 1);
