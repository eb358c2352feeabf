import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { toBase64, tryFromBase64 } from './base64.ts';
import {
  findEndorsed,
  findSigner,
  formatCheckpoint,
  formatEndorsement,
  formatNote,
  formatNoteKey,
  tryParseCheckpoint,
  tryParseNote,
  tryParseNoteKey,
} from './checkpoint.ts';
import { decodeUtf8 } from './utf8.ts';

// Stands for Ed25519, which rules do not know; the server's tests sign with the real one.
const signWith = (key: Uint8Array, bytes: Uint8Array): Uint8Array => sha512(Buffer.concat([key, bytes]));
const check = (key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean =>
  Buffer.from(signWith(key, bytes)).equals(signature);
const signerOf = (seed: number, name = 'kazasu/log') => {
  const key = new Uint8Array(32).fill(seed);
  return { name, key, sign: (bytes: Uint8Array) => signWith(key, bytes) };
};
const [one, two, three] = [signerOf(1), signerOf(2), signerOf(3)];
const checkpoint = { origin: 'kazasu/log', size: 17, root: new Uint8Array(32).fill(9), at: '2026-11-29T04:50:00.000Z' };

describe('a signed note', () => {
  test('is read as it stands, and written with its key’s name and hint', () => {
    const written = formatNote('a\nb\n', [one]);
    const note = tryParseNote(written);
    assert.equal(note?.text, 'a\nb\n');
    assert.equal(note?.signatures[0]?.name, 'kazasu/log');
    assert.match(written, /^a\nb\n\n\u2014 kazasu\/log [A-Za-z0-9+/]{91}=\n$/);
    assert.deepEqual(findSigner(tryParseNote(written) ?? assert.fail(), [one], check).signer?.key, one.key);
  });

  test('holds for the key that signed it alone, and is forged where a line of ours is false', () => {
    const note = tryParseNote(formatNote('text\n', [one, two])) ?? assert.fail();
    assert.equal(findSigner(note, [two], check).signer, two);
    assert.equal(findSigner(note, [three], check).signer, undefined);
    assert.equal(findSigner(note, [{ ...one, name: 'other' }], check).signer, undefined);
    const changed = { ...note, text: 'test\n' };
    assert.deepEqual(findSigner(changed, [one], check), { signer: undefined, isForged: true });
  });

  test('is refused when it is not well made', () => {
    const good = formatNote('text\n', [one]);
    const bad = [
      '',
      'text\n',
      good.slice(0, -1),
      good.replace('\u2014', '-'),
      good.replace('\n\n', '\n'),
      `${good}more\n`,
      good.replace('text', 'te\u0000xt'),
      good.replace('text', 'te\rxt'),
      good.replace(/[A-Za-z0-9+/]+=\n$/, 'AAAA\n'),
    ];
    for (const note of bad) assert.equal(tryParseNote(note), undefined, JSON.stringify(note));
    fc.assert(fc.property(fc.string(), (text) => void tryParseNote(text)));
  });

  test('names its key in one line that is read again, and no other', () => {
    const line = formatNoteKey(one);
    assert.match(line, /^kazasu\/log\+[0-9a-f]{8}\+A[A-Za-z0-9+/]{43}$/);
    assert.deepEqual(tryParseNoteKey(line), { name: one.name, key: one.key });
    for (const wrong of [line.replace('kazasu', 'kazasa'), line.slice(0, -1), `x${line}`, line.replace(/\+A/, '+B')])
      assert.equal(tryParseNoteKey(wrong), undefined, wrong);
    // A key of sum.golang.org, with the hint that its owner gave it.
    const known = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';
    assert.equal(formatNoteKey(tryParseNoteKey(known) ?? assert.fail()), known);
  });
});

describe('a checkpoint', () => {
  test('is read again as it was written', () => {
    const text = formatCheckpoint(checkpoint);
    assert.equal(text, `kazasu/log\n17\n${'CQkJ'.repeat(10)}CQk=\nat 2026-11-29T04:50:00.000Z\n`);
    assert.deepEqual(tryParseCheckpoint(text), checkpoint);
  });

  test('is refused when it is another text', () => {
    const text = formatCheckpoint(checkpoint);
    const bad = [
      text.replace('17', '017'),
      text.replace('17', '-1'),
      text.replace('17', '99999999999999999'),
      text.replace('CQkJ', ''),
      text.slice(0, -1),
      `${text}more\n`,
      text.replace('at ', ''),
      text.replace('kazasu/log', ''),
    ];
    for (const wrong of bad) assert.equal(tryParseCheckpoint(wrong), undefined, JSON.stringify(wrong));
    fc.assert(fc.property(fc.string(), (any) => void tryParseCheckpoint(any)));
  });
});

describe('a new key', () => {
  const endorse = (by: typeof one, next: typeof one): string => formatNote(formatEndorsement(next), [by]);

  test('is believed when a believed one vouches for it, over several changes and in any order', () => {
    const notes = [endorse(two, three), endorse(one, two)];
    assert.deepEqual(findEndorsed([one], notes, check).map(formatNoteKey), [one, two, three].map(formatNoteKey));
    assert.deepEqual(findEndorsed([three], notes, check).map(formatNoteKey), [formatNoteKey(three)]);
  });

  test('is not believed on its own word or on a changed one', () => {
    const forged = endorse(one, two).replace(formatNoteKey(two), formatNoteKey(three));
    assert.equal(findEndorsed([one], [endorse(two, two), endorse(two, three), forged], check).length, 1);
    assert.equal(findEndorsed([one], [formatNote(formatCheckpoint(checkpoint), [one])], check).length, 1);
  });
});

test('base64 and UTF-8 are those of the platform, and what is not exactly one is none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      assert.equal(toBase64(bytes), text);
      assert.deepEqual(tryFromBase64(text), bytes);
    }),
  );
  for (const wrong of ['A', 'AA', 'AAA', 'AB==', 'AAB=', 'A===', 'AA=A', 'AA\n=', '=AAA', 'AA-_', 'é===']) {
    assert.equal(tryFromBase64(wrong), undefined, wrong);
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) =>
      assert.equal(decodeUtf8(Buffer.from(text)), text.toWellFormed()),
    ),
  );
  assert.throws(() => decodeUtf8(Uint8Array.of(0xff)), URIError);
});
