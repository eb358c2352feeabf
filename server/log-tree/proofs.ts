import type { LogKeys } from '#contract/api/log.ts';
import { consistencyRanges, type Hash, inclusionRanges } from '#core/audit/merkle.ts';
import type { Transaction } from '../store/database.ts';
import { tryFindLine } from '../store/log-lines.ts';
import { findNewest, listLeaves, listLogKeys, tileWidth, tryFindTile } from '../store/log-tree.ts';
import { readRoots } from './nodes.ts';

/** Position of the line of this number; undefined while it has none. */
const tryFindPosition = async (tx: Transaction, seq: number): Promise<number | undefined> => {
  const leaf = (await listLeaves(tx)).find((one) => one.seq === seq);
  if (leaf !== undefined) return leaf.position;
  const tile = await tryFindTile(tx, seq);
  const at = tile?.seqs?.indexOf(seq) ?? -1;
  return tile === undefined || at < 0 ? undefined : tile.number * tileWidth + at;
};

export interface EventProof {
  readonly position: number;
  readonly line: string;
  readonly proof: readonly Hash[];
  readonly checkpoint: string;
}

/** That the newest checkpoint covers the line of this number; undefined while none does. */
export const proveLine = async (tx: Transaction, seq: number): Promise<EventProof | undefined> => {
  const newest = await findNewest(tx);
  const position = await tryFindPosition(tx, seq);
  const line = await tryFindLine(tx, seq);
  if (newest === undefined || position === undefined || line === undefined || position >= newest.size) return undefined;
  const proof = await readRoots(tx, inclusionRanges(position, newest.size));
  return { position, line, proof, checkpoint: newest.note };
};

/** How the log grew from one size to another; undefined where it has not been as large. */
export const proveGrowth = async (
  tx: Transaction,
  from: number,
  to: number,
): Promise<{ proof: Hash[]; fromRoot: Hash; toRoot: Hash } | undefined> => {
  const size = (await findNewest(tx))?.size ?? 0;
  if (from > to || to > size) return undefined;
  const [fromRoot, toRoot] = (await readRoots(tx, [
    { begin: 0, end: from },
    { begin: 0, end: to },
  ])) as [Hash, Hash];
  return { proof: await readRoots(tx, consistencyRanges(from, to)), fromRoot, toRoot };
};

export const readLogKeys = async (tx: Transaction): Promise<LogKeys> => {
  const keys = await listLogKeys(tx);
  return {
    keys: keys.map(({ key }) => key),
    endorsements: keys.map(({ endorsement }) => endorsement).filter((note) => note !== null),
  };
};
