import { type GrowingTree, growTree, type Hash } from '#core/audit/merkle.ts';
import type { Transaction } from '../store/database.ts';
import { type Leaf, listLeaves, listTiles, type Tile, tileWidth } from '../store/log-tree.ts';
import { fastHashes } from './hashes.ts';
import { readFrontier } from './nodes.ts';

/** The right edge of the tree: all that is needed to let it grow. */
export interface Edge {
  readonly lastSeq: number;
  readonly tree: GrowingTree;
  /** Those that do not fill a tile. */
  readonly leaves: readonly Leaf[];
  /** The same on the levels above. */
  readonly upper: readonly (readonly Hash[])[];
}

const split = (hashes: Uint8Array): Hash[] =>
  Array.from({ length: hashes.length / 32 }, (_, place) => hashes.subarray(place * 32, (place + 1) * 32));

/** The edge as it is stored. */
export const readEdge = async (tx: Transaction, size: number, lastSeq: number): Promise<Edge> => {
  const open: Pick<Tile, 'level' | 'number'>[] = [];
  for (let [level, entries] = [1, Math.floor(size / tileWidth)]; entries > 0; level += 1) {
    open.push({ level, number: Math.floor(entries / tileWidth) });
    entries = Math.floor(entries / tileWidth);
  }
  const tiles = await listTiles(tx, open);
  const upper = open.map((wanted) => {
    const tile = tiles.find((one) => one.level === wanted.level && one.number === wanted.number);
    return tile === undefined ? [] : split(tile.hashes);
  });
  const tree = growTree(fastHashes, size, await readFrontier(tx, size));
  return { lastSeq, tree, leaves: await listLeaves(tx), upper };
};

/** The edge after these leaves, and the tiles that they fill or change. What is given stays as it is. */
export const growEdge = (edge: Edge, added: readonly Leaf[]): { readonly edge: Edge; readonly tiles: Tile[] } => {
  const tree = growTree(fastHashes, edge.tree.size, edge.tree.roots);
  let leaves = [...edge.leaves];
  const upper = edge.upper.map((hashes) => [...hashes]);
  const tiles: Tile[] = [];
  const changed = new Set<number>();

  const rootOf = (hashes: readonly Hash[]): Hash => {
    const full = growTree(fastHashes);
    for (const hash of hashes) full.append(hash);
    return full.root();
  };
  const tileOf = (level: number, hashes: readonly Hash[], end: number, seqs: readonly number[] | null): Tile => ({
    level,
    number: Math.ceil(end / tileWidth) - 1,
    seqs,
    hashes: Buffer.concat(hashes),
  });
  /** A tile of the level below is full; `count` of them are. */
  const rise = (level: number, root: Hash, count: number): void => {
    const hashes = upper[level - 1] ?? [];
    upper[level - 1] = hashes;
    hashes.push(root);
    changed.add(level);
    if (hashes.length < tileWidth) return;
    tiles.push(tileOf(level, hashes, count, null));
    upper[level - 1] = [];
    changed.delete(level);
    rise(level + 1, rootOf(hashes), count / tileWidth);
  };
  for (const leaf of added) {
    tree.append(leaf.hash);
    leaves.push(leaf);
    if (leaves.length < tileWidth) continue;
    const hashes = leaves.map(({ hash }) => hash);
    tiles.push(
      tileOf(
        0,
        hashes,
        tree.size,
        leaves.map(({ seq }) => seq),
      ),
    );
    leaves = [];
    rise(1, rootOf(hashes), tree.size / tileWidth);
  }
  for (const level of changed) {
    const entries = Math.floor(tree.size / tileWidth ** level);
    tiles.push(tileOf(level, upper[level - 1] ?? [], entries, null));
  }
  return { edge: { lastSeq: added.at(-1)?.seq ?? edge.lastSeq, tree, leaves, upper }, tiles };
};
