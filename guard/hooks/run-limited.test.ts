import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, runLimited } from './run-limited.ts';

describe('a program with a limit', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kazasu-hook-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const script = (text: string): string => {
    const path = join(folder, 'hook');
    writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return path;
  };
  const command = (program: string, change: Partial<Command> = {}): Command => ({
    program,
    args: [],
    environment: { PATH: '/usr/bin:/bin', FOLDER: folder },
    input: '',
    seconds: 5,
    ...change,
  });
  const never = new AbortController().signal;
  const isAlive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      // A killed process that nobody has buried yet is not alive.
      return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  };
  const pidFrom = async (name: string): Promise<number> => {
    for (;;) {
      const path = join(folder, name);
      if (existsSync(path) && readFileSync(path, 'utf8').endsWith('\n')) return Number(readFileSync(path, 'utf8'));
      await delay(5);
    }
  };
  const gone = async (pid: number): Promise<void> => {
    for (let look = 0; look < 200 && isAlive(pid); look += 1) await delay(5);
    assert.equal(isAlive(pid), false);
  };

  test('gets its arguments as they are, the environment that it is given and nothing else, and its input', async () => {
    const program = script('printf "%s|" "$@" > "$FOLDER/args"; env > "$FOLDER/env"; cat > "$FOLDER/input"');
    const args = ['$(touch broken)', 'two words', '; exit 3', '*'];
    const ran = await runLimited(command(program, { args, input: '{"name":"花子"}\n' }), never);
    assert.equal(ran.outcome, 'done');
    assert.equal(readFileSync(join(folder, 'args'), 'utf8'), `${args.join('|')}|`);
    assert.equal(readFileSync(join(folder, 'input'), 'utf8'), '{"name":"花子"}\n');
    const names = readFileSync(join(folder, 'env'), 'utf8').match(/^[A-Z_]+(?==)/gm);
    assert.deepEqual(names?.filter((name) => !['PWD', 'SHLVL', '_'].includes(name)).sort(), ['FOLDER', 'PATH']);
  });

  test('one that hangs is killed when its time is over, and its children with it', async () => {
    const program = script('sleep 60 & echo $! > "$FOLDER/child"; wait');
    const ran = await runLimited(command(program, { seconds: 0.4 }), never);
    assert.equal(ran.outcome, 'time');
    assert.ok(ran.milliseconds >= 390 && ran.milliseconds < 3_000, `${ran.milliseconds} ms`);
    await gone(await pidFrom('child'));
  });

  test('one that ignores every request to end is killed, too', async () => {
    const program = script("trap '' TERM INT HUP; while :; do sleep 1; done");
    assert.equal((await runLimited(command(program, { seconds: 0.3 }), never)).outcome, 'time');
  });

  test('one that is no longer wanted is stopped at once', async () => {
    const stop = new AbortController();
    const running = runLimited(command(script('echo $$ > "$FOLDER/self"; sleep 60')), stop.signal);
    const pid = await pidFrom('self');
    stop.abort();
    const ran = await running;
    assert.equal(ran.outcome, 'stopped');
    assert.ok(ran.milliseconds < 5_000);
    await gone(pid);
    assert.equal((await runLimited(command(script('sleep 60')), stop.signal)).outcome, 'stopped', 'aborted before');
  });

  test('what it writes is neither waited for nor held', async () => {
    const before = process.memoryUsage().rss;
    const program = script('head -c 400000000 /dev/zero; head -c 400000000 /dev/zero >&2');
    assert.equal((await runLimited(command(program), never)).outcome, 'done');
    assert.ok(process.memoryUsage().rss - before < 60e6);
  });

  test('what it leaves running on purpose stays, and nobody waits for it', async () => {
    const program = script('sleep 60 & echo $! > "$FOLDER/child"');
    const ran = await runLimited(command(program), never);
    const pid = await pidFrom('child');
    assert.equal(ran.outcome, 'done');
    assert.equal(isAlive(pid), true);
    process.kill(pid);
  });

  test('input that nobody reads does no harm', async () => {
    const input = 'x'.repeat(1_000_000);
    assert.equal((await runLimited(command(script('exit 0'), { input }), never)).outcome, 'done');
  });

  test('says how it ended', async () => {
    const ended = await runLimited(command(script('exit 3')), never);
    assert.deepEqual([ended.outcome, ended.code], ['exit', 3]);
    assert.equal((await runLimited(command(script('kill -SEGV $$')), never)).outcome, 'signal');
    assert.equal((await runLimited(command(join(folder, 'nothing')), never)).outcome, 'missing');
    const plain = script('exit 0');
    chmodSync(plain, 0o644);
    assert.equal((await runLimited(command(plain), never)).outcome, 'not-executable');
  });

  test('a program that was to start another one and could not says so for it', async () => {
    const through = (program: string): Command => command('/usr/bin/env', { args: [program] });
    assert.equal((await runLimited(through(join(folder, 'nothing')), never)).outcome, 'missing');
    const plain = script('exit 0');
    chmodSync(plain, 0o644);
    assert.equal((await runLimited(through(plain), never)).outcome, 'not-executable');
  });
});
