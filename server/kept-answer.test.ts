import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepAnswer } from './kept-answer.ts';

test('many who ask within its time get one answer, and later ones the next', async () => {
  let time = 0;
  let asked = 0;
  const ask = keepAnswer(
    2000,
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

test('an answer that failed is not kept', async () => {
  let works = false;
  const ask = keepAnswer(
    2000,
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
