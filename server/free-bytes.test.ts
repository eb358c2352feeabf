import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeBytes } from './free-bytes.ts';

test('memory of its own is given back, and what is shared with others stays', () => {
  const own = Buffer.concat([Buffer.alloc(300_000, 1)]);
  freeBytes(own);
  assert.equal(own.length, 0);
  const shared = Buffer.from('{"a":1}');
  const other = Buffer.from('{"b":2}');
  assert.equal(shared.buffer, other.buffer);
  freeBytes(shared);
  assert.equal(`${shared}${other}`, '{"a":1}{"b":2}');
});
