import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type ScimOperation, scimUrns } from '#contract/api/scim.ts';
import { type GroupFacts, patchGroup, readGroup } from './group.ts';

const id = (last: number): string => `00000000-0000-4000-8000-${String(last).padStart(12, '0')}`;
const [a, b, c] = [id(1), id(2), id(3)];
const nurses: GroupFacts = { displayName: '看護部', externalId: 'g-1', members: new Set([a, b]) };

const patched = (...operations: ScimOperation[]) => {
  const result = patchGroup(nurses, operations);
  return result.ok ? { ...result.value, members: [...result.value.members].sort() } : result.failure.code;
};
const membersAfter = (...operations: ScimOperation[]) => {
  const after = patched(...operations);
  return typeof after === 'string' ? after : after.members;
};

describe('a group that is sent whole', () => {
  it('has a name and people', () => {
    const read = (body: object) => {
      const result = readGroup({ schemas: [scimUrns.group], ...body });
      return result.ok ? { ...result.value, members: [...result.value.members] } : result.failure.code;
    };
    assert.deepEqual(read({ DisplayName: '看護部' }), { displayName: '看護部', externalId: null, members: [] });
    assert.deepEqual(read({ displayName: '看護部', members: [{ value: a.toUpperCase(), $ref: null }, { value: a }] }), {
      displayName: '看護部',
      externalId: null,
      members: [a],
    });
    for (const body of [
      {},
      { displayName: '' },
      { displayName: 7 },
      { displayName: 'x', members: [{ value: 'x' }] },
      { displayName: 'x', members: ['x'] },
      { displayName: 'x', members: [null] },
      { displayName: 'x', members: [{ value: a, type: 'Group' }] },
    ]) {
      assert.equal(read(body), 'SCIM_VALUE_INVALID', JSON.stringify(body));
    }
  });
});

describe('a group that is patched', () => {
  it('takes people in and lets them go, as RFC 7644 3.5.2 shows', () => {
    assert.deepEqual(membersAfter({ op: 'add', path: 'members', value: [{ value: c, display: 'x' }] }), [a, b, c]);
    assert.deepEqual(membersAfter({ op: 'remove', path: `members[value eq "${a}"]` }), [b]);
    assert.deepEqual(membersAfter({ op: 'remove', path: 'members' }), []);
    assert.deepEqual(membersAfter({ op: 'replace', path: 'members', value: [{ value: c }] }), [c]);
    assert.deepEqual(membersAfter({ op: 'replace', path: 'members', value: [] }), []);
    assert.deepEqual(
      membersAfter({ op: 'remove', path: 'members' }, { op: 'add', path: 'members', value: [{ value: c }] }),
      [c],
    );
    assert.deepEqual(membersAfter({ op: 'add', value: { members: [{ value: c }], displayName: 'x' } }), [a, b, c]);
  });

  it('takes what Entra ID and Okta send', () => {
    const entra = { $ref: null, value: c };
    assert.deepEqual(membersAfter({ op: 'Add', path: 'members', value: [entra] }), [a, b, c]);
    assert.deepEqual(membersAfter({ op: 'Add', path: 'members', value: entra }), [a, b, c]);
    assert.deepEqual(membersAfter({ op: 'Remove', path: 'members', value: [{ $ref: null, value: b }] }), [a]);
    assert.deepEqual(patched({ op: 'replace', value: { id: 'x', displayName: '看護部 3東' } }), {
      displayName: '看護部 3東',
      externalId: 'g-1',
      members: [a, b],
    });
  });

  it('is refused with the type of the mistake', () => {
    const refusals: [ScimOperation, string][] = [
      [{ op: 'remove', path: 'displayName' }, 'SCIM_READ_ONLY'],
      [{ op: 'replace', path: 'displayName', value: '' }, 'SCIM_READ_ONLY'],
      [{ op: 'replace', path: `members[value eq "${a}"]`, value: { value: c } }, 'SCIM_READ_ONLY'],
      [{ op: 'replace', path: `members[value eq "${a}"].display`, value: 'x' }, 'SCIM_READ_ONLY'],
      [{ op: 'replace', path: 'members.value', value: 'x' }, 'SCIM_READ_ONLY'],
      [{ op: 'replace', path: 'id', value: 'x' }, 'SCIM_READ_ONLY'],
      [{ op: 'add', path: 'members', value: [{ value: 'x' }] }, 'SCIM_VALUE_INVALID'],
      [{ op: 'add', path: 'emails', value: [] }, 'SCIM_PATH_INVALID'],
      [{ op: 'remove', path: `members[value[x eq "1"]]` }, 'SCIM_PATH_INVALID'],
    ];
    for (const [operation, code] of refusals) assert.equal(patched(operation), code, JSON.stringify(operation));
  });

  it('has a limit', () => {
    const many = Array.from({ length: 50_001 }, (_, number) => ({ value: id(number) }));
    assert.equal(patched({ op: 'replace', path: 'members', value: many }), 'SCIM_TOO_MANY');
  });

  it('takes a thousand members out one by one, and of other filters no more than a server has time for', () => {
    const large: GroupFacts = { ...nurses, members: new Set(Array.from({ length: 3000 }, (_, number) => id(number))) };
    const each = (path: (member: string) => string) =>
      Array.from({ length: 1000 }, (_, number): ScimOperation => ({ op: 'remove', path: path(id(number)) }));
    const left = (operations: ScimOperation[], before = large) => {
      const result = patchGroup(before, operations);
      return result.ok ? result.value.members.size : result.failure.code;
    };
    assert.equal(left(each((member) => `MEMBERS[VALUE EQ "${member.toUpperCase()}"]`)), 2000);
    assert.equal(left(each((member) => `members[value sw "${member}"]`)), 'SCIM_TOO_MANY');
    assert.equal(left([{ op: 'remove', path: 'members[value ew "0" or value ew "1"]' }]), 2400);
    const whole = { ...large, members: new Set(Array.from({ length: 50_000 }, (_, number) => id(number))) };
    const ends = (...digits: string[]): ScimOperation[] => [
      { op: 'remove', path: `members[${digits.map((digit) => `value ew "${digit}"`).join(' or ')}]` },
    ];
    assert.equal(left(ends('0', '1'), whole), 40_000);
    assert.equal(left(ends('0', '1', '2'), whole), 'SCIM_TOO_MANY');
    assert.equal(left([...ends('0'), ...ends('1')], whole), 40_000);
    assert.equal(left([...ends('0'), ...ends('1'), ...ends('2')], whole), 'SCIM_TOO_MANY');
  });

  it('ends with the people of its last word, whatever the order', () => {
    const act = fc.record({ add: fc.boolean(), who: fc.constantFrom(a, b, c), filtered: fc.boolean() });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 10 }), (acts) => {
        const expected = new Set(nurses.members);
        for (const { add, who } of acts) add ? expected.add(who) : expected.delete(who);
        const operations = acts.map(({ add, who, filtered }): ScimOperation => {
          if (!add && filtered) return { op: 'remove', path: `members[value eq "${who}"]` };
          return { op: add ? 'add' : 'remove', path: 'members', value: [{ value: who }] };
        });
        assert.deepEqual(membersAfter(...operations), [...expected].sort());
      }),
    );
  });
});
