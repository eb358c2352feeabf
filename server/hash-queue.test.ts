import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createHashQueue } from './hash-queue.ts';

const deferred = () => {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
};

describe('the queue for hashing', () => {
  it('runs as many at a time as there are cores, in the order of their coming', async () => {
    const queue = createHashQueue(2);
    const gates = Array.from({ length: 5 }, deferred);
    const began: number[] = [];
    let running = 0;
    const works = gates.map((gate, number) => {
      const place = queue.tryEnter();
      assert.ok(place);
      return place.run(async () => {
        began.push(number);
        running += 1;
        assert.ok(running <= 2);
        await gate.promise;
        running -= 1;
        place.leave();
      });
    });
    for (const gate of gates) gate.resolve();
    await Promise.all(works);
    assert.deepEqual(began, [0, 1, 2, 3, 4]);
  });

  it('lets in what nobody waits for only while a core is free', () => {
    const queue = createHashQueue(2);
    const [one, other] = [queue.tryEnter(), queue.tryEnterIdle()];
    assert.ok(one && other);
    assert.equal(queue.tryEnterIdle(), undefined);
    assert.ok(queue.tryEnter(), 'a person may wait');
    one.leave();
    assert.equal(queue.tryEnterIdle(), undefined, 'two are in still');
    other.leave();
    assert.ok(queue.tryEnterIdle());
  });

  it('turns away who would wait for more than about a second, and takes them again when it is empty', () => {
    const queue = createHashQueue(2);
    const places = [];
    for (let place = queue.tryEnter(); place && places.length < 1000; place = queue.tryEnter()) places.push(place);
    assert.ok(places.length > 10 && places.length < 100, `${places.length}`);
    for (const place of places) {
      place.leave();
      place.leave();
    }
    assert.ok(queue.tryEnter());
  });

  it('learns how long a hash takes', async () => {
    let time = 0;
    const queue = createHashQueue(1, () => time);
    const longest = () => {
      const places = [];
      for (let place = queue.tryEnter(); place; place = queue.tryEnter()) places.push(place);
      for (const place of places) place.leave();
      return places.length;
    };
    const before = longest();
    for (let count = 0; count < 50; count += 1) {
      const place = queue.tryEnter();
      await place?.run(async () => {
        time += 500;
      });
      place?.leave();
    }
    assert.ok(longest() < before / 2);
  });

  it('goes on after a work that failed', async () => {
    const queue = createHashQueue(1);
    await assert.rejects(
      queue.tryEnter()?.run(() => Promise.reject(new Error('broken'))) ?? Promise.resolve(),
      /broken/,
    );
    assert.equal(await queue.tryEnter()?.run(async () => 'next'), 'next');
  });
});
