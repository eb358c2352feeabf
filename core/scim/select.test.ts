import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scimUrns } from '#contract/api/scim.ts';
import { isSelected, readSelection, select } from './select.ts';

const user = {
  schemas: [scimUrns.user],
  id: '1',
  userName: 'N1',
  name: { formatted: 'a b', familyName: 'a', givenName: 'b' },
  groups: [{ value: 'g', display: 'G' }],
  externalId: undefined,
  [scimUrns.staff]: { kana: '' },
  meta: { version: 'W/"1"', location: 'l' },
};
const shown = (asked: Parameters<typeof readSelection>[1]) => {
  const selection = readSelection('User', asked);
  return selection.ok ? select(user, selection.value) : selection.failure.code;
};
const always = { schemas: user.schemas, id: '1' };

describe('the attributes of an answer', () => {
  it('are all that are assigned when nobody asks for less', () => {
    const { externalId: _, [scimUrns.staff]: __, ...assigned } = user;
    assert.deepEqual(shown({}), { ...assigned, [scimUrns.staff]: { kana: '' } });
  });

  it('are those that were asked for, with id and schemas', () => {
    assert.deepEqual(shown({ attributes: 'USERNAME' }), { ...always, userName: 'N1' });
    assert.deepEqual(shown({ attributes: 'name.familyName, groups.display' }), {
      ...always,
      name: { familyName: 'a' },
      groups: [{ display: 'G' }],
    });
    assert.deepEqual(shown({ attributes: ['name'] }), { ...always, name: user.name });
    assert.deepEqual(shown({ attributes: `${scimUrns.user}:userName,${scimUrns.staff}:kana` }), {
      ...always,
      userName: 'N1',
      [scimUrns.staff]: { kana: '' },
    });
    assert.deepEqual(shown({ attributes: 'emails' }), always);
  });

  it('are without those that were excluded, never without id', () => {
    const excluded = shown({ excludedAttributes: 'id,meta,groups,name.familyName' });
    assert.deepEqual(excluded, {
      ...always,
      userName: 'N1',
      name: { formatted: 'a b', givenName: 'b' },
      [scimUrns.staff]: { kana: '' },
    });
  });

  it('are known', () => {
    assert.equal(shown({ attributes: 'nothing' }), 'SCIM_PATH_INVALID');
    assert.equal(shown({ excludedAttributes: '__proto__' }), 'SCIM_PATH_INVALID');
    const selection = readSelection('Group', { excludedAttributes: 'members' });
    assert.ok(selection.ok);
    assert.ok(!isSelected(selection.value, 'members'));
    const parts = readSelection('Group', { attributes: 'members.value' });
    assert.ok(parts.ok);
    assert.ok(isSelected(parts.value, 'members'));
    assert.ok(!isSelected(parts.value, 'displayName'));
  });
});
