import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { generateSync } from 'otplib';
import {
  checkSecret,
  hashSecret,
  isOldHash,
  makeSupportCode,
  makeTotpSeed,
  matchTotp,
  sealSeed,
  totpUri,
  tryOpenSeed,
} from './credentials.ts';
import { createSecrets } from './secrets.ts';
import { rotateIn } from './testing-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'kazasu-credentials-'));
after(() => rmSync(folder, { recursive: true }));
const secrets = createSecrets(folder);

/** Base32 of the ASCII text 12345678901234567890. */
const vectorSeed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

describe('one-time codes', () => {
  it('are those of RFC 4226 appendix D', () => {
    const codes = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'];
    codes.forEach((code, counter) => {
      assert.equal(matchTotp(vectorSeed, code, counter * 30_000 + 15_000), counter);
    });
  });

  it('are those of RFC 6238 appendix B, for each of its hash functions; ours is the first', () => {
    const vectors: Record<number, readonly [sha1: string, sha256: string, sha512: string]> = {
      59: ['94287082', '46119246', '90693936'],
      1111111109: ['07081804', '68084774', '25091201'],
      1111111111: ['14050471', '67062674', '99943326'],
      1234567890: ['89005924', '91819424', '93441116'],
      2000000000: ['69279037', '90698825', '38618901'],
      20000000000: ['65353130', '77737706', '47863826'],
    };
    const hashes = [
      ['sha1', 20],
      ['sha256', 32],
      ['sha512', 64],
    ] as const;
    for (const [seconds, codes] of Object.entries(vectors)) {
      for (const [place, [algorithm, bytes]] of hashes.entries()) {
        // The seeds are those of the reference implementation, erratum 2866: the digits repeated to the hash's length.
        const secret = Buffer.from('1234567890'.repeat(7).slice(0, bytes));
        assert.equal(generateSync({ secret, epoch: Number(seconds), digits: 8, algorithm }), codes[place]);
      }
      assert.equal(matchTotp(vectorSeed, codes[0].slice(2), Number(seconds) * 1000), Math.floor(Number(seconds) / 30));
    }
  });

  it('fit one step either way and no more', () => {
    const now = 1_790_000_000_000;
    const step = Math.floor(now / 30_000);
    fc.assert(
      fc.property(fc.integer({ min: -5, max: 5 }), fc.nat(29_999), (away, within) => {
        const seed = makeTotpSeed();
        const codes = [-1, 0, 1].map((near) => generateSync({ secret: seed, epoch: (step + near) * 30 }));
        const code = generateSync({ secret: seed, epoch: (step + away) * 30 });
        const expected = codes.lastIndexOf(code);
        assert.equal(matchTotp(seed, code, step * 30_000 + within), expected < 0 ? undefined : step + expected - 1);
        assert.ok(Math.abs(away) > 1 || expected >= 0);
      }),
      { numRuns: 50 },
    );
  });

  it('have six digits; anything else fits nothing and throws nothing', () => {
    for (const typed of [
      '',
      '28708',
      '2870822',
      'abcdef',
      '287 08',
      '2870８',
      '\u0000'.repeat(6),
      '-287082',
      '------',
    ]) {
      const allowed = typed === '-287082' ? 1 : undefined;
      assert.equal(matchTotp(vectorSeed, typed, 45_000), allowed, JSON.stringify(typed));
    }
    assert.equal(matchTotp(vectorSeed, '２８７ ０８２', 45_000), 1);
  });

  it('are scanned as a key URI that names the product and the person', () => {
    const uri = new URL(totpUri(vectorSeed, { name: '山田 花子', number: 'N1' }));
    assert.equal(uri.protocol, 'otpauth:');
    assert.equal(uri.host, 'totp');
    assert.equal(decodeURIComponent(uri.pathname), '/Kazasu:山田 花子 (N1)');
    assert.equal(uri.searchParams.get('secret'), vectorSeed);
    assert.equal(uri.searchParams.get('issuer'), 'Kazasu');
  });

  it('have seeds of 160 bits', () => {
    assert.match(makeTotpSeed(), /^[A-Z2-7]{32}$/);
    assert.notEqual(makeTotpSeed(), makeTotpSeed());
  });
});

describe('a sealed seed', () => {
  it('opens for its person alone and only unchanged', () => {
    const sealed = sealSeed(secrets, vectorSeed, 'one');
    assert.equal(tryOpenSeed(secrets, sealed, 'one'), vectorSeed);
    assert.equal(tryOpenSeed(secrets, sealed, 'other'), undefined);
    assert.ok(!JSON.stringify(sealed).includes(vectorSeed));
    const bytes = Buffer.from(sealed.text, 'base64url');
    for (let place = 0; place < bytes.length; place += 1) {
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] ?? 0) ^ 1;
      assert.equal(tryOpenSeed(secrets, { ...sealed, text: changed.toString('base64url') }, 'one'), undefined);
    }
    for (const damaged of [null, undefined, {}, 'x', { key: 2, text: sealed.text }, { key: 1, text: '' }, { key: 1 }]) {
      assert.equal(tryOpenSeed(secrets, damaged, 'one'), undefined);
    }
  });
});

describe('a hashed PIN or password', () => {
  it('is right for itself alone, and needs the pepper', async () => {
    const stored = await hashSecret(secrets, '83106274');
    assert.match(stored.phc, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.equal(await checkSecret(secrets, stored, '83106274'), 'right');
    assert.equal(await checkSecret(secrets, stored, '83106275'), 'wrong');
    assert.equal(await checkSecret(secrets, stored, '8310627'), 'wrong');
    const elsewhere = createSecrets(join(folder, 'elsewhere'));
    assert.equal(await checkSecret(elsewhere, stored, '83106274'), 'wrong');
    assert.notEqual((await hashSecret(secrets, '83106274')).phc, stored.phc);
  });

  it('stays right when the pepper is changed, and new ones take the new pepper', async () => {
    const rotating = createSecrets(join(folder, 'rotating'));
    const before = await hashSecret(rotating, '83106274');
    rotating.take(rotateIn(join(folder, 'rotating'), 'pin-pepper'));
    const after = await hashSecret(rotating, '83106274');
    assert.deepEqual([before.pepper, after.pepper], [1, 2]);
    assert.deepEqual([isOldHash(rotating, before), isOldHash(rotating, after)], [true, false]);
    assert.equal(await checkSecret(rotating, before, '83106274'), 'right');
    assert.equal(await checkSecret(rotating, after, '83106274'), 'right');
    assert.equal(await checkSecret(rotating, { ...before, pepper: 2 }, '83106274'), 'wrong');
  });

  it('denies when it is damaged, of another scheme, cheaper, or empty', async () => {
    const { phc } = await hashSecret(secrets, '83106274');
    const damaged = [
      null,
      undefined,
      '',
      phc,
      {},
      { pepper: 1 },
      { pepper: 1, phc: '' },
      { pepper: 7, phc },
      { pepper: 1, phc: phc.slice(0, -1) },
      { pepper: 1, phc: `${phc}A` },
      { pepper: 1, phc: phc.replace('argon2id', 'argon2i') },
      { pepper: 1, phc: phc.replace('t=2', 't=1') },
      { pepper: 1, phc: '$2b$10$abcdefghijklmnopqrstuv' },
      { pepper: 1, phc: '83106274' },
    ];
    for (const stored of damaged)
      assert.equal(await checkSecret(secrets, stored, '83106274'), 'damaged', JSON.stringify(stored));
  });
});

describe('a support code', () => {
  it('has nine characters that nobody mistakes and more than 40 random bits', () => {
    const codes = new Set(Array.from({ length: 2000 }, makeSupportCode));
    assert.equal(codes.size, 2000);
    for (const code of codes) assert.match(code, /^[34679ACDEFGHJKMNPQRTWXY]{3}(-[34679ACDEFGHJKMNPQRTWXY]{3}){2}$/);
    assert.ok(9 * Math.log2(23) > 40);
    const seen = new Set([...codes].join('').replaceAll('-', ''));
    assert.equal(seen.size, 23);
  });
});
