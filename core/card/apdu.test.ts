import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesWaiting, getIdentifier, getIdentifierOf, getResponse, parseReply, rightLength } from './apdu.ts';
import { fromHex, toHex } from './bytes.ts';

test('commands, byte for byte', () => {
  assert.equal(toHex(getIdentifier), 'FFCA000000');
  assert.equal(toHex(getIdentifierOf(7)), 'FFCA000007');
  assert.equal(toHex(getResponse(0x10)), '00C0000010');
});

test('a reply is data and a status word', () => {
  assert.deepEqual(parseReply(fromHex('04A1B2C3 9000')), { data: fromHex('04A1B2C3'), status: 0x9000 });
  assert.deepEqual(parseReply(fromHex('6A81')), { data: fromHex(''), status: 0x6a81 });
});

test('fewer than two bytes are no reply: the card was lost', () => {
  assert.equal(parseReply(fromHex('')), undefined);
  assert.equal(parseReply(fromHex('90')), undefined);
});

test('what the status word asks for', () => {
  assert.equal(rightLength(0x6c07), 7);
  assert.equal(rightLength(0x6d00), undefined);
  assert.equal(bytesWaiting(0x6110), 16);
  assert.equal(bytesWaiting(0x9000), undefined);
});

test('no bytes make it throw, and none are lost', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2, maxLength: 300 }), (bytes) => {
      assert.equal(parseReply(bytes)?.data.length, bytes.length - 2);
    }),
  );
});
