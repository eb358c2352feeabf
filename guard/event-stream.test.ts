import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEventStreamParser, longestEvent } from './event-stream.ts';

test('events come out whole, however the stream is cut and its lines end', () => {
  const message = fc.jsonValue().map((value) => JSON.stringify(value));
  fc.assert(
    fc.property(
      fc.array(message),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.infiniteStream(fc.nat(9)),
      (sent, end, cuts) => {
        const text = sent.map((data) => `:keep alive${end}event: message${end}data: ${data}${end}${end}`).join('');
        const parser = createEventStreamParser();
        const got: string[] = [];
        for (let at = 0; at < text.length; ) {
          const length = 1 + (cuts.next().value ?? 0);
          got.push(...parser.push(text.slice(at, at + length)));
          at += length;
        }
        got.push(...parser.push('\n'));
        assert.deepEqual(got, sent);
      },
    ),
  );
});

test('data in several lines is one event, and a comment is none', () => {
  const parser = createEventStreamParser();
  assert.deepEqual(parser.push('data:a\ndata: b\n\n:\n\n'), ['a\nb']);
});

test('an event without an end is given up', () => {
  const parser = createEventStreamParser();
  assert.throws(() => parser.push(`data:${'x'.repeat(longestEvent)}`));
  const lines = createEventStreamParser();
  assert.throws(() => lines.push('data:0123456789\n'.repeat(longestEvent / 10)));
});
