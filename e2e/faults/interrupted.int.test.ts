/** Whatever ends a run, nothing of it stays: neither when it is told to end nor when it is killed while processes of it stand still. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { eachLine } from '#setup/lines.ts';
import { node, root } from '#setup/paths.ts';
import { until } from '../world.ts';

interface Run {
  readonly process: ChildProcess;
  /** What it has said so far. */
  readonly said: string[];
  readonly exited: Promise<unknown[]>;
}

const started: Run[] = [];
after(() => {
  for (const { process } of started) process.kill('SIGKILL');
});

/** A run in which both servers and a terminal stand still a second after people have begun to work. */
const start = async (): Promise<Run> => {
  const program = join(root, 'e2e', 'faults', 'start.ts');
  const kept = join(import.meta.dirname, 'still.json');
  const child = spawn(node, [program, '--replay', kept], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const run: Run = { process: child, said: [], exited: once(child, 'exit') };
  started.push(run);
  eachLine(child.stdout, (line) => run.said.push(line.trim()));
  await until('all stand still', () => run.said.some((line) => line.includes('guard-hung')), 90_000);
  return run;
};

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** Processes of this run: they name its folder, or come from it. */
const listOf = ({ process: { pid } }: Run): number[] => {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const parents = new Map(
    all.map((one) => [
      one,
      read(`/proc/${one}/stat`)
        .replace(/^.*\) \S+ /s, '')
        .split(' ')[0],
    ]),
  );
  const own = new Set([String(pid)]);
  for (let before = 0; before !== own.size; ) {
    before = own.size;
    for (const [one, parent] of parents) if (parent !== undefined && own.has(parent)) own.add(one);
  }
  const folder = `kazasu-faults-${pid}-`;
  const names = (one: string): boolean =>
    ['cmdline', 'environ'].some((file) => read(`/proc/${one}/${file}`).includes(folder));
  return all.filter((one) => one !== String(pid) && (own.has(one) || names(one))).map(Number);
};
const isThere = (pid: number): boolean =>
  !['', 'Z'].includes(
    read(`/proc/${pid}/stat`)
      .replace(/^.*\) /s, '')
      .charAt(0),
  );
const folderOf = ({ process: { pid } }: Run): string | undefined =>
  readdirSync(tmpdir()).find((name) => name.startsWith(`kazasu-faults-${pid}-`));

describe('a run of faults', { concurrency: true }, () => {
  test('that is told to end heals, checks, says what it kept and leaves no process and no folder', async () => {
    const run = await start();
    const all = listOf(run);
    assert.ok(all.length > 20, `${all.length} processes`);
    run.process.kill('SIGTERM');
    assert.deepEqual(await run.exited, [0, null]);
    const said = run.said.find((line) => line.startsWith('what was promised'));
    assert.ok(existsSync(join(said?.split(': ')[1] ?? 'nowhere', 'account.jsonl')), said);
    assert.equal(run.said.at(-1), 'seed 77: no invariant was broken');
    assert.deepEqual([...all, ...listOf(run)].filter(isThere), []);
    assert.equal(folderOf(run), undefined);
  });

  test('that is killed takes all its processes along, those that stood still too', async () => {
    const run = await start();
    const all = listOf(run);
    assert.ok(all.length > 20, `${all.length} processes`);
    run.process.kill('SIGKILL');
    await run.exited;
    await until('nothing of it runs', () => [...all, ...listOf(run)].every((pid) => !isThere(pid)), 20_000);
    rmSync(join(tmpdir(), folderOf(run) ?? 'nowhere'), { recursive: true, force: true });
  });
});
