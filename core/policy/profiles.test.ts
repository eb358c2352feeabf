import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Policy, policy, profileName } from '#contract/policy.ts';
import { findPolicyProblems, listChanges, policyOf, profiles } from './profiles.ts';

/** Paths of all values of a policy; lists are values. */
const pathsOf = (value: object, above = ''): string[] =>
  Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? pathsOf(inner, `${above}${name}.`)
      : [`${above}${name}`],
  );

for (const name of profileName.options) {
  describe(`the profile ${name}`, () => {
    it('has every value of a policy, and no other', () => {
      assert.deepEqual(Object.keys(profiles[name]).sort(), pathsOf(policy.parse({})).sort());
    });

    it('allows what it starts from', () => {
      assert.deepEqual(findPolicyProblems(policyOf(name)), []);
      assert.equal(policyOf(name).profile, name);
    });

    it('names a clause for what a rule demands', () => {
      for (const path of ['pin.shortest', 'tries.hard', 'grace.minutes', 'session.idleSeconds', 'factors']) {
        assert.match(profiles[name][path]?.clause ?? '', /MHLW|SP 800-63B/, path);
      }
    });

    it('refuses a PIN below its floor, by path and clause', () => {
      const [problem] = findPolicyProblems(policyOf(name, { pin: { shortest: 6 } }));
      assert.deepEqual([problem?.path, problem?.rule], ['pin.shortest', 'at-least:8']);
      assert.match(problem?.clause ?? '', /シQ-54|3\.1\.1\.2/);
    });
  });
}

describe('limits of a policy', () => {
  const problemsOf = (changes: Parameters<typeof policyOf>[1], name: Policy['profile'] = 'jp-mhlw-6.0') =>
    findPolicyProblems(policyOf(name, changes)).map(({ path, rule }) => `${path} ${rule}`);

  it('keep grace off where possession alone is not enough', () => {
    assert.deepEqual(problemsOf({ grace: { minutes: 5 } }), []);
    assert.deepEqual(problemsOf({ grace: { minutes: 16 } }), ['grace.minutes at-most:15']);
    assert.deepEqual(problemsOf({ grace: { minutes: 1 } }, 'nist-63b-4'), ['grace.minutes only:0']);
  });

  it('see what does not fit together', () => {
    assert.deepEqual(problemsOf({ pin: { shortest: 10, longest: 9 } }), ['pin.longest at-least:pin.shortest']);
    assert.deepEqual(problemsOf({ tries: { soft: 10, hard: 9 } }), ['tries.hard at-least:tries.soft']);
    assert.deepEqual(problemsOf({ session: { idleSeconds: 20, warnSeconds: 20 } }), [
      'session.warnSeconds below:session.idleSeconds',
    ]);
    assert.deepEqual(problemsOf({ timeZone: 'Asia/Nowhere' }), ['timeZone time-zone']);
    const hours = { days: [1], from: '08:00', to: '08:00' };
    assert.deepEqual(problemsOf({ factors: [{ name: 'never', when: { hours }, demand: { kind: 'refuse' } }] }), [
      'factors.0.when.hours empty',
    ]);
  });

  it('are shown as changes by path', () => {
    const before = policyOf('jp-mhlw-6.0');
    const after = policyOf('jp-mhlw-6.0', { session: { idleSeconds: 300 }, fourEyes: [] });
    assert.deepEqual(listChanges(before, after), [
      { path: 'fourEyes', before: ['rebinding', 'emergency-codes'], after: [] },
      { path: 'session.idleSeconds', before: 600, after: 300 },
    ]);
  });
});
