import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { readHookFile } from './hook-file.ts';

describe('the file of hooks', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kazasu-hooks-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (content: unknown, mode = 0o644): string => {
    const path = join(folder, 'hooks.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    chmodSync(path, mode);
    return path;
  };

  test('what is left out has its usual value', async () => {
    assert.deepEqual(await readHookFile(write({ lock: { command: ['/bin/true', 'a b'] } }), false), {
      environment: {},
      lock: { command: ['/bin/true', 'a b'], seconds: 5 },
      patience: 1_500,
      whenNotDone: 'stay-covered',
    });
  });

  const refused: readonly (readonly [string, unknown, RegExp])[] = [
    ['no JSON', '{', /is not JSON/],
    ['a line for a shell instead of words', { lock: { command: 'rm -rf /' } }, /lock\.command/],
    ['a program without a path', { lock: { command: ['sh', '-c', 'x'] } }, /lock\.command: .*absolute path/],
    ['no words at all', { unlock: { command: [] } }, /unlock\.command/],
    ['a hook that may run for an hour', { unlock: { command: ['/bin/true'], seconds: 3_600 } }, /unlock\.seconds/],
    ['an opening that waits for ever', { patience: 60_000 }, /patience/],
    ['a word that nobody knows', { onUnlock: {} }, /onUnlock/],
    ['an identity of its own', { environment: { KAZASU_PERSON: 'somebody' } }, /environment/],
    ['a user that is an option', { user: '--root' }, /user/],
  ];
  for (const [what, content, problem] of refused)
    test(`${what} is refused in words`, async () => {
      await assert.rejects(readHookFile(write(content), true), problem);
    });

  test('every problem is told, not only the first', async () => {
    const path = write({ patience: -1, lock: { command: [] } });
    await assert.rejects(
      readHookFile(path, false),
      (error: Error) => /patience/.test(error.message) && /lock/.test(error.message),
    );
  });

  test('a file that others may write to is refused', async () => {
    for (const mode of [0o664, 0o646]) await assert.rejects(readHookFile(write({}, mode), false), /write to it/);
  });

  test('a file that is not there is told by its name', async () => {
    await assert.rejects(readHookFile(join(folder, 'none.json'), false), /none\.json.*\n.*ENOENT/);
  });

  test('windows are swept under a curtain alone: without it the lock screen would be one of them', async () => {
    const path = write({ desktop: { program: '/opt/kazasu/sweep' } });
    assert.equal((await readHookFile(path, true)).desktop?.windows, 'hide');
    await assert.rejects(readHookFile(path, false), /desktop: without a curtain/);
  });
});
