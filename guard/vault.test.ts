import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { type EnrolmentDeps, enrol } from './enrolment.ts';
import { createPrivateKeyPem, renewalAt } from './identity.ts';
import { createLog } from './log.ts';
import { createServers } from './servers.ts';
import { ok, refuse, startTestServer, type TestServer } from './test-server.ts';
import { createVault, type Keychain } from './vault.ts';

const log = createLog({ level: 'error', now: () => new Date(), write: () => undefined });
let server: TestServer;
let folder = '';
const kept = new Map<string, string>();
/** Refuses until it is opened. */
let open = false;
const refused = async (): Promise<never> => {
  throw new Error('no keychain');
};
const keychain: Keychain = {
  tryRead: async (account) => (open ? kept.get(account) : refused()),
  write: async (account, secret) => (open ? void kept.set(account, secret) : refused()),
};

before(async () => {
  server = await startTestServer();
});
after(() => server.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-vault-'));
  kept.clear();
  open = true;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const parts = () => {
  const { privateKey, ...admission } = server.identity;
  return { privateKey, admission };
};

test('what was saved is loaded again, and the key is in the keychain alone', async () => {
  const { privateKey, admission } = parts();
  const vault = await createVault({ folder, keychain, log });
  assert.deepEqual(await vault.load(), { ok: true, value: null });
  assert.ok((await vault.save(admission, privateKey)).ok);
  const again = await createVault({ folder, keychain, log });
  assert.deepEqual(await again.load(), { ok: true, value: server.identity });
  for (const name of readdirSync(folder)) {
    assert.doesNotMatch(readFileSync(join(folder, name), 'utf8'), /PRIVATE/);
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
  }
});

test('without a keychain nothing is kept and nothing is loaded: there is no file to fall back to', async () => {
  const { privateKey, admission } = parts();
  open = false;
  const vault = await createVault({ folder, keychain, log });
  assert.equal((await vault.load()).ok, false);
  assert.equal((await vault.save(admission, privateKey)).ok, false);
  assert.deepEqual(readdirSync(folder), []);
});

test('a key and a certificate that do not belong together are no identity', async () => {
  const { privateKey, admission } = parts();
  const vault = await createVault({ folder, keychain, log });
  assert.equal((await vault.save(admission, createPrivateKeyPem())).ok, false);
  assert.ok((await vault.save(admission, privateKey)).ok);
  for (const account of kept.keys()) kept.set(account, createPrivateKeyPem());
  assert.deepEqual(await vault.load(), { ok: true, value: null });
  writeFileSync(join(folder, 'terminal.json'), '{"terminal":');
  assert.deepEqual(await vault.load(), { ok: true, value: null });
});

test('each data folder has a place of its own in the keychain', async () => {
  const { privateKey, admission } = parts();
  const other = mkdtempSync(join(tmpdir(), 'kazasu-vault-'));
  await (await createVault({ folder, keychain, log })).save(admission, privateKey);
  assert.deepEqual(await (await createVault({ folder: other, keychain, log })).load(), { ok: true, value: null });
  rmSync(other, { recursive: true });
});

async function enrolHere(): Promise<unknown> {
  const vault = await createVault({ folder, keychain, log });
  const { origin, identity } = server;
  const servers = createServers([origin]);
  const deps: EnrolmentDeps = {
    servers,
    authority: identity.authority,
    vault,
    log,
    signal: AbortSignal.timeout(5_000),
  };
  return enrol(deps, 'one-time-code');
}

test('a refused code is not tried again', async () => {
  server.on('/v1/terminals/enrol', () => refuse(403, 'ENROLMENT_REFUSED'));
  const before = server.heard.length;
  assert.equal(await enrolHere(), null);
  assert.equal(server.heard.length, before + 1);
});

test('a busy server is asked again with the same request; a certificate for another key is not kept', async () => {
  const before = server.heard.length;
  server.on('/v1/terminals/enrol', () =>
    server.heard.length === before + 1 ? refuse(503, 'SERVER_BUSY') : ok(parts().admission),
  );
  assert.equal(await enrolHere(), null);
  const [first, second] = server.heard.slice(before).map(({ body }) => body);
  assert.ok(first);
  assert.deepEqual(first, second);
  assert.equal(kept.size, 0);
});

test('a certificate is renewed when two thirds of its life are over', () => {
  const day = 86_400_000;
  const at = renewalAt(server.identity.certificate);
  assert.ok(Math.abs(at - (Date.now() + (2 * day * 2) / 3)) < day / 24);
});
