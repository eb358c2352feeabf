import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { letBackgroundThreadsYield } from './background-threads.ts';

/** Nice values of this process's threads by their names (proc(5), field 19 of stat). */
const niceness = (): (readonly [name: string, nice: number])[] =>
  readdirSync('/proc/self/task').map((task) => {
    const text = readFileSync(`/proc/self/task/${task}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return [text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')), Number(fields[16])] as const;
  });

describe('threads in the background', { skip: process.platform !== 'linux' && 'Linux alone has them' }, () => {
  it('give way, and the one that answers does not', async () => {
    await stat('.');
    const reports = new Worker('setTimeout(() => undefined, 60_000)', { eval: true, name: 'reports' });
    await once(reports, 'online');
    const before = getPriority();
    letBackgroundThreadsYield();
    for (const one of ['libuv-worker', 'reports']) {
      const pool = niceness().filter(([name]) => name.startsWith(one));
      assert.ok(pool.length >= 1, one);
      for (const [, nice] of pool) assert.equal(nice, Math.min(before + 10, 19));
    }
    await reports.terminate();
    const own = readFileSync('/proc/self/stat', 'utf8');
    assert.equal(Number(own.slice(own.lastIndexOf(')') + 2).split(' ')[16]), before);
  });
});
