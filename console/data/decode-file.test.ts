import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFile } from './decode-file.ts';

const text = '職員番号,氏名\r\n１,髙橋 花子';
const utf8 = (given: string): Uint8Array => new TextEncoder().encode(given);

test('UTF-8 is read with and without a byte order mark', () => {
  assert.equal(decodeFile(utf8(text)), text);
  assert.equal(decodeFile(utf8(`\ufeff${text}`)), text);
  assert.equal(decodeFile(new Uint8Array()), '');
});

test('Shift_JIS is read as Windows writes it, with 髙, ① and half-width kana', () => {
  // 山田 ﾊﾅｺ ① 髙 in CP932.
  const bytes = [0x8e, 0x52, 0x93, 0x63, 0x20, 0xca, 0xc5, 0xba, 0x20, 0x87, 0x40, 0x20, 0xfb, 0xfc];
  assert.equal(decodeFile(Uint8Array.from(bytes)), '山田 ﾊﾅｺ ① 髙');
});

test('UTF-16 is read by its byte order mark', () => {
  const little = text.split('').flatMap((unit) => [unit.charCodeAt(0) & 0xff, unit.charCodeAt(0) >> 8]);
  const big = text.split('').flatMap((unit) => [unit.charCodeAt(0) >> 8, unit.charCodeAt(0) & 0xff]);
  assert.equal(decodeFile(Uint8Array.from([0xff, 0xfe, ...little])), text);
  assert.equal(decodeFile(Uint8Array.from([0xfe, 0xff, ...big])), text);
});

test('what is none of them is marked where it cannot be read', () => {
  assert.match(decodeFile(Uint8Array.from([0x41, 0xfd, 0xff, 0x42])), /\ufffd/);
});
