import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { usableFactors } from './factors.ts';
import { countElsewhere, judgeTries, reserveTry, type Tries, triesLeft } from './tries.ts';

const rules = { soft: 5, lockSeconds: 900, longestLockMinutes: 15, hard: 20 };
const fresh: Tries = { failures: 0, lockedUntil: null, disabled: false };
const lock = rules.lockSeconds * 1000;

const failTimes = (times: number, from = fresh, now = 0): Tries => {
  let state = from;
  for (let count = 0; count < times; count += 1) state = reserveTry(state, rules, now) ?? state;
  return state;
};

describe('tries', () => {
  it('lock after the soft limit, for the policy’s minutes', () => {
    const locked = failTimes(9);
    assert.equal(locked.failures, 5);
    assert.equal(judgeTries(locked, rules, lock - 1), 'locked');
    assert.equal(judgeTries(locked, rules, lock), 'allowed');
  });

  it('are as few again after each lock, until the hard limit disables for good', () => {
    let state = fresh;
    for (let round = 1; round <= 4; round += 1) {
      state = failTimes(100, state, round * lock * 2);
      assert.equal(state.failures, round * 5);
    }
    assert.equal(judgeTries(state, rules, Number.MAX_SAFE_INTEGER), 'disabled');
  });

  it('that were made elsewhere lock from when they were made, however many there were before, and never disable', () => {
    const four = failTimes(4);
    assert.deepEqual(countElsewhere(four, rules, [7]), { failures: 5, lockedUntil: 7 + lock, disabled: false });
    assert.deepEqual(countElsewhere(four, rules, []), four);
    const many = countElsewhere(four, rules, Array(200).fill(7));
    assert.deepEqual([many.failures, judgeTries(many, rules, Number.MAX_SAFE_INTEGER)], [19, 'allowed']);
    const few = countElsewhere({ ...fresh, failures: 3 }, rules, Array(200).fill(7), 5);
    assert.deepEqual(few, { failures: 5, lockedUntil: 7 + lock, disabled: false }, 'and no more than that');
    assert.deepEqual(countElsewhere(many, rules, [7], 5), many);
    const later = { ...fresh, failures: 4, lockedUntil: 10 * lock };
    assert.equal(countElsewhere(later, rules, [7]).lockedUntil, 10 * lock, 'a longer lock stays');
  });

  it('that are left count down to the lock', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 6, 10, 19, 20, 21].map((failures) => triesLeft(failures, rules)),
      [5, 4, 3, 2, 1, 0, 4, 0, 1, 0, 0],
    );
    assert.equal(triesLeft(3, { ...rules, hard: 4 }), 1);
  });

  it('never pass the limits, at any policy and any times', () => {
    const policy = fc.record({
      soft: fc.integer({ min: 1, max: 20 }),
      lockSeconds: fc.integer({ min: 1, max: 3600 }),
      longestLockMinutes: fc.integer({ min: 1, max: 1440 }),
      hard: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(policy, fc.array(fc.nat(3_600_000), { maxLength: 150 }), (given, pauses) => {
        let state = fresh;
        let now = 0;
        let allowed = 0;
        let sinceLock = 0;
        let lockedAt = Number.NEGATIVE_INFINITY;
        for (const pause of pauses) {
          now += pause;
          const left = triesLeft(state.failures, given);
          const next = reserveTry(state, given, now);
          if (!next) continue;
          allowed += 1;
          if (lockedAt > Number.NEGATIVE_INFINITY)
            assert.ok(now - lockedAt >= Math.min(given.lockSeconds * 1000, given.longestLockMinutes * 60_000));
          assert.ok(left > 0 || state.failures % given.soft === 0);
          sinceLock += 1;
          state = next;
          if (state.lockedUntil !== null) {
            lockedAt = now;
            sinceLock = 0;
          } else lockedAt = Number.NEGATIVE_INFINITY;
          assert.ok(sinceLock < given.soft);
        }
        assert.ok(allowed <= given.hard);
      }),
    );
  });
});

describe('factors', () => {
  it('that can be tried now are offered, the PIN first, and never a password', () => {
    const known = (['totp', 'password', 'pin'] as const).map((kind) => ({ kind, ...fresh }));
    assert.deepEqual(usableFactors(known, rules, 0), ['pin', 'totp']);
    const locked = { ...failTimes(5), kind: 'pin' as const };
    assert.deepEqual(usableFactors([locked], rules, 0), []);
    assert.deepEqual(usableFactors([locked], rules, lock), ['pin']);
    assert.deepEqual(usableFactors([{ ...fresh, kind: 'totp', disabled: true }], rules, 0), []);
  });
});
