import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha512 } from '@noble/hashes/sha2.js';
import { toBase64 } from './base64.ts';
import { type CheckSignature, formatCheckpoint, formatEndorsement, formatNote, formatNoteKey } from './checkpoint.ts';
import { consistencyRanges, foldRoots, fullNodesOf, growTree, type Hash, treeHashes } from './merkle.ts';
import { judge, type Shown, type Witnessed } from './witness.ts';

// Stands for Ed25519, which rules do not know.
const signWith = (key: Uint8Array, bytes: Uint8Array): Uint8Array => sha512(Buffer.concat([key, bytes]));
const check: CheckSignature = (key, bytes, signature) => Buffer.from(signWith(key, bytes)).equals(signature);
const means = { hashes: treeHashes, check };
const signerOf = (seed: number, name = 'kazasu/log/one') => {
  const key = new Uint8Array(32).fill(seed);
  return { name, key, sign: (bytes: Uint8Array) => signWith(key, bytes) };
};
const own = signerOf(1);

interface Options {
  readonly signer?: typeof own;
  readonly endorsements?: readonly string[];
  /** A line that is another one than usual. */
  readonly changed?: number;
  readonly from?: number;
}

/** A log of so many lines, as a server shows it to a witness that keeps `from` of them. */
const show = (size: number, { signer = own, endorsements = [], changed = -1, from = 0 }: Options = {}): Shown => {
  const leaves = Array.from({ length: size }, (_, at) =>
    treeHashes.leaf(Buffer.from(`${at}${at === changed ? '!' : ''}`)),
  );
  const rootOf = (begin: number, end: number): Hash => {
    const tree = growTree(treeHashes);
    for (const leaf of leaves.slice(begin, end)) tree.append(leaf);
    return tree.root();
  };
  const ranges = from > 0 && from <= size ? consistencyRanges(from, size) : [];
  const proof = ranges.map((range) =>
    foldRoots(
      treeHashes,
      fullNodesOf(range).map(({ level, index }) => rootOf(index * 2 ** level, (index + 1) * 2 ** level)),
    ),
  );
  const text = formatCheckpoint({ origin: signer.name, size, root: rootOf(0, size), at: '2026-11-29T06:00:00.000Z' });
  return {
    checkpoint: formatNote(text, [signer]),
    proof: proof.map(toBase64),
    keys: [formatNoteKey(signer)],
    endorsements: [...endorsements],
  };
};
const agreed = (seen: Witnessed | null, shown: Shown): Witnessed => {
  const judged = judge(seen, shown, means);
  assert.equal(judged.kind, 'agreed');
  return judged.kind === 'agreed' ? judged.next : assert.fail();
};
const forked = (seen: Witnessed, shown: Shown): string => {
  const judged = judge(seen, shown, means);
  return judged.kind === 'forked' ? judged.why : judged.kind;
};

test('a log that grows is agreed with, from one look to the next', () => {
  let seen = agreed(null, show(5));
  for (const size of [5, 6, 64, 100]) {
    const from = Number(seen.checkpoint.split('\n')[1]);
    seen = agreed(seen, show(size, { from }));
  }
});

test('another root for as many lines, a gap, or fewer lines are refused', () => {
  const seen = agreed(null, show(20));
  assert.equal(forked(seen, show(20, { changed: 3 })), 'root');
  assert.equal(forked(seen, show(30, { changed: 3, from: 20 })), 'growth');
  assert.equal(forked(seen, { ...show(30, { from: 20 }), proof: [] }), 'growth');
  assert.equal(forked(seen, show(19)), 'smaller');
  assert.equal(forked(seen, { ...show(30), checkpoint: null }), 'smaller');
});

test('another key is refused, and believed when the one before vouches for it', () => {
  const seen = agreed(null, show(20));
  const other = signerOf(2);
  assert.equal(forked(seen, show(30, { signer: other, from: 20 })), 'signature');
  const endorsements = [formatNote(formatEndorsement(other), [own])];
  const next = agreed(seen, show(30, { signer: other, endorsements, from: 20 }));
  assert.equal(next.keys.length, 2);
  assert.equal(forked(seen, { ...show(30, { from: 20 }), checkpoint: 'nonsense\n' }), 'signature');
});

test('another incarnation is told apart from a fork, when a known key vouches for it', () => {
  const seen = agreed(null, show(20));
  const restored = signerOf(1, 'kazasu/log/two');
  assert.equal(forked(seen, show(12, { signer: restored })), 'signature');
  const endorsements = [formatNote(formatEndorsement(restored), [own])];
  const judged = judge(seen, show(12, { signer: restored, endorsements }), means);
  assert.ok(judged.kind === 'begun-anew');
  assert.deepEqual([judged.before.size, judged.now.size], [20, 12]);
});

test('a name that was given up is not taken again, however long ago that was, and whoever vouches for it', () => {
  const names = ['kazasu/log/two', 'kazasu/log/three'].map((name) => signerOf(1, name));
  let seen = agreed(null, show(20));
  for (const signer of names) {
    const endorsements = [formatNote(formatEndorsement(signer), [own])];
    const judged = judge(seen, show(20, { signer, endorsements }), means);
    seen = judged.kind === 'begun-anew' ? judged.next : assert.fail(judged.kind);
  }
  for (const signer of [own, ...names.slice(0, 1)]) {
    const endorsements = [formatNote(formatEndorsement(signer), [own])];
    assert.equal(forked(seen, show(20, { signer, endorsements })), 'former');
    assert.equal(forked(seen, show(30, { signer, endorsements, changed: 25, from: 20 })), 'former');
  }
  agreed(seen, show(21, { signer: names.at(-1) ?? own, from: 20 }));
});

test('of a log that has no line yet nothing is kept', () => {
  assert.equal(judge(null, { ...show(1), checkpoint: null }, means).kind, 'nothing');
  assert.equal(judge(null, { ...show(1), checkpoint: 'nonsense' }, means).kind, 'nothing');
});
