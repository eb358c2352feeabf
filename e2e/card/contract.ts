import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as cards from './cards.ts';
import type { CardKind } from './virtual-card.ts';

const uid = '04A1B2C3D4E5F6';

type Case = readonly [name: string, card: () => CardKind, expected: string];

const readable: readonly Case[] = [
  ['ISO 14443-A, 4 bytes', () => cards.iso14443a('12A1B2C3'), 'iso14443a 12A1B2C3'],
  ['ISO 14443-A, 7 bytes', () => cards.iso14443a(uid), `iso14443a ${uid}`],
  ['ISO 14443-A, 10 bytes', () => cards.iso14443a('04A1B2C3D4E5F6071899'), 'iso14443a 04A1B2C3D4E5F6071899'],
  ['DESFire', () => cards.identified(cards.atrs.desfire, uid), `iso14443a ${uid}`],
  ['FeliCa', () => cards.felica({ '0003': '0110010203040506', FE00: '1110010203040506' }), 'felica 0110010203040506'],
  [
    'FeliCa in an ACS reader',
    () => cards.identified(cards.atrs.felicaAcs, '0110010203040506'),
    'felica 0110010203040506',
  ],
  ['ISO 15693', () => cards.identified(cards.atrs.iso15693, 'E004010012345678'), 'iso15693 E004010012345678'],
  [
    'ISO 15693 in the other order',
    () => cards.identified(cards.atrs.iso15693, '78563412000104E0'),
    'iso15693 E004010012345678',
  ],
  ['a reader that wants the exact length', () => cards.wrongLengthFirst(uid), `iso14443a ${uid}`],
  ['a slow card', () => cards.slow(uid, 300), `iso14443a ${uid}`],
];

const unusable: readonly Case[] = [
  ['a phone with a random UID', () => cards.randomUid(), 'random-identifier'],
  ['a type B card', () => cards.typeB('A1B2C3D4'), 'random-identifier'],
  ['an IDm set at random', () => cards.identified(cards.atrs.felica, '01FE010203040506'), 'random-identifier'],
  ['a contact card', () => cards.identified(cards.atrs.contact, uid), 'unreadable'],
  ['a cut UID', () => cards.iso14443a('04A1B2'), 'unreadable'],
  ['zeros', () => cards.iso14443a('00000000'), 'unreadable'],
  ['endless data', () => cards.endless, 'unreadable'],
  ['a very long answer', () => cards.veryLong, 'unreadable'],
  ['an answer of no bytes', () => cards.empty, 'too-short'],
  ['a card torn out of the field', () => cards.pulledWhileRead, 'too-short'],
  ['a mute card', () => cards.mute, 'unreadable'],
  ['a card that never answers', () => cards.hanging, 'unreadable'],
  ...['6282', '6300', '6A81', '6D00', '6E00', '6400'].map(
    (status): Case => [`status ${status}`, () => cards.refusing(status), 'unreadable'],
  ),
];

/**
 * What every driver must do with every card, whatever stands between them: a fake, a virtual or a real reader.
 * `observe` holds the card over the reader and answers `technology identifier` or the reason of the misread.
 */
export function driverContract(observe: (card: CardKind) => Promise<string>): void {
  for (const [name, card, expected] of readable) {
    test(`reads ${name}`, async () => assert.equal(await observe(card()), expected));
  }
  for (const [name, card, reason] of unusable) {
    test(`says what is wrong with ${name}`, async () => assert.equal(await observe(card()), reason));
  }
}
