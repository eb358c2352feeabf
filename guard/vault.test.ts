import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { Admission } from '#contract/api/terminals.ts';
import { type EnrolmentDeps, enrol } from './enrolment.ts';
import { createPrivateKeyPem, renewalAt } from './identity.ts';
import { createLog } from './log.ts';
import { createServers } from './servers.ts';
import { certify, ok, refuse, startTestServer, type TestServer } from './test-server.ts';
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
  remove: async (account) => (open ? void kept.delete(account) : refused()),
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

const admissionFor = (privateKey: string): Admission => ({ ...parts().admission, certificate: certify(privateKey) });

test('a renewal with a new key leaves one key in the keychain, and the identity of before or of after whenever it is cut', async () => {
  const { privateKey, admission } = parts();
  await (await createVault({ folder, keychain, log })).save(admission, privateKey);
  const keys = [createPrivateKeyPem(), createPrivateKeyPem()];
  for (const key of keys) {
    const vault = await createVault({ folder, keychain, log });
    await vault.load();
    assert.ok((await vault.save(admissionFor(key), key)).ok);
    const loaded = await (await createVault({ folder, keychain, log })).load();
    assert.equal(loaded.ok && loaded.value?.privateKey, key);
    assert.equal(kept.size, 1, 'the key before is gone');
  }
  const last = keys.at(-1);
  // Each call of the keychain and the file, one after the other, is the last one before the end.
  for (const [survives, file] of [
    [0, 'written'],
    [1, 'cut'],
    [1, 'written'],
    [2, 'written'],
  ] as const) {
    let calls = 0;
    if (file === 'cut') mkdirSync(join(folder, 'terminal.json.new'));
    const counted = async <Value>(call: () => Promise<Value>): Promise<Value> => {
      if (calls >= survives) throw new Error('cut');
      calls += 1;
      return call();
    };
    const cut: Keychain = {
      tryRead: keychain.tryRead,
      write: (account, secret) => counted(() => keychain.write(account, secret)),
      remove: (account) => counted(() => keychain.remove(account)),
    };
    const vault = await createVault({ folder, keychain: cut, log });
    const before = await vault.load();
    assert.ok(before.ok && before.value);
    const next = createPrivateKeyPem();
    const saved = await vault.save(admissionFor(next), next);
    assert.equal(saved.ok, survives > 0 && file === 'written');
    rmSync(join(folder, 'terminal.json.new'), { recursive: true, force: true });
    const after = await (await createVault({ folder, keychain, log })).load();
    assert.ok(after.ok && after.value);
    assert.equal(after.value.privateKey, saved.ok ? next : before.value.privateKey);
    if (survives === 0) assert.equal(after.value.privateKey, last);
  }
});

test('what is trusted is kept beside the certificate, also when a renewal comes at the same moment', async () => {
  const { privateKey, admission } = parts();
  const vault = await createVault({ folder, keychain, log });
  await vault.save(admission, privateKey);
  const key = createPrivateKeyPem();
  const trust = { trustVersion: 'second', authority: server.foreignAuthority, grantKeys: [{ id: 2, key: 'k' }] };
  const renewed = admissionFor(key);
  await Promise.all([vault.save(renewed, key), vault.keepTrust(trust)]);
  const loaded = await (await createVault({ folder, keychain, log })).load();
  assert.deepEqual(loaded, { ok: true, value: { ...renewed, ...trust, privateKey: key } });
  assert.equal((await (await createVault({ folder: `${folder}-none`, keychain, log })).keepTrust(trust)).ok, false);
  rmSync(`${folder}-none`, { recursive: true });
});

test('what was kept before grant keys had numbers is read', async () => {
  const { privateKey, admission } = parts();
  await (await createVault({ folder, keychain, log })).save(admission, privateKey);
  const { trustVersion: _, grantKeys, ...older } = admission;
  writeFileSync(join(folder, 'terminal.json'), JSON.stringify({ ...older, grantKey: grantKeys[0]?.key }));
  const loaded = await (await createVault({ folder, keychain, log })).load();
  assert.deepEqual(loaded, { ok: true, value: { ...admission, trustVersion: '', privateKey } });
});

test('the code that enrolled it is known again, and no other; the file does not tell it', async () => {
  const { privateKey, admission } = parts();
  const vault = await createVault({ folder, keychain, log });
  assert.equal(vault.wasEnrolledBy('used'), false);
  await vault.save(admission, privateKey, 'used');
  await vault.save(admission, privateKey);
  const again = await createVault({ folder, keychain, log });
  assert.deepEqual([again.wasEnrolledBy(' used '), again.wasEnrolledBy('other')], [true, false]);
  assert.equal(again.terminal, admission.terminal);
  assert.doesNotMatch(readFileSync(join(folder, 'terminal.json'), 'utf8'), /used/);
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

test('a certificate is old between 60 and 70 % of its life, well before its end', () => {
  const day = 86_400_000;
  for (const share of [0, 0.5, 1]) {
    const at = renewalAt(server.identity.certificate, share);
    assert.ok(Math.abs(at - (Date.now() + 2 * day * (0.6 + share / 10))) < day / 24);
  }
});
