import './tls/reflect.ts';
import assert from 'node:assert/strict';
import { type webcrypto, X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { authorityFileIn, openKeys } from './held-keys.ts';
import { createKeys, createRequest, exportKey, startTestServer, type TestServer } from './testing.ts';
import { sumTables } from './testing-tables.ts';
import { type Authority, makeAuthority, openAuthority } from './tls/authority.ts';
import { openServerCertificate } from './tls/server-certificate.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

/** An authority that the server has nothing to do with. */
const createAuthority = async (): Promise<Authority> => openAuthority({ id: 1, ...(await makeAuthority(new Date())) });

const handshake = (options: ConnectionOptions = {}): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connect(
      { host: '127.0.0.1', port: server.port, servername: 'localhost', ca: server.authority.certificate, ...options },
      () => resolve(socket),
    );
    socket.once('error', reject);
  });

const report = (sender: { key?: string; cert?: string }) =>
  server.call(server.sender(sender), 'terminals/report', { body: { records: [] } });

const lastRefusal = async (): Promise<string | null> => {
  await server.app.settled();
  const [row] = await server.database.query<{ reason: string }>(
    "select reason from event where kind = 'request.refused' order by seq desc limit 1",
  );
  return row?.reason ?? null;
};

describe('TLS', () => {
  test('version 1.3 is spoken and version 1.2 is refused', async () => {
    const socket = await handshake();
    assert.equal(socket.getProtocol(), 'TLSv1.3');
    assert.equal(socket.authorized, true);
    socket.destroy();
    await assert.rejects(handshake({ maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' }), { code: /SSL|ECONNRESET/ });
  });

  test('somebody who does not know the authority does not trust the server', async () => {
    const other = await createAuthority();
    await assert.rejects(handshake({ ca: other.certificate }), { code: /SELF_SIGNED|UNABLE_TO/ });
  });
});

describe('a terminal’s certificate', () => {
  test('is asked for', async () => {
    const answered = await report({});
    assert.deepEqual([answered.status, answered.code], [401, 'TERMINAL_CERTIFICATE_MISSING']);
    assert.equal(await lastRefusal(), 'certificate-none');
  });

  test('of another authority is refused', async () => {
    const terminal = await server.enrol();
    const other = await createAuthority();
    const keys = await createKeys();
    const forged = await other.issueClient(await createRequest(keys), terminal.id, new Date());
    assert.ok(forged);
    const answered = await report({ key: await exportKey(keys), cert: forged.certificate });
    assert.deepEqual([answered.status, answered.code], [401, 'TERMINAL_CERTIFICATE_MISSING']);
  });

  test('that has expired is refused', async () => {
    const terminal = await server.enrol();
    const keys = await createKeys();
    const longAgo = new Date(Date.now() - 30 * 24 * 3_600_000);
    const old = await server.authority.issueClient(await createRequest(keys), terminal.id, longAgo);
    assert.ok(old);
    const answered = await report({ key: await exportKey(keys), cert: old.certificate });
    assert.deepEqual([answered.status, answered.code], [401, 'TERMINAL_CERTIFICATE_MISSING']);
  });

  test('that expires while its connection stays open is refused from then on', async (t) => {
    const terminal = await server.enrol();
    assert.equal((await server.call(terminal, 'terminals/report', { body: {} })).code, 'REQUEST_INVALID');
    server.advance(8 * 24 * 3_600_000);
    t.after(() => server.advance(-8 * 24 * 3_600_000));
    const answered = await server.call(terminal, 'terminals/report', { body: {} });
    assert.equal(answered.code, 'TERMINAL_CERTIFICATE_MISSING');
    assert.equal(await lastRefusal(), 'certificate-expired');
  });

  test('cannot be the server’s own', async () => {
    const own = await server.authority.issueServer([crypto.randomUUID()], new Date());
    const answered = await report({ key: own.key, cert: own.certificate });
    assert.deepEqual([answered.status, answered.code], [401, 'TERMINAL_CERTIFICATE_MISSING']);
  });

  test('of a terminal that was never enrolled here is refused', async () => {
    const keys = await createKeys();
    const issued = await server.authority.issueClient(await createRequest(keys), crypto.randomUUID(), new Date());
    assert.ok(issued);
    const answered = await report({ key: await exportKey(keys), cert: issued.certificate });
    assert.deepEqual([answered.status, answered.code], [403, 'TERMINAL_REVOKED']);
  });

  test('that is not one of a terminal opens no call, no stream and no attempt, changes nothing, and the log says why', async () => {
    const [terminal, thief] = [await server.enrol(), await server.enrol()];
    const [keys, elsewhere] = [await createKeys(), await createAuthority()];
    const [request, key] = [await createRequest(keys), await exportKey(keys)];
    const issue = async (by: Authority, name: string, at = new Date()) => {
      const { certificate } = (await by.issueClient(request, name, at)) ?? assert.fail('not issued');
      return { key, cert: certificate };
    };
    /** Signed by whoever it is, in the name of a terminal. */
    const sign = async (signingKey: webcrypto.CryptoKey, issuer: string, purposes: string[]) => {
      const made = await x509.X509CertificateGenerator.create({
        serialNumber: '4011',
        subject: `CN=${terminal.id}`,
        issuer,
        notBefore: new Date(Date.now() - 60_000),
        notAfter: new Date(Date.now() + 60_000),
        signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
        signingKey,
        publicKey: keys.publicKey,
        extensions: [new x509.ExtendedKeyUsageExtension(purposes)],
      });
      return { key, cert: made.toString('pem') };
    };
    const client = ['1.3.6.1.5.5.7.3.2'];
    const own = await server.authority.issueServer([terminal.id], new Date());
    const day = 24 * 3_600_000;
    const cases: Readonly<Record<string, readonly [reason: string, held: { key?: string; cert?: string }]>> = {
      none: ['certificate-none', {}],
      'of another authority': ['certificate-foreign', await issue(elsewhere, terminal.id)],
      'that signed itself': ['certificate-foreign', await sign(keys.privateKey, `CN=${terminal.id}`, client)],
      'that another terminal signed, with its own certificate behind it': [
        'certificate-foreign',
        await sign(thief.keys.privateKey, `CN=${thief.id}`, client).then(({ cert }) => ({
          key,
          cert: `${cert}\n${thief.admission.certificate}`,
        })),
      ],
      'that names the authority and was signed by somebody else': [
        'certificate-foreign',
        await sign(keys.privateKey, new X509Certificate(server.authority.certificate).subject, client),
      ],
      'that ended long ago': [
        'certificate-expired',
        await issue(server.authority, terminal.id, new Date(Date.now() - 200 * day)),
      ],
      'that begins in two days': [
        'certificate-foreign',
        await issue(server.authority, terminal.id, new Date(Date.now() + 3 * day)),
      ],
      'of the server itself': ['certificate-foreign', { key: own.key, cert: own.certificate }],
      'of nobody’s name': ['certificate-unreadable', await issue(server.authority, 'admin')],
      'of another key for a terminal': ['certificate-superseded', await issue(server.authority, terminal.id)],
      'of a terminal that is not there': ['terminal-revoked', await issue(server.authority, crypto.randomUUID())],
    };
    await server.app.settled();
    const before = await sumTables(server.database);
    for (const [place, [what, [reason, held]]] of Object.entries(cases).entries()) {
      const localAddress = `127.0.7.${place + 1}`;
      // What is refused in its name alone is cut as well: each asks anew.
      const ask = (path: string, body?: object) =>
        server.send(server.sender({ ...held, localAddress }), path, body === undefined ? {} : { method: 'POST', body });
      const card = {
        technology: 'felica',
        systemCode: '8008',
        identifier: '0114000000000001',
        assurance: 'identifier',
      };
      const answers = [
        await ask('/v1/terminals/report', { records: [] }),
        await ask('/v1/attempts', { lock: crypto.randomUUID(), card }),
        await ask('/v1/terminals/stream?after=0&clock=0'),
        await ask('/v1/terminals/renew', { request }),
      ];
      const [status, code] =
        reason === 'terminal-revoked' ? [403, 'TERMINAL_REVOKED'] : [401, 'TERMINAL_CERTIFICATE_MISSING'];
      for (const answer of answers)
        assert.deepEqual([answer.status, await answer.json()], [status, { failure: { code } }], what);
      await server.app.settled();
      const events = await server.database.query<{ reason: string; outcome: string }>(
        `select distinct reason, outcome from event where kind = 'request.refused' and detail->>'address' = $1`,
        [localAddress],
      );
      assert.deepEqual(events, [{ reason, outcome: 'serious' }], what);
    }
    assert.deepEqual(await sumTables(server.database), before);
    assert.equal((await server.call(terminal, 'nonces/give')).status, 200, 'the terminal itself goes on');
  });

  test('is not made for a request that is not signed by its key, nor for another curve', async () => {
    const good = await createRequest(await createKeys());
    const bytes = Buffer.from(good.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
    assert.equal(await server.authority.issueClient(pem, crypto.randomUUID(), new Date()), undefined);
    const larger = await createRequest(await createKeys('P-384'));
    assert.equal(await server.authority.issueClient(larger, crypto.randomUUID(), new Date()), undefined);
    assert.equal(await server.authority.issueClient('nonsense', crypto.randomUUID(), new Date()), undefined);
  });
});

describe('what the server keeps', () => {
  test('the authority stays the same, its key is in the key file alone, and everybody may read its certificate', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kazasu-ca-'));
    const first = await openKeys(folder, new Date());
    const second = await openKeys(folder, new Date());
    assert.equal(first.authorities().bundle, second.authorities().bundle);
    assert.equal(await readFile(authorityFileIn(folder), 'utf8'), first.authorities().bundle);
    assert.equal((await stat(authorityFileIn(folder))).mode & 0o777, 0o644);
    assert.deepEqual(await readdir(join(folder, 'ca')), ['ca.pem']);
    assert.doesNotMatch(await readFile(authorityFileIn(folder), 'utf8'), /PRIVATE/);
  });

  test('an authority that lay in files of its own is taken over with its key', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kazasu-ca-'));
    const made = await makeAuthority(new Date());
    await mkdir(join(folder, 'ca'));
    await writeFile(join(folder, 'ca', 'ca.pem'), made.certificate);
    const pem = `-----BEGIN PRIVATE KEY-----\n${made.key.replaceAll(/(.{64})/g, '$1\n')}\n-----END PRIVATE KEY-----\n`;
    await writeFile(join(folder, 'ca', 'ca.key.pem'), pem, { mode: 0o600 });
    const keys = await openKeys(folder, new Date());
    const { certificate } = await keys.authorities().current.issueServer(['localhost'], new Date());
    assert.ok(new X509Certificate(certificate).verify(new X509Certificate(made.certificate).publicKey));
    assert.deepEqual(await readdir(join(folder, 'ca')), ['ca.pem'], 'its key lies in one place');
    const again = await openKeys(folder, new Date());
    assert.equal(again.authorities().bundle, keys.authorities().bundle);
  });

  test('its certificate is kept, and renewed when it grows old or a name is added', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kazasu-ca-'));
    const authority = await createAuthority();
    const open = (names: string[], at: Date) => openServerCertificate(folder, authority, names, at);
    const first = await open(['localhost'], new Date());
    assert.equal((await open(['localhost'], new Date())).certificate, first.certificate);
    const wider = await open(['localhost', 'kazasu.hospital.example', '::1'], new Date());
    assert.notEqual(wider.certificate, first.certificate);
    const later = new Date(Date.now() + 61 * 24 * 3_600_000);
    assert.notEqual((await open(['localhost'], later)).certificate, wider.certificate);
    assert.match(await readFile(join(folder, 'server.json'), 'utf8'), /PRIVATE KEY/);
    assert.equal((await stat(join(folder, 'server.json'))).mode & 0o777, 0o600);
  });
});
