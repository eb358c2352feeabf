import type { ExportHeader } from '#contract/api/log.ts';
import { toBase64 } from '#core/audit/base64.ts';
import { formatCheckpointLine, formatDropped, formatKept, formatStray } from '#core/audit/export.ts';
import type { Transaction } from '../store/database.ts';
import { type Line, listLines } from '../store/log-lines.ts';
import {
  type Leaf,
  listCheckpoints,
  listFull,
  listLeaves,
  type StoredCheckpoint,
  tileWidth,
} from '../store/log-tree.ts';
import { readFrontier } from './nodes.ts';
import { readLogKeys } from './proofs.ts';

/** An export begins with it. `size` is that of a checkpoint. */
export const readHeader = async (tx: Transaction, from: number, size: number): Promise<string> => {
  const header: ExportHeader = {
    kazasu: 'log',
    version: 1,
    from,
    size,
    before: (await readFrontier(tx, from)).map(toBase64),
    ...(await readLogKeys(tx)),
  };
  return `${JSON.stringify(header)}\n`;
};

const readLeaves = async (tx: Transaction, begin: number, end: number): Promise<Leaf[]> => {
  const [first, last] = [Math.floor(begin / tileWidth), Math.ceil(end / tileWidth)];
  const tiles = await listFull(tx, first, last);
  const full = tiles.flatMap(({ seqs, hashes }) =>
    (seqs ?? []).map((seq, place) => ({ seq, hash: hashes.subarray(place * 32, (place + 1) * 32) })),
  );
  const all = [...full, ...(full.length < end - first * tileWidth ? await listLeaves(tx) : [])];
  const wanted = all.slice(begin - first * tileWidth, end - first * tileWidth);
  if (wanted.length !== end - begin) throw new Error('hashes of the log are missing');
  return wanted;
};

/** More than there can be strays between: a page with more of them is cut, and its verification fails all the same. */
const mostLines = 20_000;

const writePage = (
  begin: number,
  leaves: readonly Leaf[],
  lines: readonly Line[],
  checkpoints: readonly StoredCheckpoint[],
): string => {
  const parts: string[] = [];
  let next = 0;
  let signed = 0;
  leaves.forEach(({ seq, hash }, place) => {
    for (let line = lines[next]; line !== undefined && line.seq < seq; line = lines[++next])
      parts.push(formatStray(line.line));
    const line = lines[next]?.seq === seq ? lines[next++] : undefined;
    const position = begin + place;
    parts.push(line === undefined ? formatDropped(position, hash, seq) : formatKept(position, hash, line.line));
    for (let one = checkpoints[signed]; one?.size === position + 1; one = checkpoints[++signed])
      parts.push(formatCheckpointLine(one.note));
  });
  for (const line of lines.slice(next)) parts.push(formatStray(line.line));
  return parts.join('');
};

/** Lines from position `begin` to below `end`, with the checkpoints behind them. */
export const readPage = async (tx: Transaction, begin: number, end: number): Promise<string> => {
  if (begin === end) return '';
  // What stands between the last line of the page before and the first of this one has no place either.
  const before = begin === 0 ? undefined : (await readLeaves(tx, begin - 1, begin))[0];
  const leaves = await readLeaves(tx, begin, end);
  const lines = await listLines(tx, before?.seq ?? 0, leaves.at(-1)?.seq ?? 0, mostLines);
  return writePage(begin, leaves, lines, await listCheckpoints(tx, begin, end));
};
