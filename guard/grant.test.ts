import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Expected, findGrantFault } from './grant.ts';

const key = generateKeyPairSync('ed25519');
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

function grantOf(said: object, by = key.privateKey) {
  const payload = Buffer.from(JSON.stringify(said)).toString('base64url');
  return { payload, signature: sign(null, Buffer.from(payload), by).toString('base64url') };
}
const faultOf = (said: object, changed: Partial<Expected> = {}) =>
  findGrantFault(grantOf(said), key.publicKey, { ...expected, ...changed });

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
  assert.equal(findGrantFault(grantOf(facts, other.privateKey), key.publicKey, expected), 'signature');
  const good = grantOf(facts);
  const longer = { ...facts, expiresAt: new Date(at + 3_600_000).toISOString() };
  const payload = Buffer.from(JSON.stringify(longer)).toString('base64url');
  assert.equal(findGrantFault({ ...good, payload }, key.publicKey, expected), 'signature');
  const ecdsa = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  assert.equal(findGrantFault(grantOf(facts), ecdsa.publicKey, expected), 'signature');
});

test('whatever is signed that is not a grant is refused and never throws', () => {
  for (const said of [{}, { ...facts, more: 1 }, [], null, { ...facts, lock: null }])
    assert.equal(findGrantFault(grantOf(said as object), key.publicKey, expected), 'shape');
  fc.assert(
    fc.property(fc.string(), fc.string(), (payload, signature) => {
      assert.equal(findGrantFault({ payload, signature }, key.publicKey, expected), 'signature');
    }),
  );
});
