import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type ScimOperation, scimUrns } from '#contract/api/scim.ts';
import { patchUser, readUser, type UserFacts } from './user.ts';

const schemas = [scimUrns.user];
const hanako: UserFacts = {
  userName: 'N1001',
  externalId: 'e-1',
  name: '山田 花子',
  familyName: '山田',
  givenName: '花子',
  active: true,
  kana: 'ヤマダ ハナコ',
};
const read = (body: Record<string, unknown>, before?: UserFacts) => {
  const result = readUser({ schemas, ...body }, before);
  return result.ok ? result.value : result.failure.code;
};
const patched = (...operations: ScimOperation[]) => {
  const result = patchUser(hanako, operations);
  return result.ok ? result.value : result.failure.code;
};
const changed = (...operations: ScimOperation[]) => {
  const after = patched(...operations);
  if (typeof after === 'string') return after;
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => hanako[name as keyof UserFacts] !== value));
};

describe('a user that is sent whole', () => {
  it('needs a userName alone', () => {
    assert.deepEqual(read({ userName: ' Ｎ１ ' }), {
      userName: 'N1',
      externalId: null,
      name: 'N1',
      familyName: null,
      givenName: null,
      active: true,
      kana: '',
    });
    for (const userName of [undefined, null, '', '  ', 7, {}, ['a'], 'x'.repeat(41), 'a\u0000b', 'a\u202eb']) {
      assert.equal(read({ userName }), 'SCIM_VALUE_INVALID', JSON.stringify(userName));
    }
  });

  it('is named by displayName, else by the whole name, else by its parts, family name first', () => {
    const name = { formatted: '花子 山田', familyName: '山田', givenName: '花子' };
    const nameOf = (body: object) => (read({ userName: 'a', ...body }) as UserFacts).name;
    assert.equal(nameOf({ displayName: '山田花子', name }), '山田花子');
    assert.equal(nameOf({ name }), '花子 山田');
    assert.equal(nameOf({ name: { ...name, formatted: null } }), '山田 花子');
    assert.equal(nameOf({ name: { givenName: '花子' } }), '花子');
    assert.equal(nameOf({ displayName: '' }), 'a');
    assert.equal(read({ userName: 'a', name: 'text' }), 'SCIM_VALUE_INVALID');
  });

  it('is read whatever case its names have, with our extension, and without what nobody keeps', () => {
    const facts = read({
      id: 'theirs',
      USERNAME: 'N2',
      externalID: 'e-2',
      displayname: '鈴木 次郎',
      emails: [{ value: 'jiro@example.jp', primary: true }],
      password: 'canary',
      meta: { resourceType: 'User' },
      [scimUrns.enterprise]: { department: '看護部' },
      [scimUrns.staff.toUpperCase()]: { KANA: 'ｽｽﾞｷ ｼﾞﾛｳ' },
      roles: ['admin'],
      isAdmin: true,
    });
    assert.deepEqual(facts, {
      userName: 'N2',
      externalId: 'e-2',
      name: '鈴木 次郎',
      familyName: null,
      givenName: null,
      active: true,
      kana: 'スズキ ジロウ',
    });
  });

  it('keeps state and kana of who was there before when it names neither', () => {
    const before = { ...hanako, active: false };
    assert.equal((read({ userName: 'N1001' }, before) as UserFacts).active, false);
    assert.equal((read({ userName: 'N1001', active: true }, before) as UserFacts).active, true);
    assert.equal((read({ userName: 'N1001' }, before) as UserFacts).kana, 'ヤマダ ハナコ');
    assert.equal((read({ userName: 'N1001', [scimUrns.staff]: { kana: '' } }, before) as UserFacts).kana, '');
    assert.equal((read({ userName: 'N1001' }, before) as UserFacts).externalId, null);
  });

  it('may say True and False as words, and nothing else', () => {
    for (const active of [false, 'False', 'false'])
      assert.equal((read({ userName: 'a', active }) as UserFacts).active, false);
    for (const active of ['no', 0, {}, []]) assert.equal(read({ userName: 'a', active }), 'SCIM_VALUE_INVALID');
  });
});

describe('a user that is patched', () => {
  it('changes as RFC 7644 3.5.2 shows', () => {
    assert.deepEqual(changed({ op: 'replace', path: 'active', value: false }), { active: false });
    assert.deepEqual(changed({ op: 'replace', value: { active: false, externalId: 'e-9' } }), {
      active: false,
      externalId: 'e-9',
    });
    assert.deepEqual(changed({ op: 'add', path: 'externalId', value: 'e-3' }), { externalId: 'e-3' });
    assert.deepEqual(changed({ op: 'remove', path: 'externalId' }), { externalId: null });
    assert.deepEqual(changed({ op: 'replace', path: 'externalId', value: null }), { externalId: null });
  });

  it('takes what Entra ID and Okta send', () => {
    assert.deepEqual(changed({ op: 'Replace', path: 'active', value: 'False' }), { active: false });
    assert.deepEqual(changed({ op: 'Replace', value: { active: false } }), { active: false });
    assert.deepEqual(
      changed(
        { op: 'Add', path: 'emails[type eq "work"].value', value: 'hanako@example.jp' },
        { op: 'Replace', path: `${scimUrns.enterprise}:department`, value: '外科' },
        { op: 'Add', path: 'name.familyName', value: '佐藤' },
      ),
      { name: '佐藤 花子', familyName: '佐藤' },
    );
    const dotted = {
      'name.givenName': '華子',
      'emails[type eq "work"].value': 'x',
      [`${scimUrns.staff}:kana`]: 'ヤマダ',
    };
    assert.deepEqual(changed({ op: 'Add', value: dotted }), {
      name: '山田 華子',
      givenName: '華子',
      kana: 'ヤマダ',
    });
    assert.deepEqual(changed({ op: 'replace', value: { id: 'x', [scimUrns.user]: { displayName: '花' } } }), {
      name: '花',
    });
  });

  it('finds attributes in any case, with or without their schema', () => {
    for (const path of [
      'USERNAME',
      'userName',
      `${scimUrns.user}:userName`,
      `${scimUrns.user.toUpperCase()}:USERNAME`,
    ]) {
      assert.deepEqual(changed({ op: 'REPLACE', path, value: 'N7' }), { userName: 'N7' }, path);
    }
    for (const operation of [
      { op: 'replace', path: `${scimUrns.staff}:kana`, value: 'カナ' },
      { op: 'replace', path: scimUrns.staff, value: { kana: 'カナ' } },
      { op: 'add', value: { [scimUrns.staff]: { kana: 'カナ' } } },
    ]) {
      assert.deepEqual(changed(operation), { kana: 'カナ' });
    }
    assert.deepEqual(changed({ op: 'remove', path: scimUrns.staff }), { kana: '' });
  });

  it('is named by what was changed', () => {
    assert.deepEqual(changed({ op: 'replace', path: 'displayName', value: '花' }), { name: '花' });
    assert.deepEqual(changed({ op: 'replace', path: 'name', value: { formatted: '花' } }), { name: '花' });
    assert.deepEqual(changed({ op: 'replace', value: { displayName: '花', name: { familyName: '佐藤' } } }), {
      name: '花',
      familyName: '佐藤',
    });
    assert.deepEqual(changed({ op: 'remove', path: 'name' }), { familyName: null, givenName: null });
    assert.deepEqual(changed({ op: 'remove', path: 'displayName' }), {});
  });

  it('is refused with the type of the mistake, and then nothing of it happens', () => {
    const refusals: [ScimOperation, string][] = [
      [{ op: 'move', path: 'active', value: false }, 'REQUEST_INVALID'],
      [{ op: 'replace', path: 'nothing', value: 1 }, 'SCIM_PATH_INVALID'],
      [{ op: 'replace', path: 'name[type eq "x"]', value: 1 }, 'SCIM_PATH_INVALID'],
      [{ op: 'replace', path: 'userName eq', value: 1 }, 'SCIM_PATH_INVALID'],
      [{ op: 'replace', value: { nothing: 1 } }, 'SCIM_PATH_INVALID'],
      [{ op: 'replace', path: 'id', value: 'x' }, 'SCIM_READ_ONLY'],
      [{ op: 'replace', path: 'meta.version', value: 'x' }, 'SCIM_READ_ONLY'],
      [{ op: 'add', path: 'groups', value: [{ value: 'x' }] }, 'SCIM_READ_ONLY'],
      [{ op: 'remove', path: 'userName' }, 'SCIM_READ_ONLY'],
      [{ op: 'remove', path: 'active' }, 'SCIM_READ_ONLY'],
      [{ op: 'remove' }, 'SCIM_TARGET_MISSING'],
      [{ op: 'replace', path: 'active' }, 'SCIM_VALUE_INVALID'],
      [{ op: 'replace', path: 'active', value: 'x' }, 'SCIM_VALUE_INVALID'],
      [{ op: 'replace', path: 'name', value: 'x' }, 'SCIM_VALUE_INVALID'],
      [{ op: 'replace', path: 'displayName', value: 'a\nb' }, 'SCIM_VALUE_INVALID'],
      [{ op: 'replace', path: 'displayName', value: 'x'.repeat(81) }, 'SCIM_VALUE_INVALID'],
      [{ op: 'add', value: 'x' }, 'SCIM_VALUE_INVALID'],
      [{ op: 'add', value: [] }, 'SCIM_VALUE_INVALID'],
    ];
    for (const [operation, code] of refusals) {
      assert.equal(
        patched({ op: 'replace', path: 'active', value: false }, operation),
        code,
        JSON.stringify(operation),
      );
    }
  });

  it('may have the name of its schema around its attributes once, and not to any depth', () => {
    assert.deepEqual(changed({ op: 'replace', value: { [scimUrns.user]: { displayName: 'x' } } }), { name: 'x' });
    let value: object = {};
    for (let depth = 0; depth < 40_000; depth += 1) value = { [scimUrns.user]: value };
    assert.equal(patched({ op: 'add', value }), 'SCIM_PATH_INVALID');
  });

  it('pollutes no prototype and throws nothing, whatever is sent', () => {
    const name = fc.constantFrom('__proto__', 'constructor', 'prototype', 'name', 'active', 'userName', 'members', 'x');
    const operation = fc.record(
      {
        op: fc.constantFrom('add', 'replace', 'remove', 'Add', ''),
        path: fc.oneof(
          name,
          fc.tuple(name, name).map((parts) => parts.join('.')),
          fc.string(),
        ),
        value: fc.oneof(fc.jsonValue(), fc.dictionary(name, fc.jsonValue())),
      },
      { requiredKeys: ['op'], noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 5 }), (operations) => {
        const result = patchUser(hanako, operations as ScimOperation[]);
        if (result.ok) assert.deepEqual(Object.keys(result.value).sort(), Object.keys(hanako).sort());
        readUser({ schemas, ...Object.assign({}, ...operations) });
        assert.equal(({} as Record<string, unknown>)['active'], undefined);
      }),
    );
  });
});
