import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as cards from '../card/cards.ts';
import { type ReaderService, startReaderService } from '../card/service.ts';
import { type CardKind, createVirtualSlot, type VirtualSlot } from '../card/virtual-card.ts';
import { type ReaderProcess, startReaderProcess } from './process.ts';

const uid = '04A1B2C3D4E5F6';
const noWallet = { kind: 'configure' as const, ignoreReaders: [], severalWithinMilliseconds: 0 };

describe('the reader process, through the real PC/SC service', () => {
  let service: ReaderService;
  let host: ReaderProcess;
  let slots: VirtualSlot[];

  before(async () => {
    service = await startReaderService({ folder: mkdtempSync(join(tmpdir(), 'kazasu-reader-')) });
    host = startReaderProcess(service.socket);
    slots = service.ports.map(createVirtualSlot);
    await host.next('status', ({ readers }) => readers.length === 2);
    host.send(noWallet);
  });

  after(async () => {
    await Promise.all(slots.map((slot) => slot.remove()));
    await host.disconnect();
    await service.stop();
  });

  const slot = (index: number) => slots[index] ?? assert.fail();

  /** Holds a card over the first reader and lifts it again; what was told of it. */
  async function present(card: CardKind, hold?: () => Promise<unknown>) {
    await slot(0).insert(card);
    const { presentation } = await host.next('card-entered');
    await hold?.();
    if (hold === undefined) await outcome(presentation);
    await slot(0).remove();
    await host.next('card-left', (message) => message.presentation === presentation, 8_000);
    const told = host.told.map(({ message }) => message).filter((one) => one.kind !== 'status');
    return told.filter((one) => one.presentation === presentation).map((one) => summary(one));
  }

  async function outcome(presentation: number): Promise<void> {
    const done = () =>
      host.told.some(
        ({ message }) =>
          (message.kind === 'card-read' || message.kind === 'card-misread') && message.presentation === presentation,
      );
    const limit = performance.now() + 8_000;
    while (!done()) {
      assert.ok(performance.now() < limit, `nothing told of presentation ${presentation}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  function summary(message: Exclude<(typeof host.told)[number]['message'], { kind: 'status' }>): string {
    if (message.kind === 'card-read') return `${message.card.technology} ${message.card.identifier}`;
    return message.kind === 'card-misread' ? message.reason : message.kind;
  }

  const readable: readonly (readonly [name: string, card: CardKind, expected: string])[] = [
    ['ISO 14443-A, 4 bytes', cards.iso14443a('12A1B2C3'), 'iso14443a 12A1B2C3'],
    ['ISO 14443-A, 7 bytes', cards.iso14443a(uid), `iso14443a ${uid}`],
    ['ISO 14443-A, 10 bytes', cards.iso14443a('04A1B2C3D4E5F60718'.padEnd(20, '9')), 'iso14443a 04A1B2C3D4E5F6071899'],
    ['DESFire', cards.identified(cards.atrs.desfire, uid), `iso14443a ${uid}`],
    ['FeliCa', cards.felica({ '0003': '0110010203040506', FE00: '1110010203040506' }), 'felica 0110010203040506'],
    ['FeliCa in an ACS reader', cards.identified(cards.atrs.felicaAcs, '0110010203040506'), 'felica 0110010203040506'],
    ['ISO 15693', cards.identified(cards.atrs.iso15693, 'E004010012345678'), 'iso15693 E004010012345678'],
    ['ISO 15693, other order', cards.identified(cards.atrs.iso15693, '78563412000104E0'), 'iso15693 E004010012345678'],
    ['a reader that wants the exact length', cards.wrongLengthFirst(uid), `iso14443a ${uid}`],
    ['a slow card', cards.slow(uid, 400), `iso14443a ${uid}`],
  ];
  for (const [name, card, expected] of readable) {
    test(`reads ${name}`, async () => {
      assert.deepEqual(await present(card), ['card-entered', expected, 'card-left']);
    });
  }

  const unusable: readonly (readonly [name: string, card: CardKind, reason: string])[] = [
    ['a phone with a random UID', cards.randomUid(), 'random-identifier'],
    ['a type B card', cards.typeB('A1B2C3D4'), 'random-identifier'],
    ['an IDm set at random', cards.identified(cards.atrs.felica, '01FE010203040506'), 'random-identifier'],
    ['a mute card', cards.mute, 'unreadable'],
    ['a contact card', cards.identified(cards.atrs.contact, uid), 'unreadable'],
    ['a cut UID', cards.iso14443a('04A1B2'), 'unreadable'],
    ['zeros', cards.iso14443a('00000000'), 'unreadable'],
    ['endless data', cards.endless, 'unreadable'],
    ['a very long answer', cards.veryLong, 'unreadable'],
    ['an answer of no bytes', cards.empty, 'too-short'],
    ['garbage for an answer to reset', { ...cards.mute, atr: Uint8Array.of(0x3b, 0xff, 0xff) }, 'unreadable'],
    ...['6282', '6300', '6A81', '6D00', '6E00', '6400'].map(
      (status) => [`status ${status}`, cards.refusing(status), 'unreadable'] as const,
    ),
  ];
  for (const [name, card, reason] of unusable) {
    test(`says what is wrong with ${name}`, async () => {
      assert.deepEqual(await present(card), ['card-entered', reason, 'card-left']);
    });
  }

  test('a card pulled in the middle of an exchange was held too shortly', async () => {
    await slot(0).insert(cards.pulledWhileRead);
    const { presentation } = await host.next('card-entered');
    assert.equal((await host.next('card-misread')).reason, 'too-short');
    assert.equal((await host.next('card-left')).presentation, presentation);
  });

  test('a card that never answers is given up in time, and the next one is read', async () => {
    const begun = performance.now();
    assert.deepEqual(await present(cards.hanging), ['card-entered', 'unreadable', 'card-left']);
    assert.ok(performance.now() - begun < 4_000);
    assert.deepEqual(await present(cards.iso14443a(uid)), ['card-entered', `iso14443a ${uid}`, 'card-left']);
  });

  test('three hundred fast taps: none missed, none doubled, none out of order', async () => {
    const from = host.told.length;
    const held: string[] = [];
    for (let tap = 0; tap < 300; tap++) {
      const identifier = `04${tap.toString(16).toUpperCase().padStart(12, '0')}`;
      held.push(identifier);
      await slot(0).insert(cards.iso14443a(identifier));
      await host
        .next('card-read', ({ card }) => card.identifier === identifier)
        .catch((e) => {
          throw new Error(`tap ${tap} seen ${slot(0).seenAt()}`, { cause: e });
        });
      await slot(0).remove();
    }
    await host.next('card-left');
    const told = host.told.slice(from).map(({ message }) => message);
    const read = told.filter((message) => message.kind === 'card-read');
    assert.deepEqual(
      read.map(({ card }) => card.identifier),
      held,
    );
    const kinds = told.map(({ kind }) => kind).join(' ');
    assert.equal(kinds, Array(300).fill('card-entered card-read card-left').join(' '));
  });

  test('from the service seeing the card to the guard knowing it takes at most 5 ms', async (context) => {
    const times: number[] = [];
    for (let tap = 0; tap < 60; tap++) {
      await slot(0).insert(cards.iso14443a(uid));
      await host.next('card-read');
      times.push((host.told.at(-1)?.at ?? 0) - (slot(0).seenAt() ?? 0));
      await slot(0).remove();
      await host.next('card-left');
    }
    times.sort((a, b) => a - b);
    const median = times[30] ?? 0;
    context.diagnostic(
      `median ${median.toFixed(2)} ms, 95th ${times[57]?.toFixed(2)} ms, worst ${times[59]?.toFixed(2)} ms`,
    );
    assert.ok(median <= 5);
  });

  test('two cards on two readers at once are several cards', async () => {
    host.send({ ...noWallet, severalWithinMilliseconds: 1_000 });
    await slot(0).insert(cards.iso14443a('04A1B2C3D4E5F6'));
    await host.next('card-read');
    await slot(1).insert(cards.iso14443a('04A1B2C3D4E5F7'));
    assert.equal((await host.next('card-misread')).reason, 'several-cards');
    await slot(0).remove();
    await slot(1).remove();
    await host.next('card-left');
    await host.next('card-left');
    host.send(noWallet);
  });

  test('FeliCa is asked for the configured system', async () => {
    host.send({ ...noWallet, felicaSystemCode: 'FE00' });
    await slot(0).insert(cards.felica({ '0003': '0110010203040506', FE00: '1110010203040506' }));
    const { card } = await host.next('card-read');
    assert.deepEqual(card, {
      technology: 'felica',
      identifier: '1110010203040506',
      systemCode: 'FE00',
      assurance: 'identifier',
    });
    await slot(0).remove();
    await host.next('card-left');
    await slot(0).insert(cards.felica({ '0003': '0110010203040506' }));
    assert.equal((await host.next('card-misread')).reason, 'unreadable');
    await slot(0).remove();
    await host.next('card-left');
    host.send({ ...noWallet, felicaSystemCode: 'FFFF' });
  });

  test('no identifier reaches the log', () => {
    assert.ok(host.logged().includes('service-found'));
    assert.doesNotMatch(host.logged(), /04A1B2C3|0110010203040506/i);
  });
});
