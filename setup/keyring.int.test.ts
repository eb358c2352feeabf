import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openKeyring } from './keyring.ts';
import { node, root } from './paths.ts';
import { run } from './run.ts';

const secret = 'a-secret-only-for-this-test';

async function keytar(env: NodeJS.ProcessEnv, call: string): Promise<string> {
  const code = `import k from 'keytar'; console.log(JSON.stringify(await k.${call}));`;
  const ran = await run(node, ['--input-type=module', '-e', code], { cwd: root, env: { ...process.env, ...env } });
  assert.ok(ran.ok, ran.error);
  return ran.out.trim();
}

test('keeps a secret over restarts, under a password that only the owner can read', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-keyring-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const first = await openKeyring({ folder, own: true });
  t.after(first.stop);
  assert.equal(first.own, true);
  await keytar(first.env, `setPassword('kazasu', 'one', '${secret}')`);
  await first.stop();

  const second = await openKeyring({ folder, own: true });
  t.after(second.stop);
  assert.equal(await keytar(second.env, "getPassword('kazasu', 'one')"), JSON.stringify(secret));
  assert.equal(statSync(join(folder, 'password')).mode & 0o777, 0o600);
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const bytes = readFileSync(join(file.parentPath, file.name));
    assert.ok(!bytes.includes(secret), `${file.name} holds the secret in the clear`);
  }
  await second.stop();
});

test('a folder with a long name works too', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), `kazasu-${'long'.repeat(20)}-`));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const keyring = await openKeyring({ folder, own: true });
  t.after(keyring.stop);
  await keytar(keyring.env, "setPassword('kazasu', 'two', 'x')");
  const socket = keyring.env.DBUS_SESSION_BUS_ADDRESS.replace('unix:path=', '');
  await keyring.stop();
  assert.ok(!existsSync(socket), 'the socket is gone');
});

test('an unlocked keyring of the session is used as it is', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-keyring-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const session = await openKeyring({ folder, own: true });
  t.after(session.stop);
  const used = await openKeyring({ folder: join(folder, 'unused'), env: { ...process.env, ...session.env } });
  assert.equal(used.own, false);
  assert.deepEqual(used.env, session.env);
  await used.stop();
  assert.equal(await keytar(session.env, "getPassword('kazasu', 'none')"), 'null');
});
