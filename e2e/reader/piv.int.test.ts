import assert from 'node:assert/strict';
import { createHash, verify, X509Certificate } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { CardEvidence } from '#contract/card.ts';
import type { TerminalId } from '#contract/ids.ts';
import * as cards from '../card/cards.ts';
import { createPivIssuer, type PivCard, type PivIssuer } from '../card/piv.ts';
import { type ReaderService, startReaderService } from '../card/service.ts';
import { type CardKind, createVirtualSlot, type VirtualSlot } from '../card/virtual-card.ts';
import { type ReaderProcess, startReaderProcess } from './process.ts';

const terminal = '0190a000-0000-7000-8000-000000000001' as TerminalId;
const uid = '04A1B2C3D4E5F6';
const hashes = { 'ecc-p256': 'sha256', 'ecc-p384': 'sha384', 'rsa-2048': 'sha256' } as const;

describe('cards with a certificate, through the real PC/SC service', () => {
  let service: ReaderService;
  let host: ReaderProcess;
  let slot: VirtualSlot;
  let issuer: PivIssuer;
  let count = 0;

  before(async () => {
    issuer = createPivIssuer();
    service = await startReaderService({ folder: mkdtempSync(join(tmpdir(), 'kazasu-piv-reader-')), slots: 1 });
    host = startReaderProcess(service.socket);
    slot = createVirtualSlot(service.ports[0] ?? 0);
    await host.next('status', ({ readers }) => readers.length === 1);
    host.send({ kind: 'configure', ignoreReaders: [], severalWithinMilliseconds: 0 });
  });

  after(async () => {
    await slot.remove();
    await host.disconnect();
    await service.stop();
    issuer.close();
  });

  const hand = (challenge: 'off' | 'awaited' | string) =>
    host.send({
      kind: 'challenge',
      challenge: challenge === 'off' || challenge === 'awaited' ? challenge : { nonce: challenge, terminal },
    });
  const fresh = (): string => `nonce-${++count}`;

  async function lift(): Promise<void> {
    await slot.remove();
    await host.next('card-left');
  }
  async function read(card: CardKind): Promise<CardEvidence> {
    await slot.insert(card);
    const told = await host.next('card-read');
    await lift();
    return told.card;
  }
  async function misread(card: CardKind): Promise<string> {
    await slot.insert(card);
    const { reason } = await host.next('card-misread');
    await lift();
    return reason;
  }
  const number = { technology: 'iso14443a', identifier: uid, assurance: 'identifier' };

  function assertProven(card: CardEvidence, by: PivCard, nonce: string): void {
    const { publicKey } = new X509Certificate(by.certificate);
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    const { proof } = card;
    assert.ok(proof, 'no proof');
    assert.deepEqual([card.technology, card.assurance, card.uid, proof.nonce], ['piv', 'pki', uid, nonce]);
    assert.equal(card.identifier, createHash('sha256').update(spki).digest('hex').toUpperCase());
    assert.ok(Buffer.from(proof.certificate, 'base64url').equals(by.certificate));
    const text = Buffer.from(`kazasu card proof 1\0${nonce}\0${terminal}`);
    assert.ok(verify(hashes[proof.algorithm], text, publicKey, Buffer.from(proof.signature, 'base64url')));
    assert.ok(proof.milliseconds > 0);
  }

  for (const algorithm of ['ecc-p256', 'ecc-p384', 'rsa-2048'] as const) {
    test(`signs the nonce in hand: ${algorithm}`, async () => {
      const card = issuer.issue({ algorithm });
      const nonce = fresh();
      hand(nonce);
      assertProven(await read(card), card, nonce);
    });
  }

  test('is asked by its key without a PIN, and for nothing else', async () => {
    const card = issuer.issue();
    hand(fresh());
    await read(card);
    const asked = card.asked.filter((command) => !command.startsWith('00C0'));
    assert.deepEqual(asked.slice(0, 3), ['00A404000BA00000030800001000010000', '00CB3FFF055C035FC10100', 'FFCA000000']);
    assert.equal(asked.length, 4);
    assert.match(asked[3] ?? '', /^0087119E267C2482008120[0-9A-F]{64}00$/);
  });

  test('a compressed certificate is taken out of its wrapping', async () => {
    const plain = issuer.issue();
    const card = issuer.issue({ compressed: gzipSync(plain.certificate) });
    const nonce = fresh();
    hand(nonce);
    const { proof } = await read(card);
    assert.ok(Buffer.from(proof?.certificate ?? '', 'base64url').equals(plain.certificate));
    const bomb = issuer.issue({ compressed: gzipSync(Buffer.alloc(1 << 20)) });
    hand(fresh());
    assert.equal(await misread(bomb), 'unreadable');
  });

  test('a nonce is for one card: the next one has another asked for, while it is read', async () => {
    const card = issuer.issue();
    const [first, second] = [fresh(), fresh()];
    hand(first);
    assertProven(await read(card), card, first);
    await slot.insert(card);
    await host.next('challenge-wanted');
    hand(second);
    const told = await host.next('card-read');
    assertProven(told.card, card, second);
    await lift();
  });

  test('when no nonce comes in good time it says who it is, and proves nothing', async () => {
    const card = issuer.issue();
    hand('awaited');
    const told = await read(card);
    assert.deepEqual([told.technology, told.assurance, told.proof], ['piv', 'identifier', undefined]);
  });

  test('while nobody asks for proofs it is a number like others', async () => {
    const card = issuer.issue();
    hand('off');
    assert.deepEqual(await read(card), number);
    assert.deepEqual(card.asked, ['FFCA000000']);
  });

  test('other cards are read by their numbers as before', async () => {
    hand(fresh());
    assert.deepEqual(await read(cards.identified(cards.atrs.desfire, uid)), number);
    assert.deepEqual(await read(cards.iso14443a(uid)), number);
    assert.equal(await misread(cards.randomUid()), 'random-identifier');
    assert.equal(await misread(cards.identified(cards.atrs.contact, uid)), 'unreadable');
    const without = issuer.issue({
      twist: (command, sound) => (command[1] === 0xcb ? cards.refusing('6A82').answer(command) : sound()),
    });
    assert.deepEqual(await read(without), number);
  });

  const isSigning = (command: Uint8Array) => command[1] === 0x87;
  const twisted = (answer: (command: Uint8Array, sound: () => Promise<Uint8Array>) => ReturnType<CardKind['answer']>) =>
    issuer.issue({ twist: (command, sound) => (isSigning(command) ? answer(command, sound) : sound()) });

  test('one that does not sign, or whose answer is cut or another, is unreadable and never a number', async () => {
    for (const reply of ['6982', '6A80', '6F00', '9000', '7C009000', '7C0282009000', '7C05820330019000']) {
      hand(fresh());
      assert.equal(await misread(twisted(() => Uint8Array.from(Buffer.from(reply, 'hex')))), 'unreadable', reply);
    }
    hand(fresh());
    assert.equal(await misread(twisted(() => Uint8Array.of(0x61, 0x10))), 'unreadable');
  });

  test('one that is torn out while it signs was held too shortly, and the nonce stays in hand for the next', async () => {
    const nonce = fresh();
    hand(nonce);
    assert.equal(await misread(twisted(() => 'pull')), 'too-short');
    const card = issuer.issue();
    assertProven(await read(card), card, nonce);
  });

  test('neither numbers nor nonces nor signatures reach the log', () => {
    assert.doesNotMatch(host.logged(), /04A1B2C3|nonce-\d|"signature"/i);
  });
});
