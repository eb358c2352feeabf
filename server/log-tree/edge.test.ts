import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growTree, treeHashes } from '#core/audit/merkle.ts';
import type { Leaf, Tile } from '../store/log-tree.ts';
import { type Edge, growEdge } from './edge.ts';
import { fastHashes } from './hashes.ts';

const empty: Edge = { lastSeq: 0, tree: growTree(fastHashes), leaves: [], upper: [] };
const leavesFrom = (first: number, count: number): Leaf[] =>
  Array.from({ length: count }, (_, place) => ({
    seq: (first + place) * 2,
    hash: fastHashes.leaf(Buffer.from(`line ${first + place}`)),
  }));

test('the platform’s hashes are those of the rules', () => {
  for (const length of [0, 1, 100, 4095, 4096, 10_000]) {
    const entry = Buffer.alloc(length, 7);
    assert.deepEqual(Buffer.from(fastHashes.leaf(entry)), Buffer.from(treeHashes.leaf(entry)));
  }
  const [left, right] = [fastHashes.leaf(Buffer.of(1)), fastHashes.leaf(Buffer.of(2))];
  assert.deepEqual(Buffer.from(fastHashes.node(left, right)), Buffer.from(treeHashes.node(left, right)));
});

test('however lines come in portions, the tree has its root and the tiles hold every hash once', () => {
  const count = 256 * 256 + 256 * 3 + 17;
  const stored = new Map<string, Tile>();
  let edge = empty;
  let placed = 0;
  for (const portion of [1, 254, 1, 300, 4000, 60_000, count]) {
    const before = edge;
    const size = edge.tree.size;
    const grown = growEdge(edge, leavesFrom(placed, Math.min(portion, count - placed)));
    assert.equal(before.tree.size, size, 'what is given stays as it is');
    for (const tile of grown.tiles) {
      const name = `${tile.level}/${tile.number}`;
      const already = stored.get(name);
      // On the levels above a tile grows; what it held stays.
      if (already !== undefined) {
        assert.ok(tile.level > 0, `${name} was written twice`);
        assert.ok(tile.hashes.subarray(0, already.hashes.length).equals(already.hashes));
      }
      stored.set(name, tile);
    }
    edge = grown.edge;
    placed = edge.tree.size;
  }
  assert.equal(placed, count);
  assert.equal(edge.lastSeq, (count - 1) * 2);
  const naive = growTree(fastHashes);
  for (const { hash } of leavesFrom(0, count)) naive.append(hash);
  assert.deepEqual(Buffer.from(edge.tree.root()), Buffer.from(naive.root()));
  const leaves = [...stored.values()]
    .filter(({ level }) => level === 0)
    .sort((one, other) => one.number - other.number);
  assert.equal(leaves.length, 256 + 3);
  assert.deepEqual(
    Buffer.concat([...leaves.map(({ hashes }) => hashes), ...edge.leaves.map(({ hash }) => hash)]),
    Buffer.concat(leavesFrom(0, count).map(({ hash }) => hash)),
  );
  assert.deepEqual([...stored.keys()].filter((name) => !name.startsWith('0/')).sort(), ['1/0', '1/1', '2/0']);
  assert.equal(stored.get('1/1')?.hashes.length, 3 * 32);
  const whole = growTree(fastHashes, 256 * 256, [stored.get('2/0')?.hashes ?? Buffer.alloc(0)]);
  for (const { hash } of leavesFrom(256 * 256, count - 256 * 256)) whole.append(hash);
  assert.deepEqual(Buffer.from(whole.root()), Buffer.from(naive.root()));
});
