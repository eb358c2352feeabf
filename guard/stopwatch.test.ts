import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { State } from '#core/login/state.ts';
import { createStopwatch } from './stopwatch.ts';

const start = () => {
  let now = 1000;
  const watch = createStopwatch({ now: () => now });
  /** After so many milliseconds the machine is in this phase. */
  const after = (milliseconds: number, kind: string, more: object = {}): void => {
    now += milliseconds;
    watch.see({ phase: { kind, ...more } } as unknown as State);
  };
  const pass = (milliseconds: number): void => {
    now += milliseconds;
  };
  return { watch, after, pass };
};

test('the machine’s part of a login is all but what the person took', () => {
  const { watch, after, pass } = start();
  after(0, 'idle');
  after(500, 'reading');
  after(60, 'identifying');
  after(40, 'asking');
  after(1500, 'asking', { typed: 4 });
  after(500, 'checking');
  after(90, 'asking', { wrong: {} });
  after(3000, 'checking');
  after(100, 'opening');
  pass(10);
  assert.deepEqual(watch.take(), { readyMs: 5300, machineMs: 300 });
});

test('where a session elsewhere is asked about, only the sending is the machine’s', () => {
  const { watch, after } = start();
  after(0, 'identifying');
  after(100, 'asking');
  after(1000, 'checking');
  after(100, 'elsewhere', { sending: false });
  after(2000, 'elsewhere', { sending: true });
  after(50, 'opening');
  assert.deepEqual(watch.take(), { readyMs: 3250, machineMs: 250 });
});

test('a login that was given up counts for nothing in the next, and one without a card is not timed', () => {
  const { watch, after } = start();
  after(0, 'reading');
  after(100, 'identifying');
  after(100, 'asking');
  after(9000, 'refused');
  assert.equal(watch.take(), undefined);
  after(1000, 'reading');
  after(70, 'identifying');
  after(30, 'asking');
  after(1000, 'checking');
  after(100, 'opening');
  assert.deepEqual(watch.take(), { readyMs: 1200, machineMs: 200 });
  after(1, 'open');
  after(1, 'idle');
  after(1, 'coding');
  after(100, 'asking');
  after(100, 'opening');
  assert.equal(watch.take(), undefined);
});
