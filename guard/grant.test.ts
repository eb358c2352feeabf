import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Expected, findGrantFault, type GrantKeys } from './grant.ts';

const key = generateKeyPairSync('ed25519');
const next = generateKeyPairSync('ed25519');
const pemOf = (publicKey: KeyObject) => publicKey.export({ type: 'spki', format: 'pem' }).toString();
const keys: GrantKeys = [
  { id: 1, key: pemOf(key.publicKey) },
  { id: 2, key: pemOf(next.publicKey) },
];
const at = Date.parse('2026-11-22T06:00:00Z');
const id = (last: string) => `0190a000-0000-7000-8000-00000000000${last}`;
const facts = {
  terminal: id('1'),
  lock: id('2'),
  session: id('3'),
  attempt: id('4'),
  person: id('5'),
  issuedAt: new Date(at).toISOString(),
  expiresAt: new Date(at + 30_000).toISOString(),
};
const { issuedAt: _issued, expiresAt: _expires, ...names } = facts;
const expected = { ...names, serverNow: at + 1_000 } as unknown as Expected;

function grantOf(said: object, by = key.privateKey, number = 1) {
  const payload = Buffer.from(JSON.stringify(said)).toString('base64url');
  return { key: number, payload, signature: sign(null, Buffer.from(payload), by).toString('base64url') };
}
const faultOf = (said: object, changed: Partial<Expected> = {}) =>
  findGrantFault(grantOf(said), keys, { ...expected, ...changed });

test('a grant for this terminal, this lock, this attempt and this person opens', () => {
  assert.equal(faultOf(facts), null);
});

test('a grant for any other of them opens nothing', () => {
  for (const member of ['terminal', 'lock', 'session', 'attempt', 'person'] as const)
    assert.equal(faultOf({ ...facts, [member]: id('9') }), member);
});

test('a grant opens nothing from the moment at which it expires', () => {
  assert.equal(faultOf(facts, { serverNow: at + 29_999 }), null);
  assert.equal(faultOf(facts, { serverNow: at + 30_000 }), 'expired');
});

test('a grant that somebody else signed, or that was changed, opens nothing', () => {
  const other = generateKeyPairSync('ed25519');
  assert.equal(findGrantFault(grantOf(facts, other.privateKey), keys, expected), 'signature');
  const good = grantOf(facts);
  const longer = { ...facts, expiresAt: new Date(at + 3_600_000).toISOString() };
  const payload = Buffer.from(JSON.stringify(longer)).toString('base64url');
  assert.equal(findGrantFault({ ...good, payload }, keys, expected), 'signature');
});

test('a grant opens by the key that it names and by no other', () => {
  assert.equal(findGrantFault(grantOf(facts, next.privateKey, 2), keys, expected), null);
  assert.equal(findGrantFault(grantOf(facts, next.privateKey, 1), keys, expected), 'signature');
  assert.equal(findGrantFault(grantOf(facts, key.privateKey, 2), keys, expected), 'signature');
  for (const number of [0, 3, -1, Number.NaN]) {
    assert.equal(findGrantFault(grantOf(facts, key.privateKey, number), keys, expected), 'key');
  }
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (const odd of [pemOf(publicKey), 'nonsense']) {
    assert.equal(findGrantFault(grantOf(facts, privateKey), [{ id: 1, key: odd }], expected), 'key');
  }
  assert.equal(findGrantFault(grantOf(facts), [], expected), 'key');
});

test('whatever is signed that is not a grant is refused and never throws', () => {
  for (const said of [{}, { ...facts, more: 1 }, [], null, { ...facts, lock: null }])
    assert.equal(findGrantFault(grantOf(said as object), keys, expected), 'shape');
  fc.assert(
    fc.property(fc.string(), fc.string(), (payload, signature) => {
      assert.equal(findGrantFault({ key: 1, payload, signature }, keys, expected), 'signature');
    }),
  );
});
