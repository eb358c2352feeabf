import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTurns } from './turns.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Takes turns by name; `in` lists those who had theirs, in their order. */
const createHall = (atOnce: number) => {
  const turns = createTurns(atOnce);
  const ends = new Map<string, () => void>();
  const entered: string[] = [];
  const come = (name: string): void => {
    const over = new Promise<void>((resolve) => ends.set(name, resolve));
    void turns.take(over).then(() => entered.push(name));
  };
  return { come, entered, end: (name: string) => ends.get(name)?.() };
};

test('no more than so many are in at a time, and the next in the order in which they came', async () => {
  const { come, end, entered } = createHall(2);
  for (const name of ['a', 'b', 'c', 'd']) come(name);
  await settle();
  assert.deepEqual(entered, ['a', 'b']);
  end('b');
  await settle();
  assert.deepEqual(entered, ['a', 'b', 'c']);
  end('a');
  end('c');
  come('e');
  await settle();
  assert.deepEqual(entered, ['a', 'b', 'c', 'd', 'e']);
});

test('who is gone before its turn keeps nobody out', async () => {
  const { come, end, entered } = createHall(1);
  for (const name of ['a', 'b', 'c', 'd']) come(name);
  end('b');
  end('c');
  await settle();
  assert.deepEqual(entered, ['a']);
  end('a');
  await settle();
  assert.equal(entered.at(-1), 'd');
  end('d');
  await settle();
  come('e');
  await settle();
  assert.equal(entered.at(-1), 'e');
});
