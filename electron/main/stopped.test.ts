import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { listStopped } from './stopped.ts';

test('whatever stands still below this process is found, and nothing that runs', async (t) => {
  const shell = spawn('sh', ['-c', 'sleep 60 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [said] = (await once(shell.stdout, 'data')) as [Buffer];
  const child = shell.pid ?? 0;
  const grandchild = Number(String(said));
  t.after(() => {
    for (const pid of [grandchild, child]) process.kill(pid, 'SIGKILL');
  });
  assert.deepEqual(listStopped(), []);
  for (const expected of [[grandchild], [child, grandchild]]) {
    process.kill(expected[0] ?? 0, 'SIGSTOP');
    for (let look = 0; look < 200 && listStopped().length < expected.length; look += 1) await delay(5);
    assert.deepEqual(listStopped(), expected);
  }
});
