import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { tryCreateDisk } from './disk.ts';

/** Does what it is told, each line a path and an act, and says how it went. */
const program = `
import { open, rename, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
const acts = {
  make: (path) => writeFile(path, 'four'),
  grow: async (path) => { const file = await open(path, 'r+'); try { await file.write('more than four'); } finally { await file.close(); } },
  fill: async (path) => { const file = await open(path, 'r+'); try { await file.write('FOUR', 0); } finally { await file.close(); } },
  flush: async (path) => { const file = await open(path, 'r+'); try { await file.datasync(); } finally { await file.close(); } },
  rename: (path) => rename(path, path + '.new'),
  sync: async (path) => { const folder = await open(path); try { await folder.sync(); } finally { await folder.close(); } },
};
for await (const line of createInterface({ input: process.stdin })) {
  const [act, path] = line.split(' ');
  console.log(await acts[act](path).then(() => 'done', (error) => error.code));
}`;

/** A process whose folder `here` is on a disk that can be made to fail; undefined where there is no compiler. */
const tryStart = (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-disk-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const disk = tryCreateDisk(join(folder, 'here'), join(folder, 'control'));
  if (disk === undefined) return undefined;
  mkdirSync(join(folder, 'here'));
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, ...disk.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const tell = async (act: string, name: string): Promise<string> => {
    child.stdin.write(`${act} ${join(folder, name)}\n`);
    return String((await lines.next()).value);
  };
  const end = async (): Promise<void> => {
    child.stdin.end();
    await once(child, 'exit');
  };
  return { disk, folder, tell, end };
};

test('a disk is full, read-only, or fails to flush under one folder of one process alone', async (t) => {
  const started = tryStart(t);
  if (started === undefined) return t.skip('no compiler');
  const { disk, tell, end } = started;
  assert.equal(await tell('make', 'here/a'), 'done');
  disk.change({ full: true });
  assert.deepEqual(
    [await tell('make', 'here/b'), await tell('grow', 'here/a'), await tell('fill', 'here/a')],
    ['ENOSPC', 'ENOSPC', 'done'],
  );
  assert.equal(await tell('make', 'elsewhere'), 'done');
  disk.change({ readOnly: true });
  assert.deepEqual([await tell('fill', 'here/a'), await tell('rename', 'here/a')], ['EROFS', 'EROFS']);
  disk.change({ badFlushes: 2 });
  assert.deepEqual(
    [await tell('flush', 'here/a'), await tell('flush', 'here/a'), await tell('flush', 'here/a')],
    ['EIO', 'EIO', 'done'],
  );
  disk.change({});
  assert.equal(await tell('make', 'here/b'), 'done');
  await end();
});

test('a cut of the power takes what was not flushed, names too, and leaves a part of what was written last', async (t) => {
  const started = tryStart(t);
  if (started === undefined) return t.skip('no compiler');
  const { disk, folder, tell, end } = started;
  const read = (name: string): string | undefined =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined;
  const say = async (...acts: (readonly [act: string, name: string])[]): Promise<void> => {
    for (const [act, name] of acts) assert.equal(await tell(act, name), 'done', `${act} ${name}`);
  };
  await say(['make', 'here/a'], ['make', 'here/b'], ['make', 'here/c'], ['make', 'here/d'], ['make', 'here/d.new']);
  disk.change({ forgets: true });
  await say(['fill', 'here/a'], ['flush', 'here/a'], ['rename', 'here/b'], ['sync', 'here'], ['fill', 'here/d']);
  await say(['make', 'here/e'], ['rename', 'here/d'], ['flush', 'here/a'], ['grow', 'here/c']);
  await end();
  disk.cutPower(0.5);
  const names = ['a', 'b', 'b.new', 'c', 'd', 'd.new', 'e'];
  assert.deepEqual(
    names.map((name) => read(`here/${name}`)),
    ['FOUR', undefined, 'four', 'more th', 'four', 'four', undefined],
  );
});
