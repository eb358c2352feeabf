import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepAnswer } from './kept-answer.ts';

test('many who ask within its time get one answer, and later ones the next', async () => {
  let time = 0;
  let asked = 0;
  const ask = keepAnswer(
    { keptFor: 2000 },
    () => new Date(time),
    async () => ++asked,
  );
  assert.deepEqual(await Promise.all([ask(), ask(), ask()]), [1, 1, 1]);
  time = 1999;
  assert.equal(await ask(), 1);
  time = 2000;
  assert.equal(await ask(), 2);
  time = 100;
  assert.equal(await ask(), 3, 'the clock was set back');
});

test('nobody waits for the next one while the last one is not too old', async () => {
  let time = 0;
  let asked = 0;
  const held = Promise.withResolvers<void>();
  const ask = keepAnswer(
    { keptFor: 1000, staleFor: 5000 },
    () => new Date(time),
    async () => {
      asked += 1;
      const mine = asked;
      if (mine === 2) await held.promise;
      return mine;
    },
  );
  assert.equal(await ask(), 1);
  time = 1500;
  assert.deepEqual(await Promise.all([ask(), ask()]), [1, 1]);
  assert.equal(asked, 2, 'it is being worked out, once');
  held.resolve();
  await new Promise(setImmediate);
  assert.equal(await ask(), 2);
  time = 9000;
  assert.equal(await ask(), 3, 'too old to be given');
});

test('an answer that failed is not kept', async () => {
  let works = false;
  const ask = keepAnswer(
    { keptFor: 2000 },
    () => new Date(0),
    async () => {
      if (!works) throw new Error('away');
      return 'there';
    },
  );
  await assert.rejects(ask());
  works = true;
  assert.equal(await ask(), 'there');
});
