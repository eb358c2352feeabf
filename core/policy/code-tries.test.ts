import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type CodeKind, type CodeTries, codesPausedUntil, reserveCode } from './code-tries.ts';

const hour = 3_600_000;
const fresh: CodeTries = { failures: 0, lastAt: 0 };
const start = 100 * hour;

/** Types wrong codes as fast as the terminal takes them; answers how many it took until the end. */
const guess = (kind: CodeKind, from: number, until: number): number => {
  let tries = fresh;
  let taken = 0;
  for (let now = from; now < until; ) {
    const next = reserveCode(kind, tries, now);
    if (next) {
      tries = next;
      taken += 1;
    } else now = codesPausedUntil(kind, tries, now);
  }
  return taken;
};

describe('codes at a terminal', () => {
  it('are taken a few times, then after pauses that grow', () => {
    let tries = fresh;
    for (let count = 0; count < 3; count += 1) tries = reserveCode('emergency', tries, start) as CodeTries;
    assert.equal(reserveCode('emergency', tries, start), undefined);
    assert.equal(codesPausedUntil('emergency', tries, start), start + 60_000);
    tries = reserveCode('emergency', tries, start + 60_000) as CodeTries;
    assert.equal(codesPausedUntil('emergency', tries, start + 60_000), start + 180_000);
  });

  it('are taken anew after a night without a wrong one', () => {
    const tries = { failures: 40, lastAt: start };
    assert.deepEqual(reserveCode('substitute', tries, start + 12 * hour + 1)?.failures, 1);
  });

  it('give whoever stands there a day and a night no more than a few dozen guesses', () => {
    assert.ok(guess('substitute', start, start + 24 * hour) < 40);
    assert.ok(guess('emergency', start, start + 24 * hour) < 40);
  });

  it('are never looked at more often than counted, whatever the times', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<CodeKind>('substitute', 'emergency'),
        fc.array(fc.nat(2 * hour), { maxLength: 60 }),
        (kind, pauses) => {
          let tries = fresh;
          let now = start;
          let inARow = 0;
          for (const pause of pauses) {
            now += pause;
            const next = reserveCode(kind, tries, now);
            if (!next) {
              assert.ok(codesPausedUntil(kind, tries, now) > now);
              continue;
            }
            inARow = now - tries.lastAt > 12 * hour ? 1 : inARow + 1;
            assert.equal(next.failures, inARow);
            assert.equal(next.lastAt, now);
            tries = next;
          }
        },
      ),
    );
  });
});
