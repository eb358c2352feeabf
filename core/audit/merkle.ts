import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';

/** 32 bytes. */
export type Hash = Uint8Array;

/** The hashes of RFC 6962 2.1. */
export interface TreeHashes {
  /** Root of the tree without a leaf. */
  readonly empty: Hash;
  leaf(entry: Uint8Array): Hash;
  node(left: Hash, right: Hash): Hash;
}

/** With a SHA-256 of one's own; what it is given is only good until it returns. */
export const createTreeHashes = (sha256: (bytes: Uint8Array) => Hash): TreeHashes => {
  let room = new Uint8Array(4096);
  const pair = new Uint8Array(65);
  pair[0] = 1;
  return {
    empty: sha256(new Uint8Array(0)),
    leaf(entry) {
      if (entry.length >= room.length) room = new Uint8Array(entry.length * 2);
      room[0] = 0;
      room.set(entry, 1);
      return sha256(room.subarray(0, entry.length + 1));
    },
    node(left, right) {
      pair.set(left, 1);
      pair.set(right, 33);
      return sha256(pair);
    },
  };
};

export const treeHashes = createTreeHashes(nobleSha256);

export const isSameHash = (one: Hash, other: Hash): boolean => {
  if (one.length !== other.length) return false;
  for (let place = 0; place < one.length; place += 1) if (one[place] !== other[place]) return false;
  return true;
};

/** Leaves from `begin` to below `end`. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** The largest power of two below `size`, for sizes from 2 on. */
const splitOf = (size: number): number => {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
};

/** A subtree that is full: 2^level leaves, the `index`th of its size. */
export interface FullNode {
  readonly level: number;
  readonly index: number;
}

/** The full subtrees of a range that begins where a subtree of its size may begin, from left to right. */
export const fullNodesOf = ({ begin, end }: Range): FullNode[] => {
  const nodes: FullNode[] = [];
  let from = begin;
  while (from < end) {
    let [level, width] = [0, 1];
    while (width * 2 <= end - from) [level, width] = [level + 1, width * 2];
    nodes.push({ level, index: from / width });
    from += width;
  }
  return nodes;
};

/** The root over neighbouring subtrees, each larger than the next. */
export const foldRoots = (hashes: TreeHashes, roots: readonly Hash[]): Hash => {
  const last = roots.at(-1);
  if (last === undefined) return hashes.empty;
  return roots.slice(0, -1).reduceRight((right, left) => hashes.node(left, right), last);
};

/** A tree that grows; it keeps the roots of its full subtrees alone. */
export interface GrowingTree {
  readonly size: number;
  /** From left to right; with `size` all that is needed to go on. */
  readonly roots: readonly Hash[];
  append(leaf: Hash): void;
  root(): Hash;
}

export const growTree = (hashes: TreeHashes, size = 0, roots: readonly Hash[] = []): GrowingTree => {
  if (fullNodesOf({ begin: 0, end: size }).length !== roots.length)
    throw new Error(`no ${size} leaves have these roots`);
  let count = size;
  const held = [...roots];
  return {
    get size() {
      return count;
    },
    get roots() {
      return [...held];
    },
    append(leaf) {
      let right = leaf;
      for (let left = count; left % 2 === 1; left = (left - 1) / 2) right = hashes.node(held.pop() as Hash, right);
      held.push(right);
      count += 1;
    },
    root: () => foldRoots(hashes, held),
  };
};

/** Whose roots an inclusion proof is made of, in its order (RFC 6962 2.1.1). */
export const inclusionRanges = (index: number, size: number): Range[] => {
  const ranges: Range[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const middle = begin + splitOf(end - begin);
    ranges.unshift(index < middle ? { begin: middle, end } : { begin, end: middle });
    if (index < middle) end = middle;
    else begin = middle;
  }
  return ranges;
};

/** Whose roots a consistency proof is made of, in its order (RFC 6962 2.1.2). */
export const consistencyRanges = (first: number, second: number): Range[] => {
  const walk = (begin: number, end: number, isWhole: boolean): Range[] => {
    if (first === end) return isWhole ? [] : [{ begin, end }];
    const middle = begin + splitOf(end - begin);
    return first <= middle
      ? [...walk(begin, middle, isWhole), { begin: middle, end }]
      : [...walk(middle, end, false), { begin, end: middle }];
  };
  return first === 0 || first === second ? [] : walk(0, second, true);
};

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

export interface Inclusion {
  readonly index: number;
  readonly size: number;
  readonly leaf: Hash;
  readonly proof: readonly Hash[];
  readonly root: Hash;
}

/** Whether the tree with this root holds the leaf at this index. */
export const isIncluded = (hashes: TreeHashes, { index, size, leaf, proof, root }: Inclusion): boolean => {
  if (!isSize(index) || !isSize(size) || index >= size) return false;
  const ranges = inclusionRanges(index, size);
  if (ranges.length !== proof.length) return false;
  const reached = ranges.reduce((below, { begin }, place) => {
    const beside = proof[place] as Hash;
    return begin > index ? hashes.node(below, beside) : hashes.node(beside, below);
  }, leaf);
  return isSameHash(reached, root);
};

export interface Consistency {
  readonly first: number;
  readonly second: number;
  readonly firstRoot: Hash;
  readonly secondRoot: Hash;
  readonly proof: readonly Hash[];
}

/** Whether the second tree is the first with leaves added behind it. */
export const isConsistent = (hashes: TreeHashes, given: Consistency): boolean => {
  const { first, second, firstRoot, secondRoot, proof } = given;
  if (!isSize(first) || !isSize(second) || first > second) return false;
  if (proof.length !== consistencyRanges(first, second).length) return false;
  if (first === second) return isSameHash(firstRoot, secondRoot);
  if (first === 0) return isSameHash(firstRoot, hashes.empty);
  let place = 0;
  const next = (): Hash => proof[place++] as Hash;
  /** Roots of this part of the first and of the second tree. */
  const walk = (begin: number, end: number, isWhole: boolean): readonly [Hash, Hash] => {
    if (first === end) {
      const same = isWhole ? firstRoot : next();
      return [same, same];
    }
    const middle = begin + splitOf(end - begin);
    if (first <= middle) {
      const [before, after] = walk(begin, middle, isWhole);
      return [before, hashes.node(after, next())];
    }
    const [before, after] = walk(middle, end, false);
    const left = next();
    return [hashes.node(left, before), hashes.node(left, after)];
  };
  const [before, after] = walk(0, second, true);
  return isSameHash(before, firstRoot) && isSameHash(after, secondRoot);
};
