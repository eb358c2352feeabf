import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import pg from 'pg';
import { type BatchDeps, createBatch } from './batch.ts';
import { asAway } from './store/database-away.ts';

/** A batch whose runs a test lets end, and what ran. */
const createHeld = (options: Omit<BatchDeps<string, string>, 'run'>) => {
  const runs: string[][] = [];
  const ends: (() => void)[] = [];
  const batch = createBatch<string, string>({
    ...options,
    run: async (items) => {
      runs.push([...items]);
      await new Promise<void>((resolve) => ends.push(resolve));
      return items.map((item) => item.toUpperCase());
    },
  });
  const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const end = (): Promise<unknown> => {
    ends.shift()?.();
    return turn();
  };
  return { batch, runs, end, turn };
};

describe('a batch', () => {
  it('runs at once what comes together, and gathers the rest until a lane is free', async () => {
    const { batch, runs, end, turn } = createHeld({ lanes: 1 });
    const first = [batch.add('a'), batch.add('b')];
    await turn();
    const later = [batch.add('c'), batch.add('d')];
    await turn();
    assert.deepEqual(runs, [['a', 'b']]);
    await end();
    assert.deepEqual(runs, [
      ['a', 'b'],
      ['c', 'd'],
    ]);
    await end();
    assert.deepEqual(await Promise.all([...first, ...later]), ['A', 'B', 'C', 'D']);
    await batch.settled();
  });

  it('keeps further lanes for what has waited for long', async () => {
    const { batch, runs, end, turn } = createHeld({ lanes: 2, spareAfter: 40 });
    const all = [batch.add('a')];
    await turn();
    const since = performance.now();
    all.push(batch.add('b'));
    await turn();
    all.push(batch.add('c'));
    assert.deepEqual(runs, [['a']]);
    while (runs.length < 2) await turn();
    assert.ok(performance.now() - since >= 39);
    assert.deepEqual(runs, [['a'], ['b', 'c']]);
    await end();
    await end();
    assert.deepEqual(await Promise.all(all), ['A', 'B', 'C']);
  });

  it('waits for company as long as it is told to', async () => {
    const { batch, runs, end, turn } = createHeld({ lanes: 1, gather: () => 300 });
    const since = performance.now();
    const all = [batch.add('a')];
    await turn();
    all.push(batch.add('b'));
    assert.deepEqual(runs, []);
    while (runs.length === 0) await turn();
    assert.ok(performance.now() - since >= 299);
    assert.deepEqual(runs, [['a', 'b']]);
    await end();
    assert.deepEqual(await Promise.all(all), ['A', 'B']);
  });

  it('waits for company no longer when somebody waits for it to settle', async () => {
    const { batch, runs, end, turn } = createHeld({ lanes: 1, gather: () => 60_000 });
    const all = [batch.add('a'), batch.add('b')];
    await turn();
    assert.deepEqual(runs, []);
    const settled = batch.settled();
    await turn();
    assert.deepEqual(runs, [['a', 'b']]);
    await end();
    await settled;
    assert.deepEqual(await Promise.all(all), ['A', 'B']);
  });

  it('never lets two of one key run at the same time', async () => {
    const { batch, runs, end, turn } = createHeld({ lanes: 3, keysOf: (item) => [item[0] ?? ''] });
    const all = [batch.add('a1'), batch.add('a2'), batch.add('b1')];
    await turn();
    assert.deepEqual(runs, [['a1', 'b1']]);
    await end();
    assert.deepEqual(runs, [['a1', 'b1'], ['a2']]);
    await end();
    assert.deepEqual(await Promise.all(all), ['A1', 'A2', 'B1']);
  });

  it('keeps to its largest size and number of lanes', async () => {
    const { batch, runs, end, turn } = createHeld({ lanes: 2, largest: 2 });
    const all = ['a', 'b', 'c', 'd', 'e'].map((item) => batch.add(item));
    await turn();
    assert.deepEqual(runs, [
      ['a', 'b'],
      ['c', 'd'],
    ]);
    await end();
    await end();
    await end();
    assert.deepEqual(runs[2], ['e']);
    await Promise.all(all);
  });

  it('runs each by itself when they and others waited for each other, and none when the database is away', async () => {
    const deadlock = Object.assign(new pg.DatabaseError('deadlock detected', 0, 'error'), { code: '40P01' });
    for (const [problem, runs] of [
      [deadlock, ['ab', 'a', 'b']],
      [Object.assign(new pg.DatabaseError('shutting down', 0, 'error'), { code: '57P01' }), ['ab']],
    ] as const) {
      const ran: string[] = [];
      const batch = createBatch<string, string>({
        lanes: 1,
        run: async (items) => {
          ran.push(items.join(''));
          if (items.length > 1) throw asAway(problem);
          return items;
        },
      });
      const outcomes = await Promise.allSettled([batch.add('a'), batch.add('b')]);
      assert.deepEqual(ran, runs);
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, runs.length - 1);
    }
  });

  it('lets one that fails fail alone', async () => {
    const batch = createBatch<number, number>({
      lanes: 1,
      run: async (items) => {
        if (items.includes(2)) throw new Error('two');
        return items;
      },
    });
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => batch.add(item)));
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
  });
});
