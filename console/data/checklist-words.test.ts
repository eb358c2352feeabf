import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checklistFact, checklistItemId, checklistState } from '#contract/api/checklist.ts';
import en from '../../assets/words/console.en.json' with { type: 'json' };

test('every item of the checklist, what is left to a person of it, every fact and state has words', () => {
  for (const id of checklistItemId.options) {
    assert.ok(`checklist.item.${id}` in en, id);
    assert.ok(`checklist.by-hand.${id}` in en, id);
  }
  for (const fact of checklistFact.options) assert.ok(`checklist.fact.${fact}` in en, fact);
  for (const state of checklistState.options) assert.ok(`checklist.state.${state}` in en, state);
});
