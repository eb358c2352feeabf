import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roles } from '#contract/api/row.ts';
import { guideOf } from './guides.ts';

test('each role has the same tasks in both languages, and every word that a guide names is on a page', () => {
  for (const role of roles) {
    const [ja, en] = [guideOf(role, 'ja'), guideOf(role, 'en')];
    const shape = ({ tasks }: typeof ja) => tasks.map(({ steps, picture }) => [steps.length, picture]);
    assert.deepEqual(shape(ja), shape(en), role);
    for (const { steps } of [...ja.tasks, ...en.tasks]) assert.doesNotMatch(steps.join('\n'), /[{}]/, role);
  }
});
