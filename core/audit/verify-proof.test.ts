import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import type { EventProof, GrowthProof } from '#contract/api/log.ts';
import { toBase64 } from './base64.ts';
import { type CheckSignature, formatCheckpoint, formatEndorsement, formatNote, formatNoteKey } from './checkpoint.ts';
import { consistencyRanges, growTree, inclusionRanges, type Range, treeHashes } from './merkle.ts';
import { type ProofDeps, verifyEventProof, verifyGrowthProof } from './verify-proof.ts';

// Stands for Ed25519, which rules do not know.
const signWith = (key: Uint8Array, bytes: Uint8Array): Uint8Array => sha512(Buffer.concat([key, bytes]));
const check: CheckSignature = (key, bytes, signature) => Buffer.from(signWith(key, bytes)).equals(signature);
const signerOf = (seed: number, name = 'kazasu/log/one') => {
  const key = new Uint8Array(32).fill(seed);
  return { name, key, sign: (bytes: Uint8Array) => signWith(key, bytes) };
};
const [own, other] = [signerOf(1), signerOf(2)];
const deps: ProofDeps = { hashes: treeHashes, check, believed: [] };

/** A log of so many lines; one of them may be another text than usual. */
const logOf = (size: number, changed = -1) => {
  const lines = Array.from({ length: size }, (_, at) => `{"seq":${at},"reason":"かざす${at === changed ? '!' : ''}"}`);
  const rootOf = ({ begin, end }: Range) => {
    const tree = growTree(treeHashes);
    for (const line of lines.slice(begin, end)) tree.append(treeHashes.leaf(Buffer.from(line)));
    return tree.root();
  };
  const checkpoint = (count = size, signer = own): string => {
    const root = rootOf({ begin: 0, end: count });
    return formatNote(formatCheckpoint({ origin: signer.name, size: count, root, at: '2026-11-29T06:00:00.000Z' }), [
      signer,
    ]);
  };
  const rootsOf = (ranges: readonly Range[]) => ranges.map(rootOf).map(toBase64);
  return { lines, checkpoint, rootsOf };
};
const keys = { keys: [formatNoteKey(own)], endorsements: [] as string[] };

const proveEvent = (position: number, size: number): EventProof => {
  const { lines, checkpoint, rootsOf } = logOf(size);
  const line = lines[position] ?? assert.fail();
  const leaf = toBase64(treeHashes.leaf(Buffer.from(line)));
  const proof = rootsOf(inclusionRanges(position, size));
  return { kazasu: 'event-proof', version: 1, position, line, leaf, proof, checkpoint: checkpoint(), ...keys };
};
const proveGrowth = (from: number, to: number, given: Partial<GrowthProof> = {}): GrowthProof => {
  const { checkpoint, rootsOf } = logOf(to);
  const proof = from > to ? [] : rootsOf(consistencyRanges(from, to));
  const kept = logOf(from).checkpoint();
  return { kazasu: 'growth-proof', version: 1, kept, proof, checkpoint: checkpoint(), ...keys, ...given };
};
const eventFault = (file: unknown, given: Partial<ProofDeps> = {}) => {
  const verdict = verifyEventProof(file, { ...deps, ...given });
  return verdict.ok ? null : verdict.fault;
};
const growthFault = (file: unknown, given: Partial<ProofDeps> = {}) => {
  const verdict = verifyGrowthProof(file, { ...deps, ...given });
  return verdict.ok ? null : verdict.fault;
};

describe('a proof of one event', () => {
  test('holds for every line of a log of any size', () => {
    for (const size of [1, 2, 7, 8, 13])
      for (let position = 0; position < size; position += 1) {
        const verdict = verifyEventProof(proveEvent(position, size), deps);
        assert.ok(verdict.ok, `${position} of ${size}`);
        assert.deepEqual([verdict.position, verdict.checkpoint.size], [position, size]);
      }
  });

  test('says what is wrong with it', () => {
    const good = proveEvent(3, 11);
    const line = good.line.replace('かざす', 'かざさない');
    const leaf = toBase64(treeHashes.leaf(Buffer.from(line)));
    assert.equal(eventFault({ ...good, line }), 'changed');
    assert.equal(eventFault({ ...good, line, leaf }), 'root');
    assert.equal(eventFault({ ...good, position: 4 }), 'root');
    assert.equal(eventFault({ ...good, position: 11 }), 'root');
    assert.equal(eventFault({ ...good, proof: good.proof.slice(1) }), 'root');
    assert.equal(eventFault({ ...good, checkpoint: logOf(11, 5).checkpoint() }), 'root');
    assert.equal(eventFault({ ...good, checkpoint: logOf(11).checkpoint(11, other) }), 'signature');
    assert.equal(eventFault({ ...good, checkpoint: 'kazasu' }), 'unreadable');
    assert.equal(eventFault({ ...good, more: 1 }), 'unreadable');
  });

  test('is held against the keys that are believed, where there are any', () => {
    const good = proveEvent(3, 11);
    assert.equal(eventFault(good, { believed: [own] }), null);
    assert.equal(eventFault(good, { believed: [other] }), 'signature');
    const endorsements = [formatNote(formatEndorsement(own), [other])];
    assert.equal(eventFault({ ...good, endorsements }, { believed: [other] }), null);
  });

  test('whatever is changed in it, it holds no more', () => {
    const text = JSON.stringify(proveEvent(5, 9));
    const names = text.indexOf('"keys"');
    fc.assert(
      fc.property(fc.nat(names - 1), fc.constantFrom('0', 'A', '"', '/', '\\'), (at, one) => {
        fc.pre(text[at] !== one);
        const changed = `${text.slice(0, at)}${one}${text.slice(at + 1)}`;
        const parse = (): unknown => {
          try {
            return JSON.parse(changed);
          } catch {
            return null;
          }
        };
        assert.notEqual(eventFault(parse(), { believed: [own] }), null, changed);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a proof of growth', () => {
  test('holds between any two sizes of one log', () => {
    for (let to = 1; to <= 9; to += 1)
      for (let from = 1; from <= to; from += 1) {
        const verdict = verifyGrowthProof(proveGrowth(from, to), deps);
        assert.ok(verdict.ok, `${from} ${to}`);
        assert.deepEqual([verdict.kept.size, verdict.checkpoint.size], [from, to]);
      }
  });

  test('says what is wrong with it', () => {
    const good = proveGrowth(5, 12);
    const { kept } = good;
    assert.equal(growthFault(good), null);
    assert.equal(growthFault({ ...good, kept: logOf(5, 2).checkpoint() }), 'root');
    assert.equal(growthFault(proveGrowth(12, 12, { kept: logOf(12, 2).checkpoint() })), 'root');
    assert.equal(growthFault({ ...good, proof: [] }), 'root');
    assert.equal(growthFault(proveGrowth(13, 12)), 'larger');
    assert.equal(growthFault({ ...good, kept: logOf(5).checkpoint(5, other) }), 'kept-key');
    assert.equal(growthFault({ ...good, kept: kept.replace('\n5\n', '\n4\n') }), 'kept-signature');
    assert.equal(growthFault({ ...good, checkpoint: logOf(12).checkpoint(12, other) }), 'signature');
    assert.equal(growthFault({ ...good, kept: 'kazasu' }), 'unreadable');
    assert.equal(growthFault(null), 'unreadable');
  });

  test('holds across a key that the one before vouches for, and across another incarnation of the server', () => {
    const next = signerOf(3, 'kazasu/log/two');
    const endorsements = [formatNote(formatEndorsement(next), [own])];
    const given = { checkpoint: logOf(12).checkpoint(12, next), endorsements };
    assert.equal(growthFault(proveGrowth(5, 12, given), { believed: [own] }), null);
    assert.equal(growthFault(proveGrowth(5, 12, { ...given, endorsements: [] }), { believed: [own] }), 'signature');
  });
});
