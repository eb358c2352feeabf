import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { createFakeReaders, type FakeCard } from '../fake/reader.ts';
import { drivers } from './drivers/index.ts';
import { createExchange } from './exchange.ts';

const atr = Uint8Array.of(0x3b, 0x81, 0x80, 0x01, 0x80, 0x80);
const uid = Uint8Array.of(0x04, 1, 2, 3, 4, 5, 6, 0x90, 0x00);
const settings = { felicaSystemCode: 'FFFF', challenge: null };
const read = { kind: 'card', card: { technology: 'iso14443a', identifier: '04010203040506', assurance: 'identifier' } };

function world(card: FakeCard) {
  const readers = createFakeReaders();
  readers.startService();
  readers.plug('A');
  readers.insert('A', card);
  const deps = { pcsc: readers.pcsc, drivers, now: () => performance.now() };
  return { readers, exchange: createExchange(deps, 'A') };
}

test('another program that holds the card for a moment is waited for', async () => {
  const { readers, exchange } = world({ atr, answer: () => uid });
  readers.failConnects('A', ['sharing-violation', 'sharing-violation', 'card-reset']);
  assert.deepEqual(await exchange.identify(atr, settings), read);
  await exchange.close();
  assert.equal(readers.open(), 0);
});

test('another program that keeps the card is given up after about a second', async () => {
  const { readers, exchange } = world({ atr, answer: () => uid });
  readers.failConnects('A', Array(1_000).fill('sharing-violation'));
  const begun = performance.now();
  assert.deepEqual(await exchange.identify(atr, settings), { kind: 'misread', reason: 'unreadable' });
  const took = performance.now() - begun;
  assert.ok(took > 1_000 && took < 2_000, `${took}`);
  await exchange.close();
});

test('a card that was reset by another program is read again from the start', async () => {
  let asked = 0;
  const answer = () => {
    asked += 1;
    return asked === 1 ? 'card-reset' : uid;
  };
  const { exchange } = world({ atr, answer });
  assert.deepEqual(await exchange.identify(atr, settings), read);
  assert.equal(asked, 2);
  await exchange.close();
});

test('a card that trembles at the edge of the field is asked again', async () => {
  let asked = 0;
  const answer = () => {
    asked += 1;
    return asked < 3 ? (asked === 1 ? 'unexpected' : new Uint8Array()) : uid;
  };
  const { readers, exchange } = world({ atr, answer });
  readers.failConnects('A', ['card-mute']);
  assert.deepEqual(await exchange.identify(atr, settings), { kind: 'misread', reason: 'too-short' });
  assert.deepEqual(await exchange.identify(atr, settings), read);
  await exchange.close();
});

test('a service that was restarted under it gets a fresh context', async () => {
  const { readers, exchange } = world({ atr, answer: () => uid });
  assert.deepEqual(await exchange.identify(atr, settings), read);
  readers.stopService();
  readers.startService();
  assert.deepEqual(await exchange.identify(atr, settings), read);
  await exchange.close();
  assert.equal(readers.open(), 0);
});

test('a card that has gone was held too shortly', async () => {
  const { readers, exchange } = world({ atr, answer: () => uid });
  readers.remove('A');
  assert.deepEqual(await exchange.identify(atr, settings), { kind: 'misread', reason: 'too-short' });
  await exchange.close();
});

test('the fake refuses by default', async () => {
  const { exchange } = world({ atr });
  assert.deepEqual(await exchange.identify(atr, settings), { kind: 'misread', reason: 'unreadable' });
  await exchange.close();
  assert.equal((await createFakeReaders().pcsc.establish()).ok, false);
});
