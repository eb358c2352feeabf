import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { GrantFacts } from '#contract/api/logins.ts';
import type { CardEvidence } from '#contract/card.ts';
import { createSecrets } from './secrets.ts';

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
    assert.equal(second.grantPublicKey(), first.grantPublicKey());
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
    secrets.rotate('card-index');
    const [newest, older] = secrets.cardIndexes(card);
    assert.notDeepEqual(newest, before);
    assert.deepEqual(older, before);
    assert.deepEqual(createSecrets(fresh('rotating')).cardIndexes(card), [newest, older]);
  });
});

describe('sealing', () => {
  it('still opens what an older key sealed', () => {
    const secrets = createSecrets(fresh('sealing'));
    const before = secrets.seal('seed', 'one');
    secrets.rotate('sealing');
    const after = secrets.seal('seed', 'one');
    assert.deepEqual([before.key, after.key], [1, 2]);
    assert.equal(secrets.tryOpen(before, 'one'), 'seed');
    assert.equal(secrets.tryOpen(after, 'one'), 'seed');
    assert.equal(secrets.tryOpen({ ...before, key: 2 }, 'one'), undefined);
    assert.notEqual(secrets.seal('seed', 'one').text, after.text);
  });
});

describe('a grant', () => {
  it('is signed by the key that terminals were given, and by the new one after a change', () => {
    const secrets = createSecrets(fresh('grant'));
    const facts = { terminal: 't', lock: 'l' } as unknown as GrantFacts;
    const holds = ({ payload, signature }: { payload: string; signature: string }, key: string) =>
      verify(null, Buffer.from(payload), key, Buffer.from(signature, 'base64url'));
    const grant = secrets.signGrant(facts);
    const key = secrets.grantPublicKey();
    assert.match(key, /^-----BEGIN PUBLIC KEY-----\n/);
    assert.deepEqual(JSON.parse(Buffer.from(grant.payload, 'base64url').toString()), facts);
    assert.ok(holds(grant, key));
    secrets.rotate('grant');
    assert.ok(!holds(secrets.signGrant(facts), key));
    assert.ok(holds(secrets.signGrant(facts), secrets.grantPublicKey()));
  });
});

describe('marks', () => {
  it('name every key, tell none, and differ from server to server', () => {
    const secrets = createSecrets(fresh('marks'));
    secrets.rotate('sealing');
    const marks = secrets.marks();
    assert.deepEqual(
      marks.map(({ purpose, key }) => `${purpose} ${key}`),
      ['card-index 1', 'pin-pepper 1', 'sealing 1', 'sealing 2', 'grant 1'],
    );
    assert.equal(new Set(marks.map(({ mark }) => mark)).size, marks.length);
    const file = readFileSync(join(fresh('marks'), 'keys.json'), 'utf8');
    for (const { mark } of marks) assert.ok(!file.includes(mark));
    assert.deepEqual(createSecrets(fresh('marks')).marks(), marks);
    assert.notDeepEqual(createSecrets(fresh('elsewhere')).marks(), marks);
  });
});
