import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { proofAlgorithm } from '#contract/card.ts';
import { fromHex, toHex } from './bytes.ts';
import {
  authenticate,
  getCardCertificate,
  isPivAnswer,
  parseAuthentication,
  parseCardCertificate,
  selectPiv,
} from './piv.ts';
import { encodeDataObject, parseDataObjects } from './tlv.ts';

const hash = '11'.repeat(32);

test('commands, byte for byte', () => {
  assert.equal(toHex(selectPiv), '00A404000BA000000308000010000100' + '00');
  assert.equal(toHex(getCardCertificate), '00CB3FFF055C035FC10100');
  assert.deepEqual(authenticate('ecc-p256', fromHex(hash)).map(toHex), [`0087119E267C2482008120${hash}00`]);
  assert.deepEqual(authenticate('ecc-p384', fromHex(`${hash}${'22'.repeat(16)}`)).map(toHex), [
    `0087149E367C3482008130${hash}${'22'.repeat(16)}00`,
  ]);
});

test('what an RSA key signs goes in a chain of two commands', () => {
  const block = 'AB'.repeat(256);
  const whole = `7C820106820081820100${block}`;
  assert.deepEqual(authenticate('rsa-2048', fromHex(block)).map(toHex), [
    `1087079EFF${whole.slice(0, 510)}`,
    `0087079E0B${whole.slice(510)}00`,
  ]);
});

test('the answer to SELECT of a PIV card, and of others', () => {
  assert.equal(isPivAnswer(fromHex('61 11 4F 06 00 00 10 00 01 00 79 07 4F 05 A0 00 00 03 08')), true);
  assert.equal(isPivAnswer(fromHex('6F 04 84 02 3F 00')), false);
  assert.equal(isPivAnswer(fromHex('61 11 4F')), false);
  assert.equal(isPivAnswer(fromHex('')), false);
});

test('a certificate as it is, and one that is compressed', () => {
  const plain = parseCardCertificate(fromHex('53 0A 70 03 30 01 02 71 01 00 FE 00'));
  assert.deepEqual(plain, { bytes: fromHex('300102'), isCompressed: false });
  const compressed = parseCardCertificate(fromHex('53 0A 70 03 1F 8B 08 71 01 01 FE 00'));
  assert.deepEqual(compressed, { bytes: fromHex('1F8B08'), isCompressed: true });
  assert.equal(parseCardCertificate(fromHex('53 07 70 03 30 01 02 FE 00'))?.isCompressed, false);
});

test('an object that was cut, is empty, is another or is marked in an unknown way is no certificate', () => {
  for (const bytes of [
    '',
    '53 00',
    '53 0A 70 03 30 01 02 71 01 00 FE',
    '53 02 70 00',
    '53 05 71 01 00 FE 00',
    '7E 05 70 03 30 01 02',
    '53 08 70 03 30 01 02 71 01 02',
    '53 05 70 03 30 01 02 53 00',
  ]) {
    assert.equal(parseCardCertificate(fromHex(bytes)), undefined, bytes);
  }
});

test('the signature in an answer, and answers without one', () => {
  assert.deepEqual(parseAuthentication(fromHex('7C 05 82 03 30 01 02')), fromHex('300102'));
  for (const bytes of ['', '7C 00', '7C 02 82 00', '7C 05 81 03 30 01 02', '7C 05 82 03 30 01', '82 03 30 01 02']) {
    assert.equal(parseAuthentication(fromHex(bytes)), undefined, bytes);
  }
});

test('no bytes make the parsers throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      isPivAnswer(bytes);
      parseCardCertificate(bytes);
      parseAuthentication(bytes);
    }),
  );
});

test('what a card wraps comes out whole', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 3_000 }), fc.boolean(), (bytes, isCompressed) => {
      const inside = [
        ...encodeDataObject(0x70, bytes),
        ...encodeDataObject(0x71, Uint8Array.of(isCompressed ? 1 : 0)),
        ...encodeDataObject(0xfe, new Uint8Array()),
      ];
      assert.deepEqual(parseCardCertificate(encodeDataObject(0x53, Uint8Array.from(inside))), { bytes, isCompressed });
      assert.deepEqual(parseAuthentication(encodeDataObject(0x7c, encodeDataObject(0x82, bytes))), bytes);
    }),
  );
});

test('a data object that was encoded is read again, whatever its length', () => {
  const lengths = fc.constantFrom(0, 1, 127, 128, 255, 256, 65_535);
  fc.assert(
    fc.property(lengths, fc.integer({ min: 0, max: 255 }), (length, tag) => {
      const value = new Uint8Array(length).fill(0x5a);
      assert.deepEqual(parseDataObjects(encodeDataObject(tag, value)), [{ tag, value }]);
    }),
  );
  assert.throws(() => encodeDataObject(0x53, new Uint8Array(65_536)), RangeError);
});

test('a chain carries the whole block, in its order, and says where it ends', () => {
  fc.assert(
    fc.property(fc.constantFrom(...proofAlgorithm.options), fc.uint8Array({ maxLength: 1_000 }), (algorithm, block) => {
      const commands = authenticate(algorithm, block);
      const data = commands.flatMap((command) => [...command.subarray(5, 5 + (command[4] ?? 0))]);
      assert.deepEqual(
        commands.map(([cla]) => cla),
        [...Array(commands.length - 1).fill(0x10), 0x00],
      );
      const template = parseDataObjects(Uint8Array.from(data))?.[0];
      assert.equal(template?.tag, 0x7c);
      const [response, challenge] = parseDataObjects(template?.value ?? new Uint8Array()) ?? [];
      assert.deepEqual(response, { tag: 0x82, value: new Uint8Array() });
      assert.deepEqual(challenge, { tag: 0x81, value: block });
    }),
  );
});
