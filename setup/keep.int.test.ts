import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { keep } from './keep.ts';
import { eachLine } from './lines.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-keep-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const script = (code: string) => ({ command: process.execPath, args: ['-e', code] });
const ticking = 'console.log("ready on " + 42); setInterval(() => {}, 1000);';
const log = (name: string) => join(folder, `${name}.log`);
const gone = (pid: number) =>
  !existsSync(`/proc/${pid}`) || /State:\tZ/.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

async function until(what: string, done: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!done()) {
    assert.ok(performance.now() < end, `${what}: not within 5 s`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('resolves when the ready line is printed, and gives its match', async () => {
  const kept = await keep({ name: 'ticker', ...script(ticking), log: log('line'), ready: { line: /ready on (\d+)/ } });
  assert.equal(kept.match()?.[1], '42');
  await kept.stop();
  assert.match(readFileSync(log('line'), 'utf8'), /ready on 42/);
});

test('starts again what was killed, and is ready again', async (t) => {
  const kept = await keep({ name: 'ticker', ...script(ticking), log: log('again'), ready: { line: /ready/ } });
  t.after(kept.stop);
  const first = kept.pid();
  const died = new Promise<void>((resolve) => {
    kept.listen((event) => event.kind === 'died' && resolve());
  });
  kept.kill('SIGKILL');
  await died;
  await kept.whenReady();
  assert.notEqual(kept.pid(), first);
  assert.equal(kept.restarts(), 1);
});

test('what others kill again and again is started at once each time; what ends by itself waits longer and longer', async (t) => {
  const tell = `${ticking} process.on('SIGUSR2', () => process.exit(3));`;
  const kept = await keep({ name: 'ticker', ...script(tell), log: log('pauses'), ready: { line: /ready/ } });
  t.after(kept.stop);
  const starts: number[] = [];
  const ends: number[] = [];
  kept.listen((event) => {
    if (event.kind === 'started') starts.push(performance.now());
    if (event.kind === 'died') ends.push(performance.now());
  });
  const pauseAfter = async (signal: 'SIGKILL' | 'SIGUSR2'): Promise<number> => {
    const before = starts.length;
    kept.kill(signal);
    await until('started again', () => starts.length > before);
    await kept.whenReady();
    return (starts.at(-1) ?? 0) - (ends.at(-1) ?? 0);
  };
  for (let kills = 0; kills < 6; kills += 1) {
    const pause = await pauseAfter('SIGKILL');
    assert.ok(pause < 600, `${pause} ms after ${kills} others`);
  }
  for (let ends = 0; ends < 2; ends += 1) await pauseAfter('SIGUSR2');
  assert.ok((await pauseAfter('SIGUSR2')) > 700);
});

test('whoever waits for a run that dies before it is ready waits for the one that is', {
  timeout: 20_000,
}, async (t) => {
  const runs = join(folder, 'runs');
  // The second one ends before its first word.
  const code = `const { appendFileSync, readFileSync } = require('node:fs'); appendFileSync(${JSON.stringify(runs)}, '.');
    if (readFileSync(${JSON.stringify(runs)}).length === 2) process.exit(1);
    ${ticking}`;
  const kept = await keep({ name: 'failing once', ...script(code), log: log('once'), ready: { line: /ready/ } });
  t.after(kept.stop);
  const died = new Promise<void>((resolve) => {
    kept.listen((event) => event.kind === 'died' && resolve());
  });
  kept.kill('SIGKILL');
  await died;
  await kept.whenReady();
  assert.equal(kept.restarts(), 2);
  assert.equal(readFileSync(runs, 'utf8'), '...');
});

test('ends a child that is stopped or silent, starts it again, and leaves one alone that beats', async (t) => {
  const beating = `require('node:fs').writeSync(3, '.'); setInterval(() => require('node:fs').writeSync(3, '.'), 50);
    console.log('ready'); process.on('SIGUSR2', () => { for (;;); });`;
  const spec = { name: 'beating', ...script(beating), log: log('beating'), ready: { line: /ready/ } };
  const kept = await keep({ ...spec, silentAfter: 600 });
  t.after(kept.stop);
  const first = kept.pid();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  assert.equal(kept.pid(), first);
  for (const signal of ['SIGSTOP', 'SIGUSR2'] as const) {
    const before = kept.restarts();
    kept.kill(signal);
    await until(`started again after ${signal}`, () => kept.restarts() === before + 1);
    await kept.whenReady();
  }
});

test('stop ends a child that ignores SIGTERM, and its own children', async () => {
  const stubborn = `process.on('SIGTERM', () => {});
    const { spawn } = require('node:child_process');
    const grandchild = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    console.log('grandchild ' + grandchild.pid); setInterval(() => {}, 1000);`;
  const kept = await keep({
    name: 'stubborn',
    ...script(stubborn),
    log: log('stubborn'),
    ready: { line: /grandchild (\d+)/ },
    stopWithin: 200,
  });
  const child = kept.pid();
  const grandchild = Number(kept.match()?.[1]);
  await kept.stop();
  assert.ok(child !== undefined && gone(child), 'the child is gone');
  await until('the grandchild is gone', () => gone(grandchild));
});

test('a child that ends before it is ready rejects with its last lines', async () => {
  const failing = script('console.error("no such port"); process.exit(3)');
  await assert.rejects(
    keep({ name: 'failing', ...failing, log: log('failing'), ready: { line: /never/ } }),
    /failing ended before it was ready[\s\S]*no such port/,
  );
});

test('a program that does not exist rejects', async () => {
  await assert.rejects(
    keep({ name: 'absent', command: '/no/such/program', log: log('absent'), ready: { line: /never/ } }),
    /absent/,
  );
});

test('a child that never becomes ready rejects in time', async () => {
  await assert.rejects(
    keep({
      name: 'mute',
      ...script('setInterval(() => {}, 1000)'),
      log: log('mute'),
      readyWithin: 300,
      ready: { check: async () => false },
    }),
    /mute was not ready within 0.3 s/,
  );
});

test('children die with a parent that was killed outright', { skip: !existsSync('/usr/bin/setpriv') }, async () => {
  const parent: ChildProcess = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { keep } from ${JSON.stringify(join(import.meta.dirname, 'keep.ts'))};
       const kept = await keep({ name: 'orphan', command: process.execPath, args: ['-e', ${JSON.stringify(ticking)}],
         log: ${JSON.stringify(log('orphan'))}, ready: { line: /ready/ } });
       console.log('pid ' + kept.pid());`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const pid = await new Promise<number>((resolve) => {
    if (parent.stdout) eachLine(parent.stdout, (line) => line.startsWith('pid ') && resolve(Number(line.slice(4))));
  });
  assert.ok(!gone(pid), 'the child runs');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await until('the orphan is gone', () => gone(pid));
});
