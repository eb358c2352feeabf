import { type FullNode, foldRoots, fullNodesOf, growTree, type Hash, type Range } from '#core/audit/merkle.ts';
import type { Transaction } from '../store/database.ts';
import { listLeaves, listTiles, placeOf, type Tile, tileWidth } from '../store/log-tree.ts';
import { fastHashes } from './hashes.ts';

const nameOf = ({ level, number }: Pick<Tile, 'level' | 'number'>): string => `${level}/${number}`;

const foldFull = (hashes: readonly Hash[]): Hash => {
  const tree = growTree(fastHashes);
  for (const hash of hashes) tree.append(hash);
  return tree.root();
};

/** Reads hashes of the stored tree: each tile once. */
export const openNodes = async (tx: Transaction, nodes: readonly FullNode[]): Promise<(node: FullNode) => Hash> => {
  const wanted = new Map(nodes.map((node) => placeOf(node).tile).map((tile) => [nameOf(tile), tile]));
  const tiles = new Map((await listTiles(tx, [...wanted.values()])).map((tile) => [nameOf(tile), tile.hashes]));
  const open = [...wanted.values()].find((tile) => tile.level === 0 && !tiles.has(nameOf(tile)));
  if (open !== undefined) {
    const leaves = (await listLeaves(tx)).filter(({ position }) => Math.floor(position / tileWidth) === open.number);
    tiles.set(nameOf(open), Buffer.concat(leaves.map(({ hash }) => hash)));
  }
  return (node) => {
    const { tile, at, width } = placeOf(node);
    const hashes = tiles.get(nameOf(tile));
    if (hashes === undefined || hashes.length < (at + width) * 32) throw new Error('a hash of the log is missing');
    return foldFull(
      Array.from({ length: width }, (_, place) => hashes.subarray((at + place) * 32, (at + place + 1) * 32)),
    );
  };
};

/** Roots over ranges of lines. */
export const readRoots = async (tx: Transaction, ranges: readonly Range[]): Promise<Hash[]> => {
  const nodes = ranges.map(fullNodesOf);
  const read = await openNodes(tx, nodes.flat());
  return nodes.map((parts) => foldRoots(fastHashes, parts.map(read)));
};

/** Roots of the full subtrees over the first lines. */
export const readFrontier = async (tx: Transaction, size: number): Promise<Hash[]> => {
  const nodes = fullNodesOf({ begin: 0, end: size });
  return nodes.map(await openNodes(tx, nodes));
};
