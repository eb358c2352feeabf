import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { Admission, Pushed } from '#contract/api/terminals.ts';
import { retireKey, rotateKey } from './key-commands.ts';
import { listKeys } from './key-list.ts';
import {
  createKeys,
  createRequest,
  exportKey,
  startTestServer,
  type TestSender,
  type TestServer,
  type TestTerminal,
} from './testing.ts';
import { commandOn, laterCommandOn, watchKeys } from './testing-keys.ts';
import { openStream, type TestStream } from './testing-stream.ts';
import { startCertificateWatch } from './tls/certificate-watch.ts';

const day = 24 * 3_600_000;
let server: TestServer;
let stop: () => Promise<void>;
let terminal: TestTerminal;
let firstAuthority: string;
before(async () => {
  server = await startTestServer();
  stop = await watchKeys(server);
  terminal = await server.enrol('ward');
  firstAuthority = server.authority.certificate;
});
after(async () => {
  await stop();
  await server.close();
});

const handshake = (options: ConnectionOptions): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: server.port, servername: 'localhost', ...options }, () =>
      resolve(socket),
    );
    socket.once('error', reject);
  });
/** The certificate that a client that trusts `ca` alone is shown. */
const shownTo = async (ca: string): Promise<X509Certificate> => {
  const socket = await handshake({ ca });
  const shown = socket.getPeerX509Certificate();
  socket.destroy();
  assert.ok(shown);
  return shown;
};
const isOf = (certificate: X509Certificate, authority: string): boolean =>
  certificate.verify(new X509Certificate(authority).publicKey);
const open = async (from: TestSender, trust: string): Promise<TestStream> => {
  const stream = await openStream(server, from, `/v1/terminals/stream?after=0&clock=0&trust=${trust}`);
  await stream.next<Pushed>(({ kind }) => kind === 'hello');
  return stream;
};
const askOn = (socket: TLSSocket): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
      if (/\r\n\r\n.*\}$/s.test(text)) resolve(text);
    });
    socket.once('close', () => resolve(text));
    socket.once('error', reject);
    socket.write(
      'POST /v1/terminals/confirm HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
    );
  });

describe('a change of the authority', () => {
  it('goes on when every connected terminal trusts the next one; who trusts the first alone still gets in', async () => {
    const asleep = await server.enrol('asleep');
    const stream = await open(terminal, terminal.admission.trustVersion);
    const rotating = rotateKey(commandOn(server), 'ca');
    const told = await stream.next<Pushed>(({ kind }) => kind === 'trust');
    assert.ok(told.kind === 'trust');
    const [own, next] = told.trust.authority.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
    assert.equal(new X509Certificate(own ?? '').fingerprint256, new X509Certificate(firstAuthority).fingerprint256);
    assert.ok(
      isOf(await shownTo(firstAuthority), firstAuthority),
      'the server does not show what a terminal does not know',
    );
    await server.call(terminal, 'terminals/keep-trust', { body: { trustVersion: told.trust.trustVersion } });
    await rotating;
    assert.ok(next);
    for (const trusted of [next, firstAuthority, `${firstAuthority}\n${next}`]) {
      assert.ok(isOf(await shownTo(trusted), next), 'shown to whoever trusts either');
    }
    assert.equal((await server.call(asleep, 'terminals/report', { body: {} })).code, 'REQUEST_INVALID', 'it slept');
    const after = await stream.next<Pushed>(({ kind }) => kind === 'trust');
    assert.ok(
      after.kind === 'trust' && after.trust.authority.startsWith(next.trim()),
      'the one that signs comes first',
    );
    stream.close();
    const back = await openStream(server, asleep, '/v1/terminals/stream?after=0&clock=0&trust=old');
    const missed = await back.next<Pushed>(({ kind }) => kind === 'trust');
    assert.ok(missed.kind === 'trust' && missed.trust.authority.includes(next.trim()));
    back.close();
  });

  it('ends when no terminal has a certificate of the old one: those that have are named, and cut when they are let go', async () => {
    const keys = await createKeys();
    const renewed = await server.call(terminal, 'terminals/renew', { body: { request: await createRequest(keys) } });
    const { certificate } = renewed.body as Admission;
    const next = server.keys.authorities().current.certificate;
    assert.ok(isOf(new X509Certificate(certificate), next));
    const fresh = { key: await exportKey(keys), cert: certificate };
    const command = commandOn(server);
    await listKeys(command);
    assert.ok(command.said.includes('terminals with a certificate of authority 1: asleep'));
    await assert.rejects(retireKey(laterCommandOn(server), 'ca', 1), /still needed: 1 certificates of terminals/);

    const [asleep] = await server.database.query<{ id: string }>(`select id from terminal where name = 'asleep'`);
    const lateKeys = await createKeys();
    const late = await server.authority.issueClient(await createRequest(lateKeys), asleep?.id ?? '', server.now());
    assert.ok(late);
    await server.database.query('update terminal set certificate_key = null where id = $1', [asleep?.id]);
    const old = { key: await exportKey(lateKeys), cert: late.certificate };
    const stream = await open(server.sender(old), 'old');
    const kept = await handshake({ ca: firstAuthority, ...old });
    const ticket = new Promise<Buffer>((resolve) => kept.once('session', resolve));
    assert.match(await askOn(kept), /^HTTP\/1\.1 400 /);
    const session = await ticket;
    const closed = new Promise((resolve) => kept.once('close', resolve));
    const bystander = await handshake({ ca: firstAuthority, ...fresh });
    assert.match(await askOn(bystander), /^HTTP\/1\.1 400 /);

    await retireKey(laterCommandOn(server), 'ca', 1, 1);
    await stream.ended;
    await closed;
    assert.equal(bystander.closed, false, 'others go on');
    bystander.destroy();
    await assert.rejects(shownTo(firstAuthority), { code: /SELF_SIGNED|UNABLE_TO/ });
    for (const options of [{ ...old }, { ...old, session }]) {
      const socket = await handshake({ ca: next, ...options });
      assert.match(await askOn(socket), /^HTTP\/1\.1 401 .*TERMINAL_CERTIFICATE_MISSING/s);
    }
    const socket = await handshake({ ca: next, ...fresh });
    assert.match(await askOn(socket), /^HTTP\/1\.1 400 /);
    socket.destroy();
  });

  it('is made one after the other', async () => {
    await rotateKey(commandOn(server), 'ca');
    await assert.rejects(rotateKey(commandOn(server), 'ca'), /there are 2 ca keys; retire the oldest first/);
  });
});

describe('certificates that grow old', () => {
  const watch = async (): Promise<() => void> => {
    const names = ['localhost', '127.0.0.1'];
    const issue = () => server.keys.authorities().current.issueServer(names, server.now());
    let certificate = await issue();
    server.app.takeCertificate(certificate);
    return startCertificateWatch({
      database: server.database,
      authority: () => server.keys.authorities().current,
      names,
      shown: () => certificate,
      renew: async () => {
        certificate = await issue();
        server.app.takeCertificate(certificate);
      },
      now: server.now,
      log: server.log,
      everyMs: 20,
    });
  };
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    const deadline = Date.now() + 5000;
    while (!(await holds())) assert.ok(Date.now() < deadline, 'it did not come to be in time');
  };
  const warnings = async () =>
    (await server.database.query(`select 1 from event where kind = 'authority.ending' and outcome = 'serious'`)).length;

  it('that of the server is renewed while it runs, for new connections', async (t) => {
    t.after(await watch());
    // The client goes by the real clock, by which the next one is not valid yet.
    const shown = async () => {
      const socket = await handshake({ rejectUnauthorized: false });
      const { fingerprint256 } = socket.getPeerX509Certificate() as X509Certificate;
      socket.destroy();
      return fingerprint256;
    };
    const earlier = await shown();
    server.advance(61 * day);
    t.after(() => server.advance(-61 * day));
    await until(async () => (await shown()) !== earlier);
  });

  it('the authority is missed half a year before it ends, once a day, and nothing that it issues outlives it', async (t) => {
    const { current } = server.keys.authorities();
    const ahead = current.expiresAt.getTime() - 181 * day - server.now().getTime();
    server.advance(ahead);
    t.after(() => server.advance(-ahead));
    t.after(await watch());
    assert.equal(await warnings(), 0);
    server.advance(2 * day);
    t.after(() => server.advance(-2 * day));
    await until(async () => (await warnings()) === 1);
    server.advance(day);
    t.after(() => server.advance(-day));
    await until(async () => (await warnings()) === 2);
    const shortly = new Date(current.expiresAt.getTime() - 1000);
    const own = await current.issueServer(['localhost'], shortly);
    const client = await current.issueClient(await createRequest(await createKeys()), terminal.id, shortly);
    assert.deepEqual([own.expiresAt, client?.expiresAt], [current.expiresAt, current.expiresAt]);
  });
});
