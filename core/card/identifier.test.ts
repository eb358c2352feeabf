import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cardEvidence, technology } from '#contract/card.ts';
import { fromHex, toHex } from './bytes.ts';
import { canonicalIdentifier, isRandomIdentifier } from './identifier.ts';

test('a UID keeps the order of the card', () => {
  assert.equal(canonicalIdentifier('iso14443a', fromHex('04A1B2C3D4E5F6')), '04A1B2C3D4E5F6');
  assert.equal(canonicalIdentifier('felica', fromHex('0110 0102 0304 0506')), '0110010203040506');
});

test('ISO 15693 is the same from readers of either byte order', () => {
  assert.equal(canonicalIdentifier('iso15693', fromHex('E004010012345678')), 'E004010012345678');
  assert.equal(canonicalIdentifier('iso15693', fromHex('78563412000104E0')), 'E004010012345678');
});

test('a length that the technology does not have is refused', () => {
  for (const uid of ['', '04', '04A1B2', '04A1B2C3D4', '04A1B2C3D4E5F601', '04'.repeat(16)]) {
    assert.equal(canonicalIdentifier('iso14443a', fromHex(uid)), undefined, uid);
  }
});

test('filler is no identifier', () => {
  assert.equal(canonicalIdentifier('iso14443a', fromHex('00000000')), undefined);
  assert.equal(canonicalIdentifier('felica', fromHex('FFFFFFFFFFFFFFFF')), undefined);
});

test('identifiers that change at every presentation', () => {
  assert.equal(isRandomIdentifier('iso14443a', '08A1B2C3'), true);
  assert.equal(isRandomIdentifier('iso14443a', '18A1B2C3'), false);
  assert.equal(isRandomIdentifier('iso14443a', '08A1B2C3D4E5F6'), false);
  assert.equal(isRandomIdentifier('iso14443b', '12345678'), true);
  assert.equal(isRandomIdentifier('felica', '01FE010203040506'), true);
  assert.equal(isRandomIdentifier('felica', '02FE010203040506'), true);
  assert.equal(isRandomIdentifier('felica', '0110010203040506'), false);
});

test('whatever the bytes, the identifier is one that the contract admits', () => {
  fc.assert(
    fc.property(fc.constantFrom(...technology.options), fc.uint8Array({ maxLength: 20 }), (kind, bytes) => {
      const identifier = canonicalIdentifier(kind, bytes);
      if (identifier === undefined) return;
      assert.ok(cardEvidence.safeParse({ technology: kind, identifier, assurance: 'identifier' }).success);
      assert.equal(typeof isRandomIdentifier(kind, identifier), 'boolean');
      assert.equal(canonicalIdentifier(kind, fromHex(identifier)), identifier, 'canonical form is a fixed point');
    }),
  );
});

test('hexadecimal goes there and back', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(fromHex(toHex(bytes)), bytes)));
  assert.throws(() => fromHex('0'), RangeError);
  assert.throws(() => fromHex('zz'), RangeError);
});
