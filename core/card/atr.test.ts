import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAtr } from './atr.ts';
import { fromHex } from './bytes.ts';

const vectors: readonly (readonly [name: string, atr: string, expected: ReturnType<typeof parseAtr>])[] = [
  [
    'MIFARE Classic 1K',
    '3B 8F 80 01 80 4F 0C A0 00 00 03 06 03 00 01 00 00 00 00 6A',
    { kind: 'storage', technology: 'iso14443a', cardName: 0x0001 },
  ],
  [
    'FeliCa in a PaSoRi',
    '3B 8F 80 01 80 4F 0C A0 00 00 03 06 11 00 3B 00 00 00 00 42',
    { kind: 'storage', technology: 'felica', cardName: 0x003b },
  ],
  [
    'FeliCa in an ACR122',
    '3B 8F 80 01 80 4F 0C A0 00 00 03 06 03 F0 11 00 00 00 00 8A',
    { kind: 'storage', technology: 'felica', cardName: 0xf011 },
  ],
  ['DESFire', '3B 81 80 01 80 80', { kind: 'processor', technology: 'iso14443a' }],
  ['ISO 14443-4 type B', '3B 88 80 01 00 00 00 00 33 81 81 00 3A', { kind: 'processor', technology: 'iso14443b' }],
  ['a contact card', '3B 65 00 00 20 63 CB 68 00', { kind: 'other' }],
  ['a JPKI card', '3B E0 00 FF 81 31 FE 45 14', { kind: 'other' }],
  ['nothing', '', { kind: 'other' }],
  ['a wrong check byte', '3B 81 80 01 80 81', { kind: 'other' }],
  ['a cut answer', '3B 8F 80 01 80 4F 0C A0 00 00 03 06', { kind: 'other' }],
  [
    'another provider',
    '3B 8F 80 01 80 4F 0C A0 00 00 03 07 03 00 01 00 00 00 00 6B',
    { kind: 'processor', technology: 'iso14443a' },
  ],
];

for (const [name, atr, expected] of vectors) {
  test(`the answer to reset of ${name}`, () => assert.deepEqual(parseAtr(fromHex(atr)), expected));
}

test('no bytes make it throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => parseAtr(bytes).kind.length > 0));
});

test('damage to any byte of a storage card is noticed', () => {
  const intact = fromHex('3B 8F 80 01 80 4F 0C A0 00 00 03 06 03 00 01 00 00 00 00 6A');
  const position = fc.integer({ min: 0, max: intact.length - 1 });
  fc.assert(
    fc.property(position, fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = Uint8Array.from(intact, (byte, index) => (index === at ? byte ^ change : byte));
      assert.deepEqual(parseAtr(damaged), { kind: 'other' });
    }),
  );
});
