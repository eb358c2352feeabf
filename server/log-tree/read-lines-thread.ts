/** Reads lines of an export for the thread that started it (`read-lines.ts`). */
import { parentPort } from 'node:worker_threads';
import { readBlock } from './read-lines.ts';

parentPort?.on('message', (bytes: Uint8Array) => {
  const block = readBlock(bytes);
  const { kinds, leaves, positions, seqs } = block;
  parentPort?.postMessage(block, [kinds.buffer, leaves.buffer, positions.buffer, seqs.buffer]);
});
parentPort?.postMessage(null);
