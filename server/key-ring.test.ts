import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  inOrder,
  type KeyRings,
  keyRings,
  nextId,
  ringFor,
  stateOf,
  versionOf,
  withKey,
  withKeyInUse,
  withoutKey,
} from './key-ring.ts';

const key = (id: number, more: object = {}) => ({ id, key: 'AAAA', ...more });
const ringsOf = (sealing: object[]): unknown => ({
  'card-index': [key(1)],
  'pin-pepper': [key(1)],
  sealing,
  grant: [key(1)],
});
const parse = (sealing: object[]): KeyRings => keyRings.parse(ringsOf(sealing));

describe('a ring of keys', () => {
  it('writes with the newest that does not wait, and reads with all', () => {
    const { sealing } = parse([key(2), key(4, { waits: true }), key(1), key(3)]);
    assert.deepEqual(
      inOrder(sealing).map(({ id }) => id),
      [3, 2, 1, 4],
    );
    assert.deepEqual(
      sealing.map((one) => stateOf(sealing, one)),
      ['old', 'waits', 'old', 'in-use'],
    );
  });

  it('has a key in use and no number twice, or it is damaged', () => {
    for (const bad of [[], [key(1, { waits: true })], [key(1), key(1)], [key(0)], [key(1, { more: 1 })]]) {
      assert.equal(keyRings.safeParse(ringsOf(bad)).success, false, JSON.stringify(bad));
    }
  });

  it('has another version after every step, and the same for the same keys in the same state', () => {
    const now = new Date();
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }), (ids) => {
        const before = parse(ids.map((id) => key(id)));
        const id = nextId(ringFor(before, 'sealing'));
        const made = withKey(before, 'sealing', { id, key: 'BBBB', waits: true });
        const used = withKeyInUse(made, 'sealing', id, now);
        const versions = [before, made, used].map(versionOf);
        assert.equal(new Set(versions).size, 3);
        assert.equal(inOrder(used.sealing)[0].id, id);
        assert.equal(versionOf(parse([...before.sealing].reverse())), versionOf(before));
        assert.equal(versionOf(withoutKey(made, 'sealing', id)), versionOf(before));
      }),
    );
  });
});
