import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLines } from './lines.ts';

test('lines come out as they went in, however they were cut', () => {
  const line = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\n', ''));
  fc.assert(
    fc.property(fc.array(line), fc.integer({ min: 1, max: 9 }), (sent, size) => {
      const bytes = Buffer.from(sent.map((text) => `${text}\n`).join(''));
      const lines = createLines(200);
      const got: string[] = [];
      for (let at = 0; at < bytes.length; at += size) got.push(...lines.push(bytes.subarray(at, at + size)));
      assert.deepEqual(
        got,
        sent.map((text) => Buffer.from(text).toString()),
      );
    }),
  );
});

test('a line over the limit is refused, with and without its end', () => {
  assert.throws(() => createLines(8).push(Buffer.from('123456789\n')), RangeError);
  const lines = createLines(8);
  assert.deepEqual(lines.push(Buffer.from('12345678\n12345')), ['12345678']);
  assert.throws(() => lines.push(Buffer.from('6789')), RangeError);
});
