import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { policy } from '#contract/policy.ts';
import en from '../../assets/words/console.en.json' with { type: 'json' };
import { changedPaths, controlOf, policyPaths, problemsAt, rebase, valueAt, withValue } from './policy-form.ts';
import { noteOf } from './policy-words.ts';

const usual = policy.parse({});
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const leavesOf = (value: object, above = ''): string[] =>
  Object.entries(value).flatMap(([name, inner]) =>
    isObject(inner) ? leavesOf(inner, `${above}${name}.`) : [`${above}${name}`],
  );

describe('the form of the policy', () => {
  test('has every value of a policy once, with words for it and for all that may be chosen', () => {
    assert.deepEqual([...policyPaths].sort(), leavesOf(usual).sort());
    for (const path of policyPaths) {
      assert.ok(`policy-page.value.${path}` in en, path);
      const control = controlOf(path);
      if (control?.kind === 'number') assert.ok(`policy-page.unit.${control.unit}` in en, path);
      if (control?.kind !== 'choice' && control?.kind !== 'set') continue;
      for (const option of control.options) assert.ok(`${control.words}.${option}` in en, `${path} ${option}`);
      const chosen = valueAt(usual, path);
      for (const one of Array.isArray(chosen) ? chosen : [chosen]) assert.ok(control.options.includes(one), path);
    }
  });

  test('changes one value and leaves the policy that it was given alone', () => {
    const changed = withValue(usual, 'session.minutes', 60);
    assert.equal(changed.session.minutes, 60);
    assert.equal(usual.session.minutes, 720);
    assert.deepEqual(changedPaths(usual, changed), ['session.minutes']);
    assert.deepEqual(changedPaths(usual, withValue(changed, 'session.minutes', 720)), []);
  });

  test('takes what somebody changed over to a version that came meanwhile, and nothing else', () => {
    const mine = withValue(usual, 'helpdesk', '7777');
    const theirs = withValue(withValue(usual, 'helpdesk', '1111'), 'session.minutes', 60);
    assert.deepEqual(rebase(usual, mine, theirs), withValue(theirs, 'helpdesk', '7777'));
  });

  test('knows the note of who asks from the changes behind it, whatever the note says', () => {
    const changes = [
      { path: 'tries.soft', before: 5, after: 9 },
      { path: 'fourEyes', before: ['policy'], after: [] },
    ];
    const tail = ' · tries.soft: 5 → 9 · fourEyes: ["policy"] → []';
    assert.equal(noteOf(`誤字の訂正${tail}`, changes), '誤字の訂正');
    const sly = 'x · tries.soft: 5 → 5';
    assert.equal(noteOf(`${sly}${tail}`, changes), sly);
    assert.equal(noteOf('something else', changes), 'something else');
  });

  test('finds the problems of a value wherever the server names them', () => {
    const problems = [
      { path: 'pin.shortest', rule: 'at-least:8' },
      { path: 'body.policy.pin.longest', rule: 'too_big' },
      { path: 'factors.0.when.hours', rule: 'empty' },
    ];
    assert.deepEqual(problemsAt(problems, 'pin.shortest'), [problems[0]]);
    assert.deepEqual(problemsAt(problems, 'pin.longest'), [problems[1]]);
    assert.deepEqual(problemsAt(problems, 'factors'), [problems[2]]);
    assert.deepEqual(problemsAt(problems, 'pin'), problems.slice(0, 2));
  });
});
