import { performance } from 'node:perf_hooks';
import { describe } from 'node:test';
// biome-ignore lint/style/noRestrictedImports: one suite for every kind of reader; it shares no code with the product.
import { driverContract } from '#e2e/card/contract.ts';
// biome-ignore lint/style/noRestrictedImports: a type of the same suite.
import type { CardKind } from '#e2e/card/virtual-card.ts';
import { createFakeReaders, type FakeCard } from '../../fake/reader.ts';
import { createExchange } from '../exchange.ts';
import { createPresentations } from '../presentations.ts';
import type { DriverSettings } from './driver.ts';
import { drivers } from './index.ts';

const reader = 'Fake Reader 00 00';

describe('the drivers, against readers in memory', () => driverContract(observing(null)));

describe('the drivers, while cards that can are asked for proofs', () =>
  driverContract(observing(async () => undefined)));

function observing(challenge: DriverSettings['challenge']) {
  return async (card: CardKind): Promise<string> => {
    const readers = createFakeReaders();
    readers.startService();
    readers.plug(reader);
    const exchange = { pcsc: readers.pcsc, drivers, now: () => performance.now() };
    let told = (_: string) => {};
    const outcome = new Promise<string>((resolve) => {
      told = resolve;
    });
    const presentations = createPresentations({
      createExchange: (name) => createExchange(exchange, name),
      settings: () => ({ felicaSystemCode: 'FFFF', challenge, severalWithin: 0 }),
      emit(message) {
        if (message.kind === 'card-read') told(`${message.card.technology} ${message.card.identifier}`);
        if (message.kind === 'card-misread') told(message.reason);
      },
      now: () => performance.now(),
      log: () => {},
      giveUp: () => told('gave up'),
    });
    presentations.take({ kind: 'status', status: 'ready', readers: [reader] });
    readers.insert(reader, fakeOf(card));
    presentations.take({ kind: 'entered', reader, atr: card.atr, mute: card.atr.length === 0, resting: false });
    return outcome;
  };
}

function fakeOf(card: CardKind): FakeCard {
  return {
    atr: card.atr,
    mute: card.atr.length === 0,
    async answer(command) {
      const answered = await card.answer(command);
      if (answered === 'pull') return 'no-card';
      return answered ?? new Promise<never>(() => {});
    },
  };
}
