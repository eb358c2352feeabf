import assert from 'node:assert/strict';
import { mkdtemp, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { createKeys, createRequest, exportKey, startTestServer, type TestServer } from './testing.ts';
import { openAuthority } from './tls/authority.ts';
import { openServerCertificate } from './tls/server-certificate.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

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
    const other = await openAuthority(join(await mkdtemp(join(tmpdir(), 'kazasu-ca-')), 'ca'), new Date());
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
    const other = await openAuthority(join(await mkdtemp(join(tmpdir(), 'kazasu-ca-')), 'ca'), new Date());
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
  test('the authority stays the same, and only its owner reads the key', async () => {
    const folder = join(await mkdtemp(join(tmpdir(), 'kazasu-ca-')), 'ca');
    const first = await openAuthority(folder, new Date());
    const second = await openAuthority(folder, new Date());
    assert.equal(first.certificate, second.certificate);
    assert.equal((await stat(join(folder, 'ca.key.pem'))).mode & 0o777, 0o600);
  });

  test('its certificate is kept, and renewed when it grows old or a name is added', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kazasu-ca-'));
    const authority = await openAuthority(join(folder, 'ca'), new Date());
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
