import type { Answer } from '#contract/api/index.ts';
import type { EventProof, GrowthProof, LogKeys } from '#contract/api/log.ts';
import { toBase64 } from '#core/audit/base64.ts';
import type { Checkpoint } from '#core/audit/checkpoint.ts';
import { consistencyRanges, type Hash, inclusionRanges } from '#core/audit/merkle.ts';
import { type ProofDeps, verifyEventProof, verifyGrowthProof } from '#core/audit/verify-proof.ts';
import type { Transaction } from '../store/database.ts';
import { tryFindLine } from '../store/log-lines.ts';
import { findNewest, listLeaves, listLogKeys, tileWidth, tryFindTile } from '../store/log-tree.ts';
import { checkEd25519, fastHashes } from './hashes.ts';
import { readRoots } from './nodes.ts';

/** Position of the line of this number; undefined while it has none. */
const tryFindPosition = async (tx: Transaction, seq: number): Promise<number | undefined> => {
  const leaf = (await listLeaves(tx)).find((one) => one.seq === seq);
  if (leaf !== undefined) return leaf.position;
  const tile = await tryFindTile(tx, seq);
  const at = tile?.seqs?.indexOf(seq) ?? -1;
  return tile === undefined || at < 0 ? undefined : tile.number * tileWidth + at;
};

/** As whoever believes the keys that the database names. */
const own: ProofDeps = { hashes: fastHashes, check: checkEd25519, believed: [] };

/** That the newest checkpoint covers the line of this number; undefined while none does. */
export const proveLine = async (tx: Transaction, seq: number): Promise<Answer<'log/prove-event'> | undefined> => {
  const newest = await findNewest(tx);
  const position = await tryFindPosition(tx, seq);
  const line = await tryFindLine(tx, seq);
  if (newest === undefined || position === undefined || line === undefined || position >= newest.size) return undefined;
  const ranges = [{ begin: position, end: position + 1 }, ...inclusionRanges(position, newest.size)];
  const [leaf = '', ...proof] = (await readRoots(tx, ranges)).map(toBase64);
  const keys = await readLogKeys(tx);
  const file: EventProof = {
    kazasu: 'event-proof',
    version: 1,
    position,
    line,
    leaf,
    proof,
    checkpoint: newest.note,
    ...keys,
  };
  const verdict = verifyEventProof(file, own);
  return { ...file, fault: verdict.ok ? null : verdict.fault };
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

/** How the log of now stands to a checkpoint that was kept; undefined while nothing is signed. */
export const compare = async (
  tx: Transaction,
  note: string,
  { size }: Checkpoint,
): Promise<Answer<'log/compare'> | undefined> => {
  const newest = await findNewest(tx);
  if (newest === undefined) return undefined;
  const grown = await proveGrowth(tx, size, newest.size);
  const file: GrowthProof = {
    kazasu: 'growth-proof',
    version: 1,
    kept: note,
    proof: (grown?.proof ?? []).map(toBase64),
    checkpoint: newest.note,
    ...(await readLogKeys(tx)),
  };
  const verdict = verifyGrowthProof(file, own);
  return {
    ...file,
    fault: verdict.ok ? null : verdict.fault,
    root: grown === undefined ? null : toBase64(grown.fromRoot),
  };
};
