import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Lease, longestLease } from '#contract/curtain.ts';
import type { LockId } from '#contract/ids.ts';
import { type CoverState, covered, endLease, leaseLeft, takeCover, takeLease } from './cover.ts';

const here = '7f0e6c1e-0f52-4e6a-9d3a-3f4b5a6c7d8e' as LockId;
const elsewhere = '11111111-0f52-4e6a-9d3a-3f4b5a6c7d8e' as LockId;
const lease = (sequence: number, milliseconds = 1000, lock = here): Lease => ({
  kind: 'lease',
  lock,
  sequence,
  milliseconds,
});
const named: CoverState = takeCover(covered, { kind: 'cover', lock: here });

describe('cover', () => {
  test('is covered before anything was said, and takes no lease before a lock was named', () => {
    assert.equal(leaseLeft(covered, 0), 0);
    assert.equal(takeLease(covered, lease(1), 0), covered);
  });

  test('opens for the time of the lease, counted from its arrival', () => {
    const state = takeLease(named, lease(1, 1000), 500);
    assert.equal(leaseLeft(state, 500), 1000);
    assert.equal(leaseLeft(state, 1499), 1);
    assert.equal(leaseLeft(state, 1500), 0);
    assert.equal(leaseLeft(state, 9999), 0);
  });

  test('takes no lease of another lock and none that was used', () => {
    const state = takeLease(named, lease(5), 0);
    assert.equal(takeLease(state, lease(5), 900), state);
    assert.equal(takeLease(state, lease(4), 900), state);
    assert.equal(takeLease(state, lease(6, 1000, elsewhere), 900), state);
    assert.equal(leaseLeft(takeLease(state, lease(6), 900), 900), 1000);
  });

  test('ends at once by cover, and an old lease does not open it again', () => {
    const open = takeLease(named, lease(7), 0);
    const closed = takeCover(open, { kind: 'cover', lock: here });
    assert.equal(leaseLeft(closed, 1), 0);
    assert.equal(leaseLeft(takeLease(closed, lease(7), 2), 2), 0);
    const next = takeCover(open, { kind: 'cover', lock: elsewhere });
    assert.equal(leaseLeft(takeLease(next, lease(8), 2), 2), 0);
    assert.equal(leaseLeft(takeLease(next, lease(1, 1000, elsewhere), 2), 2), 1000);
  });

  test('ends by sleep and opens again by the next lease of the same lock', () => {
    const slept = endLease(takeLease(named, lease(1), 0));
    assert.equal(leaseLeft(slept, 0), 0);
    assert.equal(leaseLeft(takeLease(slept, lease(2), 0), 0), 1000);
  });

  test('never holds longer than the longest lease, whatever arrives in whatever order', () => {
    const locks = [here, elsewhere];
    const said = fc.oneof(
      fc.record({
        kind: fc.constant('lease' as const),
        lock: fc.constantFrom(...locks),
        sequence: fc.nat(9),
        milliseconds: fc.integer({ min: 1, max: 1e9 }),
        after: fc.nat(3000),
      }),
      fc.record({ kind: fc.constant('cover' as const), lock: fc.constantFrom(...locks), after: fc.nat(3000) }),
    );
    fc.assert(
      fc.property(fc.array(said, { maxLength: 30 }), (messages) => {
        let now = 0;
        let state: CoverState = covered;
        let lastLease = Number.NEGATIVE_INFINITY;
        for (const message of messages) {
          now += message.after;
          const before = state;
          state = message.kind === 'lease' ? takeLease(state, message, now) : takeCover(state, message);
          if (message.kind === 'cover') assert.equal(leaseLeft(state, now), 0);
          else if (state !== before) lastLease = now;
          assert.ok(leaseLeft(state, now) <= longestLease);
          assert.equal(leaseLeft(state, lastLease + longestLease), 0);
        }
      }),
    );
  });
});
