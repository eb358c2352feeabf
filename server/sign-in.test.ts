import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { untilNextStep } from './sign-in.ts';

describe('a refusal', () => {
  it('comes at the same moments whatever was looked at before it, however long it had to wait for its turn', () => {
    const answered = (elapsed: number): number => elapsed + untilNextStep(elapsed);
    for (const waited of [0, 40, 390, 410, 700, 1_900]) {
      // What a number that somebody has takes more than one that nobody has.
      const [unknown, known] = [waited + 2, waited + 9];
      assert.equal(answered(unknown), answered(known), `${waited} ms`);
      assert.ok(answered(unknown) >= 400 && answered(unknown) % 400 === 0);
    }
  });
});
