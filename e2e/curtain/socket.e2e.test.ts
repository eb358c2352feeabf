import assert from 'node:assert/strict';
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { until } from '#e2e/world.ts';
import { type CurtainWorld, createCurtainWorld } from './curtain-world.ts';

/** Both curtains with the checks of memory and arithmetic that end a program at its first fault. */
describe('what the curtains make of a guard that says anything at all', { timeout: 120_000 }, () => {
  let world: CurtainWorld;
  before(async () => {
    world = await createCurtainWorld({ sanitized: true });
  });
  after(() => world?.stop());

  const isSeen = () => world.watch.changes.at(-1)?.red === true;
  const seats = async () => [await world.curtain(0), await world.curtain(1)];

  test('only a fresh lease of the lock that they hold opens, and only with a growing number', async () => {
    const lock = world.guard.cover();
    await world.guard.covered();
    const { red } = await world.watch.count();
    world.guard.lease(2_000, { lock: randomUUID() as never });
    world.guard.cover();
    world.guard.lease(2_000, { lock: lock as never });
    await world.guard.covered();
    assert.equal((await world.watch.count()).red, red, 'another lock, and one that is over');
    world.guard.lease(1_000, { sequence: 50 });
    await until('open', isSeen);
    await until('covered when it is over', () => !isSeen(), 2_000);
    for (const sequence of [50, 49, 1]) world.guard.lease(1_000, { sequence });
    await world.guard.covered();
    assert.equal(isSeen(), false, 'no lease counts twice');
    world.guard.lease(300, { sequence: 51 });
    await until('open', isSeen);
    world.guard.cover();
    await world.guard.covered();
  });

  test('lines of every kind and size: never open, never dead', async () => {
    const before = await seats();
    const { red } = await world.watch.count();
    const line = (): string => {
      const sort = randomInt(6);
      if (sort === 0) return `${randomBytes(randomInt(2_000)).toString('latin1')}\n`;
      if (sort === 1)
        return `{"kind":"lease","lock":"${randomUUID()}","sequence":${randomInt(1e9)},"milliseconds":2000}\n`;
      if (sort === 2) return `{"kind":"lease","sequence":${'9'.repeat(randomInt(400))}`;
      if (sort === 3)
        return `${JSON.stringify({ kind: 'label', terminal: randomBytes(randomInt(90)).toString(), helpdesk: '' })}\n`;
      if (sort === 4) return '\n'.repeat(randomInt(50));
      return `{"kind":"cover","lock":"${randomUUID()}"}\n`;
    };
    for (let round = 0; round < 40; round += 1) {
      world.guard.send(Array.from({ length: randomInt(1, 40) }, line).join(''));
      // Nonsense ends the connection; they come back.
      await until('both have heard it', () => {
        world.guard.cover();
        return world.guard.covered(500).then(
          () => true,
          () => false,
        );
      });
    }
    world.guard.send({ kind: 'label', terminal: '3東病棟-05', helpdesk: '2119' });
    world.guard.cover();
    await world.guard.covered();
    assert.equal((await world.watch.count()).red, red, 'never open');
    assert.deepEqual(await seats(), before, 'never dead');
  });

  test('opened and covered many times, sizes changed and a curtain killed, without a fault', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      await world.opened();
      await world.covered();
    }
    const probe = await world.probe('resize', '1024', '768');
    await probe.stop();
    const pid = await world.curtain(0);
    process.kill(pid, 'SIGKILL');
    await until('another curtain', async () => (await world.curtain(0)) !== pid);
    await world.opened();
    await world.covered();
    assert.equal((await world.victim.count()).keys, 0);
  });
});
