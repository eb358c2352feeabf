import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStream, type What } from './stream.ts';

/** An `EventSource` that a test plays. */
class Source {
  static readonly made: Source[] = [];
  readonly CLOSED = 2;
  readyState = 1;
  closed = false;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  constructor() {
    Source.made.push(this);
  }
  close(): void {
    this.closed = true;
  }
}

const start = () => {
  Source.made.length = 0;
  const later: (() => void)[] = [];
  const heard: What[] = [];
  let ended = 0;
  const stream = createStream({
    open: () => new Source() as unknown as EventSource,
    onEnded: () => {
      ended += 1;
    },
    later: (run) => {
      later.push(run);
      return () => void later.splice(later.indexOf(run), 1);
    },
  });
  stream.listen((what) => heard.push(what));
  return { stream, heard, later, ended: () => ended, source: () => Source.made.at(-1) as Source };
};

test('tells what changed', () => {
  const { stream, heard, source } = start();
  source().onopen?.();
  assert.equal(stream.state(), 'open');
  source().onmessage?.({ data: '{"what":"events"}' });
  assert.deepEqual(heard, ['events']);
});

test('what changed before the stream was open is asked for once the page is there', () => {
  const { stream, heard, later, source } = start();
  source().onopen?.();
  source().onmessage?.({ data: '{"what":"hello"}' });
  assert.deepEqual(heard, []);
  for (const run of later.splice(0)) run();
  assert.deepEqual(heard, ['hello']);
  source().onmessage?.({ data: '{"what":"hello"}' });
  assert.deepEqual(heard, ['hello', 'hello'], 'a later one tells of a gap');
  stream.stop();
});

test('a stream that is stopped says nothing any more', () => {
  const { stream, heard, later, source } = start();
  source().onopen?.();
  source().onmessage?.({ data: '{"what":"hello"}' });
  stream.stop();
  assert.deepEqual([heard, later], [[], []]);
});

test('after a gap anything may have changed', () => {
  const { stream, heard, source, ended } = start();
  source().onopen?.();
  source().readyState = 0;
  source().onerror?.();
  assert.equal(stream.state(), 'lost');
  assert.equal(ended(), 0);
  source().onopen?.();
  assert.deepEqual(heard, ['hello']);
  assert.equal(Source.made.length, 1);
});

test('asks who is signed in and tries anew when the server has ended it', () => {
  const { later, source, ended, stream } = start();
  source().readyState = 2;
  source().onerror?.();
  assert.equal(ended(), 1);
  assert.equal(Source.made.length, 1);
  later.pop()?.();
  assert.equal(Source.made.length, 2);
  source().onopen?.();
  assert.equal(stream.state(), 'open');
});

test('stopped, it holds nothing and starts nothing', () => {
  const { later, source, heard, stream } = start();
  source().readyState = 2;
  source().onerror?.();
  assert.equal(later.length, 1);
  stream.stop();
  assert.equal(later.length, 0);
  assert.equal(source().closed, true);
  source().onmessage?.({ data: '{"what":"events"}' });
  assert.deepEqual(heard, []);
});
