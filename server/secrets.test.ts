import assert from 'node:assert/strict';
import { createCipheriv, randomBytes, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { keyPurposes } from '#contract/api/keys.ts';
import type { Grant, GrantFacts } from '#contract/api/logins.ts';
import type { CardEvidence } from '#contract/card.ts';
import { readKeyRings } from './key-file.ts';
import { type KeyRings, ringFor, withKeyInUse } from './key-ring.ts';
import { createSecrets, markOf } from './secrets.ts';
import { rotateIn } from './testing-keys.ts';

const root = mkdtempSync(join(tmpdir(), 'kazasu-secrets-'));
after(() => rmSync(root, { recursive: true }));
const fresh = (name: string) => join(root, name);

const card: CardEvidence = {
  technology: 'felica',
  systemCode: '0003',
  identifier: '0114AABBCCDDEEFF',
  assurance: 'identifier',
};

describe('the key file', () => {
  it('is readable by its owner alone and read again at the next start', () => {
    const first = createSecrets(fresh('kept'));
    assert.equal(statSync(join(fresh('kept'), 'keys.json')).mode & 0o777, 0o600);
    const second = createSecrets(fresh('kept'));
    assert.deepEqual(second.cardIndexes(card), first.cardIndexes(card));
    assert.deepEqual(second.grantKeys(), first.grantKeys());
    assert.equal(second.tryOpen(first.seal('seed', 'one'), 'one'), 'seed');
  });

  it('is not replaced when it is damaged or open to others', () => {
    createSecrets(fresh('damaged'));
    const path = join(fresh('damaged'), 'keys.json');
    const whole = readFileSync(path, 'utf8');
    for (const text of ['', '{', '{}', '[]', whole.slice(0, -20), whole.replace('"sealing"', '"other"')]) {
      writeFileSync(path, text);
      assert.throws(() => createSecrets(fresh('damaged')), /damaged/);
      assert.equal(readFileSync(path, 'utf8'), text);
    }
    writeFileSync(path, whole);
    chmodSync(path, 0o644);
    assert.throws(() => createSecrets(fresh('damaged')), /0600/);
  });

  it('never shows a key in an error', () => {
    createSecrets(fresh('quiet'));
    const path = join(fresh('quiet'), 'keys.json');
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, `${whole}x`);
    assert.throws(
      () => createSecrets(fresh('quiet')),
      (problem: Error) => !`${problem.stack}${problem.cause ?? ''}`.includes(whole.slice(30, 60)),
    );
  });
});

describe('the blind index of a card', () => {
  it('depends on technology, system code and identifier, and not on the assurance', () => {
    const secrets = createSecrets(fresh('index'));
    const indexOf = (evidence: CardEvidence) => secrets.cardIndexes(evidence)[0].toString('hex');
    const { systemCode: _, ...without } = card;
    const all = [
      card,
      { ...card, systemCode: '8008' },
      { ...card, identifier: '0114AABBCCDDEEFE' },
      { ...without, technology: 'iso15693' as const },
      without,
    ].map(indexOf);
    assert.equal(new Set(all).size, all.length);
    assert.equal(indexOf({ ...card, assurance: 'pki' }), indexOf(card));
    assert.ok(!all.join().includes(card.identifier.toLowerCase()));
    assert.notEqual(createSecrets(fresh('other')).cardIndexes(card)[0].toString('hex'), indexOf(card));
  });

  it('is still found after its key was changed', () => {
    const secrets = createSecrets(fresh('rotating'));
    const [before] = secrets.cardIndexes(card);
    secrets.take(rotateIn(fresh('rotating'), 'card-index'));
    const [newest, older] = secrets.cardIndexes(card);
    assert.notDeepEqual(newest, before);
    assert.deepEqual(older, before);
    assert.deepEqual(createSecrets(fresh('rotating')).cardIndexes(card), [newest, older]);
  });

  it('is looked for under a key that waits, and not stored under it', () => {
    const secrets = createSecrets(fresh('waiting'));
    const [before] = secrets.cardIndexes(card);
    const waiting = rotateIn(fresh('waiting'), 'card-index', true);
    secrets.take(waiting);
    const [stored, looked] = secrets.cardIndexes(card);
    assert.deepEqual(stored, before);
    assert.ok(looked);
    secrets.take(withKeyInUse(waiting, 'card-index', 2, new Date()));
    assert.deepEqual(secrets.cardIndexes(card), [looked, before]);
  });
});

describe('sealing', () => {
  it('has a data key of its own for each secret, bound to its owner', () => {
    const secrets = createSecrets(fresh('envelope'));
    const [one, other] = [secrets.seal('seed', 'one'), secrets.seal('seed', 'other')];
    assert.equal(secrets.tryOpen(one, 'one'), 'seed');
    for (const moved of [
      secrets.tryOpen(one, 'other'),
      secrets.tryOpen({ ...one, text: other.text }, 'one'),
      secrets.tryOpen({ ...one, wrapped: other.wrapped }, 'one'),
      secrets.tryOpen({ ...other, wrapped: one.wrapped }, 'other'),
      secrets.tryOpen({ key: 1, text: one.text }, 'one'),
      secrets.tryOpen({ key: 1, text: one.wrapped ?? '' }, 'one'),
      secrets.tryOpen({ key: 1, text: one.wrapped ?? '' }, 'data key for one'),
      secrets.tryOpen({ ...one, wrapped: '' }, 'one'),
    ]) {
      assert.notEqual(moved, 'seed');
    }
    assert.notEqual(one.wrapped, other.wrapped);
  });

  it('opens nothing of which a byte was changed', () => {
    const secrets = createSecrets(fresh('bytes'));
    const sealed = secrets.seal('a seed of some length', 'one');
    for (const part of ['wrapped', 'text'] as const) {
      const bytes = Buffer.from(sealed[part] ?? '', 'base64url');
      for (let place = 0; place < bytes.length; place += 1) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(place) ^ 1, place);
        assert.equal(secrets.tryOpen({ ...sealed, [part]: changed.toString('base64url') }, 'one'), undefined);
      }
    }
  });

  it('still opens what an older key sealed, and seals its data key anew without touching the secret', () => {
    const secrets = createSecrets(fresh('sealing'));
    const before = secrets.seal('seed', 'one');
    secrets.take(rotateIn(fresh('sealing'), 'sealing'));
    assert.equal(secrets.tryOpen(before, 'one'), 'seed');
    const again = secrets.tryReseal(before, 'one');
    assert.ok(again);
    assert.deepEqual([before.key, again.key, secrets.sealingKey()], [1, 2, 2]);
    assert.equal(again.text, before.text);
    assert.notEqual(again.wrapped, before.wrapped);
    assert.equal(secrets.tryOpen(again, 'one'), 'seed');
    assert.equal(secrets.tryReseal(before, 'other'), undefined);
    assert.equal(secrets.tryOpen({ ...before, key: 2 }, 'one'), undefined);
  });

  it('opens what was sealed without a data key, and gives it one', () => {
    const secrets = createSecrets(fresh('older'));
    const [ring] = readKeyRings(fresh('older'))?.sealing ?? [];
    assert.ok(ring);
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(ring.key, 'base64'), nonce).setAAD(Buffer.from('one'));
    const text = Buffer.concat([nonce, cipher.update('seed'), cipher.final(), cipher.getAuthTag()]).toString(
      'base64url',
    );
    const older = { key: 1, text };
    assert.equal(secrets.tryOpen(older, 'one'), 'seed');
    assert.equal(secrets.tryOpen(older, 'other'), undefined);
    const again = secrets.tryReseal(older, 'one');
    assert.ok(again?.wrapped);
    assert.notEqual(again.text, text);
    assert.equal(secrets.tryOpen(again, 'one'), 'seed');
  });
});

describe('a grant', () => {
  it('names its key, which everybody knows before it signs and as long as it may have signed', () => {
    const secrets = createSecrets(fresh('grant'));
    const facts = { terminal: 't', lock: 'l' } as unknown as GrantFacts;
    const holds = ({ key, payload, signature }: Grant) => {
      const known = secrets.grantKeys().find(({ id }) => id === key);
      assert.match(known?.key ?? '', /^-----BEGIN PUBLIC KEY-----\n/);
      return verify(null, Buffer.from(payload), known?.key ?? '', Buffer.from(signature, 'base64url'));
    };
    const grant = secrets.signGrant(facts);
    assert.deepEqual(JSON.parse(Buffer.from(grant.payload, 'base64url').toString()), facts);
    assert.ok(holds(grant));
    const waiting = rotateIn(fresh('grant'), 'grant', true);
    secrets.take(waiting);
    assert.deepEqual([secrets.signGrant(facts).key, secrets.grantKeys().map(({ id }) => id)], [1, [1, 2]]);
    secrets.take(withKeyInUse(waiting, 'grant', 2, new Date()));
    const next = secrets.signGrant(facts);
    assert.equal(next.key, 2);
    assert.ok(holds(next) && holds(grant));
    assert.ok(!holds({ ...grant, key: 2 }));
  });
});

describe('a mark', () => {
  it('names a key, tells it to nobody, and differs from key to key and purpose to purpose', () => {
    createSecrets(fresh('marks'));
    const rings = rotateIn(fresh('marks'), 'sealing');
    const marksOf = (all: KeyRings) =>
      keyPurposes.flatMap((purpose) => ringFor(all, purpose).map((key) => markOf(purpose, key)));
    const marks = marksOf(rings);
    assert.equal(marks.length, 6);
    assert.equal(new Set(marks).size, marks.length);
    const file = readFileSync(join(fresh('marks'), 'keys.json'), 'utf8');
    for (const mark of marks) assert.ok(!file.includes(mark));
    const read = readKeyRings(fresh('marks'));
    assert.ok(read);
    assert.deepEqual(marksOf(read), marks);
  });
});
