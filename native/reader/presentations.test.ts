import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { FromReader } from '#contract/reader.ts';
import { type Identified, misread } from './drivers/driver.ts';
import { createPresentations } from './presentations.ts';

const atr = new Uint8Array();
const card = (identifier: string): Identified => ({
  kind: 'card',
  card: { technology: 'iso14443a', identifier, assurance: 'identifier' },
});

function world(identify: (reader: string) => Promise<Identified>) {
  let clock = 0;
  const told: string[] = [];
  const closed: string[] = [];
  let gaveUp = 0;
  const presentations = createPresentations({
    createExchange: (reader) => ({
      identify: () => identify(reader),
      async close() {
        closed.push(reader);
      },
    }),
    settings: () => ({ felicaSystemCode: 'FFFF', challenge: null, severalWithin: 1_000 }),
    emit: (message) => told.push(summary(message)),
    now: () => clock,
    log: () => {},
    giveUp: () => {
      gaveUp += 1;
    },
  });
  return {
    told,
    closed,
    presentations,
    gaveUp: () => gaveUp,
    pass: (milliseconds: number) => {
      clock += milliseconds;
    },
    ready: (...readers: string[]) => presentations.take({ kind: 'status', status: 'ready', readers }),
    enter: (reader: string, mute = false) => presentations.take({ kind: 'entered', reader, atr, mute, resting: false }),
    leave: (reader: string) => presentations.take({ kind: 'left', reader }),
    async until(count: number) {
      while (told.length < count) await delay(1);
    },
  };
}

function summary(message: FromReader): string {
  if (message.kind === 'status') return ['status', ...message.readers].join(' ');
  if (message.kind === 'challenge-wanted') return message.kind;
  const detail = message.kind === 'card-misread' ? message.reason : message.kind.slice('card-'.length);
  return `${message.presentation} ${detail}`;
}

test('each presentation is told as entered, read once, and left', async () => {
  const { told, ready, enter, leave, until } = world(async () => card('04010203'));
  ready('A');
  enter('A');
  await until(3);
  leave('A');
  enter('A');
  leave('A');
  await until(7);
  assert.deepEqual(told, ['status A', '1 entered', '1 read', '1 left', '2 entered', '2 read', '2 left']);
});

test('a card that leaves before the answer was held too shortly', async () => {
  const { told, ready, enter, leave, until } = world(() => new Promise(() => {}));
  ready('A');
  enter('A');
  leave('A');
  await until(4);
  assert.deepEqual(told, ['status A', '1 entered', '1 too-short', '1 left']);
});

test('a mute card that leaves soon was held too shortly, one that stays cannot be read', async () => {
  const { told, ready, enter, leave, until } = world(() => assert.fail());
  ready('A');
  enter('A', true);
  leave('A');
  enter('A', true);
  await until(6);
  assert.deepEqual(told, ['status A', '1 entered', '1 too-short', '1 left', '2 entered', '2 unreadable']);
});

test('an answer that was under way when the card left is not thrown away', async () => {
  const { told, ready, enter, leave, until } = world(async () => {
    await delay(30);
    return card('04010203');
  });
  ready('A');
  enter('A');
  leave('A');
  await until(4);
  assert.deepEqual(told, ['status A', '1 entered', '1 read', '1 left']);
});

test('a refusal by a card that has left says that it was held too shortly', async () => {
  const { told, ready, enter, leave, until } = world(async () => {
    await delay(10);
    return misread('unreadable');
  });
  ready('A');
  enter('A');
  leave('A');
  await until(4);
  assert.equal(told[2], '1 too-short');
});

test('another card within a second is several cards, the same one is not', async () => {
  const identifiers = ['04010203', '04010203', '04999999', '04010203'];
  const { told, ready, enter, leave, until, pass } = world(async () => card(identifiers.shift() ?? assert.fail()));
  ready('A', 'B');
  for (const [index, reader] of ['A', 'A', 'B', 'A'].entries()) {
    enter(reader);
    await until(3 + index * 3);
    leave(reader);
    await until(4 + index * 3);
    pass(index === 2 ? 1_000 : 400);
  }
  const outcomes = told.filter((text) => /read|several/.test(text));
  assert.deepEqual(outcomes, ['1 read', '2 read', '3 several-cards', '4 read']);
});

test('one reader does not wait for another', async () => {
  const { told, ready, enter, until } = world((reader) =>
    reader === 'A' ? new Promise(() => {}) : Promise.resolve(card('04010203')),
  );
  ready('A', 'B');
  enter('A');
  enter('B');
  await until(4);
  assert.deepEqual(told.slice(1).toSorted(), ['1 entered', '2 entered', '2 read']);
});

test('a card of a reader that has gone has left before the status says so', async () => {
  const { told, closed, ready, enter, leave, until } = world(() => new Promise(() => {}));
  ready('A');
  enter('A');
  leave('A');
  ready();
  await until(5);
  assert.deepEqual(told, ['status A', '1 entered', '1 too-short', '1 left', 'status']);
  await delay(0);
  assert.ok(closed.includes('A'));
});

test('a failure inside a driver is a card that cannot be read, never a crash', async () => {
  const { told, ready, enter, until } = world(async () => {
    throw new Error('bug');
  });
  ready('A');
  enter('A');
  await until(3);
  assert.equal(told[2], '1 unreadable');
});

test('gives up when many calls hang', async () => {
  const { ready, enter, leave, until, gaveUp, presentations } = world(() => new Promise(() => {}));
  const readers = Array.from({ length: 8 }, (_, index) => `R${index}`);
  ready(...readers);
  for (const reader of readers) {
    enter(reader);
    leave(reader);
  }
  await until(1 + 8 * 3);
  assert.equal(presentations.hanging(), 8);
  assert.equal(gaveUp(), 1);
});
