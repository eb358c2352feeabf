import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { assertChain, createTestFolder, reasonsOf } from './test-journal.ts';

const writer = fileURLToPath(new URL('./journal-writer.ts', import.meta.url));

/** What became of the records of a journal whose writer was killed so often, each time in the middle of its work. */
export async function killWriter(runs: number): Promise<{ acknowledged: number; lost: string[]; doubled: number }> {
  const at = createTestFolder();
  const acknowledged: string[] = [];
  for (let run = 1; run <= runs; run += 1) {
    const child = spawn(process.execPath, [writer, at.folder, String(run)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const last = 1 + Math.floor(Math.random() * 25);
    let count = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line);
      count += 1;
      if (count === last) child.kill('SIGKILL');
    }
    const [, signal] = await exited;
    assert.equal(signal, 'SIGKILL');
  }
  const journal = await at.open();
  const { repaired } = journal;
  assert.ok(repaired === null || repaired['journal'] === 'torn', JSON.stringify(repaired));
  assertChain(journal.found);
  const found = reasonsOf(journal.found);
  const there = new Set(found);
  await journal.close();
  at.remove();
  return {
    acknowledged: acknowledged.length,
    lost: acknowledged.filter((reason) => !there.has(reason)),
    doubled: found.length - there.size,
  };
}
