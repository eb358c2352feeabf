import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from './bytes.ts';
import { parsePollingAnswer, pn53x, pollingFrame, transparent } from './felica.ts';
import { parseDataObjects } from './tlv.ts';

const idm = '0110010203040506';
const answer = `14 01 ${idm} 01 32 42 82 47 45 9A FF FE00`;

test('commands, byte for byte', () => {
  assert.equal(toHex(pollingFrame('FE00')), '0600FE000100');
  assert.equal(
    toHex(transparent.exchange(pollingFrame('FE00'), 100_000)),
    'FFC200010F5F4604A086010095060600FE00010000',
  );
  assert.equal(toHex(pn53x.poll('FE00')), 'FF00000009D44A010100FE000100');
});

test('the IDm of the system that was asked for', () => {
  assert.equal(toHex(parsePollingAnswer(fromHex(answer), 'FE00') ?? fromHex('')), idm);
});

test('another system, another answer or a cut one is refused', () => {
  assert.equal(parsePollingAnswer(fromHex(answer), '0003'), undefined);
  assert.equal(parsePollingAnswer(fromHex(answer.replace('14 01', '14 07')), 'FE00'), undefined);
  assert.equal(parsePollingAnswer(fromHex(answer).slice(0, 18), 'FE00'), undefined);
});

test('the frame inside the reader’s own answer', () => {
  const wrapped = fromHex(`C0 03 00 90 00 92 01 00 96 02 00 00 97 14 ${answer}`);
  assert.equal(toHex(transparent.parseAnswer(wrapped) ?? fromHex('')), toHex(fromHex(answer)));
  assert.equal(transparent.parseAnswer(fromHex('C0 03 01 64 01')), undefined);
  assert.equal(toHex(pn53x.parseAnswer(fromHex(`D5 4B 01 01 ${answer}`)) ?? fromHex('')), toHex(fromHex(answer)));
  assert.equal(pn53x.parseAnswer(fromHex('D5 4B 00')), undefined);
});

test('no bytes make the parsers throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      transparent.parseAnswer(bytes);
      pn53x.parseAnswer(bytes);
      parsePollingAnswer(bytes, 'FE00');
    }),
  );
});

test('data objects cover the bytes that they are read from', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const objects = parseDataObjects(bytes);
      const inside = objects?.reduce((sum, { value }) => sum + value.length + 2, 0) ?? 0;
      assert.ok(inside <= bytes.length);
    }),
  );
  assert.equal(parseDataObjects(fromHex('97 14 00')), undefined);
  assert.equal(parseDataObjects(fromHex('97 80 00')), undefined);
  assert.equal(parseDataObjects(fromHex('97 82 0001 AA'))?.[0]?.value.length, 1);
});
