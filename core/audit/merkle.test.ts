import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import {
  consistencyRanges,
  foldRoots,
  fullNodesOf,
  growTree,
  type Hash,
  inclusionRanges,
  isConsistent,
  isIncluded,
  type Range,
  treeHashes,
} from './merkle.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const leavesOf = (count: number): Hash[] =>
  Array.from({ length: count }, (_, place) => treeHashes.leaf(Buffer.from(`line ${place}`)));

/** The definition itself (RFC 6962 2.1), for comparison. */
const rootOf = (leaves: readonly Hash[]): Hash => {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Buffer.concat([Uint8Array.of(1), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split))]));
};
const proofOf = (leaves: readonly Hash[], ranges: readonly Range[]): Hash[] =>
  ranges.map(({ begin, end }) => rootOf(leaves.slice(begin, end)));

const size = fc.integer({ min: 1, max: 70 });
const pair = fc.tuple(size, size).map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const);

describe('the tree of RFC 6962', () => {
  test('has the roots that everybody else’s has', () => {
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const tree = growTree(treeHashes);
    const roots = [hex(tree.root())];
    for (const input of inputs) {
      tree.append(treeHashes.leaf(Buffer.from(input, 'hex')));
      roots.push(hex(tree.root()));
    }
    assert.match(roots[0] ?? '', /^e3b0c442.*b855$/);
    assert.match(roots[1] ?? '', /^6e340b9c.*fa01d$/);
    assert.equal(roots[2], 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125');
    assert.equal(roots[3], 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77');
    assert.equal(roots[8], '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
  });

  test('grows to the root of its definition, and goes on from its roots alone', () => {
    fc.assert(
      fc.property(pair, ([first, second]) => {
        const leaves = leavesOf(second);
        const before = growTree(treeHashes);
        for (const leaf of leaves.slice(0, first)) before.append(leaf);
        const after = growTree(treeHashes, before.size, before.roots);
        for (const leaf of leaves.slice(first)) after.append(leaf);
        assert.equal(hex(after.root()), hex(rootOf(leaves)));
        assert.equal(after.size, second);
      }),
    );
    assert.throws(() => growTree(treeHashes, 3, leavesOf(1)));
  });

  test('has any part of itself as full subtrees', () => {
    for (const range of [...inclusionRanges(37, 70), ...consistencyRanges(37, 70)]) {
      const leaves = leavesOf(70);
      const roots = fullNodesOf(range).map(({ level, index }) => {
        const width = 2 ** level;
        return rootOf(leaves.slice(index * width, (index + 1) * width));
      });
      assert.equal(hex(foldRoots(treeHashes, roots)), hex(rootOf(leaves.slice(range.begin, range.end))));
    }
  });
});

const flip = (hash: Hash, bit: number): Hash =>
  hash.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

/** A proof that was tampered with: an element changed, left out, put in or moved. */
const tamper = (proof: readonly Hash[], kind: number, at: number, bit: number): Hash[] => {
  const place = proof.length === 0 ? 0 : at % proof.length;
  const changed = [...proof];
  const one = changed[place];
  if (kind === 0 && one !== undefined) changed[place] = flip(one, bit);
  else if (kind === 1 && proof.length > 0) changed.splice(place, 1);
  else if (kind === 2) changed.splice(place, 0, one ?? new Uint8Array(32));
  else if (kind === 3 && proof.length > 1) changed.push(...changed.splice(0, 1));
  else changed.push(new Uint8Array(32));
  return changed;
};
const attack = fc.record({
  kind: fc.integer({ min: 0, max: 4 }),
  at: fc.nat(20),
  bit: fc.integer({ min: 0, max: 255 }),
});

describe('an inclusion proof', () => {
  const cases = pair.chain(([index, of]) => fc.constant({ index: index - 1, size: of }));
  const prove = ({ index, size: of }: { index: number; size: number }) => {
    const leaves = leavesOf(of);
    return {
      index,
      size: of,
      leaf: leaves[index] as Hash,
      proof: proofOf(leaves, inclusionRanges(index, of)),
      root: rootOf(leaves),
    };
  };

  test('holds for every leaf of every tree', () => {
    fc.assert(fc.property(cases, (given) => assert.ok(isIncluded(treeHashes, prove(given)))));
  });

  test('does not hold when anything in it was changed', () => {
    fc.assert(
      fc.property(cases, attack, (given, { kind, at, bit }) => {
        const right = prove(given);
        assert.ok(!isIncluded(treeHashes, { ...right, proof: tamper(right.proof, kind, at, bit) }));
        assert.ok(!isIncluded(treeHashes, { ...right, leaf: flip(right.leaf, bit) }));
        assert.ok(!isIncluded(treeHashes, { ...right, root: flip(right.root, bit) }));
        for (const index of [right.index - 1, right.index + 1, right.index ^ 2, right.size, -1, 0.5])
          assert.ok(!isIncluded(treeHashes, { ...right, index }) || index === right.index);
      }),
    );
  });

  test('for a tree far beyond 32 bits asks for as many hashes as it is high', () => {
    assert.equal(inclusionRanges(2 ** 40 + 5, 2 ** 41).length, 41);
    assert.equal(consistencyRanges(2 ** 40 + 1, 2 ** 41).length, 42);
  });
});

describe('a consistency proof', () => {
  const prove = ([first, second]: readonly [number, number]) => {
    const leaves = leavesOf(second);
    return {
      first,
      second,
      firstRoot: rootOf(leaves.slice(0, first)),
      secondRoot: rootOf(leaves),
      proof: proofOf(leaves, consistencyRanges(first, second)),
    };
  };

  test('holds between any two sizes of one tree', () => {
    fc.assert(fc.property(pair, (sizes) => assert.ok(isConsistent(treeHashes, prove(sizes)))));
    assert.ok(isConsistent(treeHashes, { ...prove([1, 5]), first: 0, firstRoot: treeHashes.empty, proof: [] }));
  });

  test('does not hold when anything in it was changed', () => {
    fc.assert(
      fc.property(pair, attack, (sizes, { kind, at, bit }) => {
        const right = prove(sizes);
        assert.ok(!isConsistent(treeHashes, { ...right, proof: tamper(right.proof, kind, at, bit) }));
        assert.ok(!isConsistent(treeHashes, { ...right, firstRoot: flip(right.firstRoot, bit) }));
        assert.ok(!isConsistent(treeHashes, { ...right, secondRoot: flip(right.secondRoot, bit) }));
        assert.ok(
          !isConsistent(treeHashes, { ...right, first: right.second, second: right.first }) || sizes[0] === sizes[1],
        );
      }),
    );
  });

  test('does not hold for a tree in which an older leaf is another one', () => {
    fc.assert(
      fc.property(pair, fc.nat(69), ([first, second], at) => {
        const honest = leavesOf(second);
        const changed = honest.map((leaf, place) => (place === at % first ? flip(leaf, 0) : leaf));
        const proof = proofOf(changed, consistencyRanges(first, second));
        const [firstRoot, secondRoot] = [rootOf(honest.slice(0, first)), rootOf(changed)];
        assert.ok(!isConsistent(treeHashes, { first, second, firstRoot, secondRoot, proof }));
      }),
    );
  });
});
