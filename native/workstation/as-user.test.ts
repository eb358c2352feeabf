import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { describe, test } from 'node:test';
import { asUser } from './as-user.ts';

describe('a program of the workstation’s user', () => {
  test('needs no words where that is this process’s user already', async () => {
    assert.deepEqual(await asUser(userInfo().username), []);
  });

  test('a user that is not there is told by name', async () => {
    await assert.rejects(asUser('nobody-of-this-name'), /no user nobody-of-this-name/);
    await assert.rejects(asUser('--help'), /no user --help/);
  });

  const mayChange = process.getuid?.() === 0;
  test('runs with that user’s groups alone and cannot rise again', {
    skip: mayChange ? false : 'only root may become another user',
  }, async () => {
    const [program = '', ...words] = await asUser('nobody');
    const ask = (...command: string[]) => execFileSync(program, [...words, ...command], { encoding: 'utf8' });
    const id = (flag: string) => execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' });
    assert.equal(ask('id', '-u'), id('-u'));
    assert.equal(ask('id', '-G'), id('-G'));
    assert.match(ask('cat', '/proc/self/status'), /^NoNewPrivs:\t1$/m);
  });
});
