import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLineReader } from './lines.ts';

test('gives the same lines however the stream is cut', () => {
  const line = fc.string({ minLength: 1 }).filter((text) => !text.includes('\n'));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(50)), (lines, cuts) => {
      const reader = createLineReader();
      const text = lines.map((one) => `${one}\n`).join('');
      const read: string[] = [];
      let from = 0;
      for (const cut of [...cuts, text.length]) {
        read.push(...(reader.push(text.slice(from, from + cut)) ?? ['too long']));
        from += cut;
      }
      assert.deepEqual(read, lines);
    }),
  );
});

test('gives up on a line that is too long, ended or not', () => {
  assert.equal(createLineReader(8).push('123456789'), null);
  assert.equal(createLineReader(8).push('123456789\n'), null);
  assert.deepEqual(createLineReader(8).push('12345678\n'), ['12345678']);
});
