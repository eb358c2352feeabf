import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Admission, Pushed } from '#contract/api/terminals.ts';
import {
  type Answered,
  createKeys,
  createRequest,
  exportKey,
  startTestServer,
  type TestSender,
  type TestServer,
  type TestTerminal,
} from './testing.ts';
import { eventsWhere } from './testing-login.ts';
import { openStream } from './testing-stream.ts';
import { makeAuthority, openAuthority } from './tls/authority.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const day = 24 * 3_600_000;
/** A certificate in the terminal's name that was issued so many days ago, for seven days. */
const certify = async (terminal: TestTerminal, daysAgo: number, keys = terminal.keys): Promise<TestSender> => {
  const request = await createRequest(keys);
  const issued = await server.authority.issueClient(request, terminal.id, new Date(Date.now() - daysAgo * day));
  assert.ok(issued);
  return server.sender({ key: await exportKey(keys), cert: issued.certificate });
};
const renew = async (from: TestSender, keys?: Awaited<ReturnType<typeof createKeys>>): Promise<Answered> =>
  server.call(from, 'terminals/renew', { body: { request: await createRequest(keys ?? (await createKeys())) } });
const report = (from: TestSender) => server.call(from, 'terminals/report', { body: {} });
const lastRefusal = async (terminal: TestTerminal): Promise<unknown[]> => {
  const last = (await eventsWhere(server, 'terminal', terminal.id)).findLast(({ kind }) => kind === 'request.refused');
  return [last?.reason, last?.outcome];
};
/** What the gate writes down of one address and code is limited; a later test begins anew. */
const quiet = () => server.advance(61_000);

describe('a terminal that was off for longer than its certificate', () => {
  it('renews it by itself, with the key that it had last, and somebody is told', async () => {
    const terminal = await server.enrol();
    const lapsed = await certify(terminal, 40);
    const keys = await createKeys();
    const renewed = await renew(lapsed, keys);
    assert.equal(renewed.status, 200);
    const { certificate } = renewed.body as Admission;
    const again = server.sender({ key: await exportKey(keys), cert: certificate });
    assert.equal((await report(again)).code, 'REQUEST_INVALID', 'let in');
    const event = (await eventsWhere(server, 'terminal', terminal.id)).find(({ kind }) => kind === 'terminal.renewed');
    assert.partialDeepStrictEqual(event, { outcome: 'serious', reason: 'lapsed' });
    assert.match(String(event?.detail['endedAt']), /^\d{4}-\d\d-\d\dT/);
    assert.match(server.logged(), /a terminal renewed a certificate that had ended/);
  });

  it('may do nothing else with it', async () => {
    const terminal = await server.enrol();
    const lapsed = await certify(terminal, 10);
    assert.equal((await report(lapsed)).code, 'TERMINAL_CERTIFICATE_MISSING');
    assert.deepEqual(await lastRefusal(terminal), ['certificate-expired', 'serious']);
    assert.equal((await server.send(lapsed, '/v1/terminals/stream?after=0&clock=0')).status, 401);
    const begun = { lock: randomUUID(), card: { technology: 'felica', identifier: '01', assurance: 'identifier' } };
    assert.equal((await server.call(lapsed, 'attempts/begin', { body: begun })).code, 'TERMINAL_CERTIFICATE_MISSING');
  });

  it('is refused after 90 days, and when it was revoked', async () => {
    const [late, revoked] = [await server.enrol(), await server.enrol()];
    assert.equal((await renew(await certify(late, 96))).status, 200, 'a day before');
    quiet();
    assert.equal((await renew(await certify(await server.enrol(), 98))).code, 'TERMINAL_CERTIFICATE_MISSING');
    const lapsed = await certify(revoked, 10);
    const admin = await server.signIn(['admin']);
    await server.call(admin, 'terminals/revoke', { params: { terminal: revoked.id }, body: { reason: 'stolen' } });
    assert.equal((await renew(lapsed)).code, 'TERMINAL_REVOKED');
  });

  it('is refused with another key than its last, from another authority, and with what is no client’s certificate', async () => {
    quiet();
    const terminal = await server.enrol();
    const other = await certify(terminal, 10, await createKeys());
    assert.equal((await renew(other)).code, 'TERMINAL_CERTIFICATE_MISSING');
    assert.deepEqual(await lastRefusal(terminal), ['certificate-superseded', 'serious']);

    const stranger = openAuthority({ id: 1, ...(await makeAuthority(new Date(Date.now() - 30 * day))) });
    const request = await createRequest(terminal.keys);
    const forged = await stranger.issueClient(request, terminal.id, new Date(Date.now() - 10 * day));
    assert.ok(forged);
    const foreign = server.sender({ key: terminal.key, cert: forged.certificate });
    assert.equal((await renew(foreign)).code, 'TERMINAL_CERTIFICATE_MISSING');

    const own = await server.authority.issueServer([terminal.id], new Date(Date.now() - 100 * day));
    const asClient = server.sender({ key: own.key, cert: own.certificate });
    assert.equal((await renew(asClient)).code, 'TERMINAL_CERTIFICATE_MISSING');
    const events = await eventsWhere(server, 'terminal', terminal.id);
    assert.ok(!events.some(({ kind }) => kind === 'terminal.renewed'));
  });

  it('is told by the server’s clock, also on a connection that was made in time', async (t) => {
    const terminal = await server.enrol();
    assert.equal((await report(terminal)).code, 'REQUEST_INVALID');
    server.advance(30 * day);
    t.after(() => server.advance(-30 * day));
    assert.equal((await report(terminal)).code, 'TERMINAL_CERTIFICATE_MISSING');
    assert.equal((await renew(terminal)).status, 200);
  });
});

describe('a renewal with a new key', () => {
  const open = async (from: TestSender) => {
    const stream = await openStream(server, from, '/v1/terminals/stream?after=0&clock=0');
    await stream.next<Pushed>(({ kind }) => kind === 'hello');
    return stream;
  };

  it('leaves the one before good until the new one is used, so that an answer may be lost', async () => {
    quiet();
    const terminal = await server.enrol();
    const lost = await renew(terminal);
    assert.equal(lost.status, 200);
    assert.equal((await report(terminal)).code, 'REQUEST_INVALID');
    const keys = await createKeys();
    const renewed = await renew(terminal, keys);
    assert.equal(renewed.status, 200);
    const { certificate } = renewed.body as Admission;
    const next = server.sender({ key: await exportKey(keys), cert: certificate });
    assert.equal((await report(next)).code, 'REQUEST_INVALID');
    assert.equal((await report(terminal)).code, 'REQUEST_INVALID', 'nothing was pushed to the new one yet');
    const stream = await open(next);
    assert.equal((await report(terminal)).code, 'TERMINAL_CERTIFICATE_MISSING');
    assert.deepEqual(await lastRefusal(terminal), ['certificate-superseded', 'serious']);
    assert.equal((await renew(terminal)).code, 'TERMINAL_CERTIFICATE_MISSING');
    stream.close();
  });

  it('ends the streams of the key before, wherever a copy of it holds one', async () => {
    quiet();
    const terminal = await server.enrol();
    const former = await open(terminal);
    const keys = await createKeys();
    const { certificate } = (await renew(terminal, keys)).body as Admission;
    await former.next<Pushed>(({ kind }) => kind === 'beat');
    const newest = await open(server.sender({ key: await exportKey(keys), cert: certificate }));
    await former.ended;
    await newest.next<Pushed>(({ kind }) => kind === 'beat');
    newest.close();
  });

  it('shows a copied key: whoever renews second is refused, and it is in the log', async () => {
    quiet();
    const terminal = await server.enrol();
    const keys = await createKeys();
    const thief = server.sender({ key: terminal.key, cert: terminal.admission.certificate });
    const stolen = await renew(thief, keys);
    const { certificate } = stolen.body as Admission;
    const stream = await open(server.sender({ key: await exportKey(keys), cert: certificate }));
    const refused = await server.send(terminal, '/v1/terminals/stream?after=0&clock=0');
    assert.equal(refused.status, 401);
    assert.deepEqual(await lastRefusal(terminal), ['certificate-superseded', 'serious']);
    stream.close();
  });
});
