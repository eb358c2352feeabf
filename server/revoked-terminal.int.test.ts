import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import type { Pushed } from '#contract/api/terminals.ts';
import { createKeys, createRequest, type TestSender, type TestServer, type TestTerminal } from './testing.ts';
import { goodPin, logIn, makeClinician, mustBegin, prove } from './testing-login.ts';
import { startTestPair, type TestPair } from './testing-pair.ts';
import { openStream } from './testing-stream.ts';

let pair: TestPair;
let first: TestServer;
let second: TestServer;
let admin: TestSender;
before(async () => {
  pair = await startTestPair();
  ({ first, second } = pair);
  admin = await first.signIn(['admin']);
});
after(() => pair.close());

const handshake = (server: TestServer, terminal: TestTerminal, session?: Buffer): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connect(
      {
        host: '127.0.0.1',
        port: server.port,
        servername: 'localhost',
        ca: server.authority.certificate,
        key: terminal.key,
        cert: terminal.admission.certificate,
        ...(session === undefined ? {} : { session }),
      },
      () => resolve(socket),
    );
    socket.once('error', reject);
  });
/** Status line and body of one request on a socket that is open already. */
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
const revoke = (terminal: TestTerminal) =>
  first.call(admin, 'terminals/revoke', { params: { terminal: terminal.id }, body: { reason: 'stolen' } });
const openSessions = async (terminal: TestTerminal) =>
  (await first.database.query('select 1 from session where terminal = $1 and ended_at is null', [terminal.id])).length;

describe('a terminal that is revoked through one process of the server', () => {
  it('is cut at the other: stream, kept and resumed connections, and every new one', async () => {
    const terminal = await first.enrol();
    const stream = await openStream(second, terminal, '/v1/terminals/stream?after=0&clock=0');
    await stream.next<Pushed>(({ kind }) => kind === 'hello');
    const kept = await handshake(second, terminal);
    const ticket = new Promise<Buffer>((resolve) => kept.once('session', resolve));
    assert.match(await askOn(kept), /^HTTP\/1\.1 400 /);
    const session = await ticket;
    const resumed = await handshake(second, terminal, session);
    assert.equal(resumed.isSessionReused(), true);
    assert.match(await askOn(resumed), /^HTTP\/1\.1 400 /);
    const closed = Promise.all(
      [kept, resumed].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
    );
    const since = performance.now();
    assert.equal((await revoke(terminal)).status, 200);
    await stream.next<Pushed>((event) => event.kind === 'revocation' && event.order.subject === terminal.id);
    await Promise.all([stream.ended, closed]);
    assert.ok(performance.now() - since < 5000, 'sooner than by a missed notice');
    for (const server of [first, second]) {
      for (const socket of [await handshake(server, terminal), await handshake(server, terminal, session)]) {
        assert.match(await askOn(socket), /^HTTP\/1\.1 403 .*TERMINAL_REVOKED/s);
      }
    }
  });

  it('ends its person’s session, and none begins by what was under way', async () => {
    for (let round = 0; round < 6; round += 1) {
      const terminal = await first.enrol();
      const people = await Promise.all(Array.from({ length: 4 }, () => makeClinician(first, { totp: false })));
      const [one] = people;
      assert.ok(one);
      if (round % 2 === 0) await logIn(second, terminal, one);
      const attempts = await Promise.all(people.map(({ evidence }) => mustBegin(second, terminal, evidence)));
      const proofs = attempts.map(({ attempt }) => prove(second, terminal, attempt, 'pin', goodPin));
      const settled = Promise.allSettled(proofs);
      await revoke(terminal);
      await settled;
      assert.equal(await openSessions(terminal), 0, `round ${round}`);
    }
  });

  it('gets no certificate by a renewal at the other, not even one that was under way', async () => {
    const terminal = await first.enrol();
    await revoke(terminal);
    const renewed = await second
      .call(terminal, 'terminals/renew', { body: { request: await createRequest(await createKeys()) } })
      .catch(() => ({ code: 'cut' }));
    assert.match(renewed.code ?? '', /^(TERMINAL_REVOKED|cut)$/);
    const [row] = await first.database.query<{ state: string }>('select state from terminal where id = $1', [
      terminal.id,
    ]);
    assert.equal(row?.state, 'revoked');
  });
});
