import assert from 'node:assert/strict';
import { createPublicKey, randomUUID, verify, X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import type { Pushed, RevocationOrder } from '#contract/api/terminals.ts';
import type { SessionId } from '#contract/ids.ts';
import { openPosition } from './position.ts';
import { hello, ok, refuse, type TestServer } from './test-server.ts';
import { createTestUplink, log, recordsOf, type TestUplink } from './test-uplink.ts';

let at: TestUplink;
let server: TestServer;
beforeEach(async () => {
  at = await createTestUplink({ silence: 250 });
  ({ server } = at);
});
afterEach(() => at.stop());

test('the terminal shows its certificate over TLS 1.3, and hello brings the policy and the link', async () => {
  await at.connect();
  const [stream] = at.asked('/v1/terminals/stream');
  assert.equal(stream?.protocol, 'TLSv1.3');
  assert.equal(stream?.authorized, true);
  assert.equal(stream?.query.get('after'), '0');
  assert.deepEqual(
    at.events.map(({ kind }) => kind),
    ['policy-changed', 'link-changed'],
  );
});

test('a server of another authority is never spoken to', async () => {
  at.uplink.use({ ...server.identity, authority: server.foreignAuthority });
  await at.until(() => at.links().includes('unreachable'));
  const reply = await at.begin();
  assert.ok(!reply.ok && reply.failure.code === 'SERVER_UNREACHABLE');
  assert.deepEqual(server.heard, []);
});

test('before the terminal is admitted nothing is sent', async () => {
  const reply = await at.begin();
  assert.ok(!reply.ok && reply.failure.code === 'SERVER_UNREACHABLE');
  assert.deepEqual(server.heard, []);
});

test('a refusal is a value, an answer of another shape is one too', async () => {
  await at.connect();
  server.on('/v1/attempts', () => ({
    status: 403,
    body: { failure: { code: 'CARD_REFUSED', supportCode: 'ABC-DEF-GHJ' } },
  }));
  const begin = () => at.begin();
  assert.deepEqual(await begin(), { ok: false, failure: { code: 'CARD_REFUSED', supportCode: 'ABC-DEF-GHJ' } });
  server.on('/v1/attempts', () => ok({ attempt: 'everybody', greeting: null }));
  assert.deepEqual(await begin(), { ok: false, failure: { code: 'INTERNAL' } });
  server.on('/v1/attempts', () => ({ status: 502, body: '<html>' }));
  assert.deepEqual(await begin(), { ok: false, failure: { code: 'SERVER_UNREACHABLE' } });
});

test('a server that takes a call and never answers is given up in time', async () => {
  await at.connect();
  server.on('/v1/attempts', () => 'never');
  const began = performance.now();
  const reply = await at.begin({ limit: 300 });
  assert.ok(!reply.ok && reply.failure.code === 'SERVER_UNREACHABLE');
  assert.ok(performance.now() - began < 1_000);
});

test('a tap pays for no handshake: calls go over connections that are open', async () => {
  await at.connect();
  await server.until(() => at.asked('/v1/health').length >= 2);
  server.on('/v1/attempts', () => refuse(403, 'CARD_REFUSED'));
  await at.uplink.call('server/health', {});
  const connections = () => server.connections() - at.asked('/v1/terminals/stream').length;
  const before = connections();
  for (let count = 0; count < 10; count += 1) await at.begin();
  assert.equal(connections(), before);
});

test('a beginning, a proof and an emergency are asked again where the connection broke, once; a code is not', async () => {
  await at.connect();
  let breaks = 1;
  server.on('/v1/attempts', () => (breaks-- > 0 ? 'cut' : refuse(403, 'CARD_REFUSED')));
  const begun = await at.begin();
  assert.ok(!begun.ok && begun.failure.code === 'CARD_REFUSED');
  const attempt = randomUUID();
  const path = `/v1/attempts/${attempt}/proofs`;
  server.on(path, () => 'cut');
  const body = { factor: 'pin', idempotencyKey: 'kq0Zc1yXv3mN8pR5tB7wLA', secret: '40718293' };
  const secretBody = Buffer.from(JSON.stringify(body));
  const proved = await at.uplink.call('attempts/prove', { params: { attempt: attempt as never }, secretBody });
  assert.ok(!proved.ok && proved.failure.code === 'SERVER_UNREACHABLE');
  assert.deepEqual(
    at.asked(path).map((one) => one.body),
    [body, body],
  );
  assert.ok(
    secretBody.every((byte) => byte === 0),
    'the secret is wiped',
  );
  const opening = `/v1/emergencies/${attempt}/open`;
  server.on(opening, () => 'cut');
  const emergency = { ticket: 'a', reason: 'patient-urgent', idempotencyKey: body.idempotencyKey } as const;
  await at.uplink.call('emergencies/open', { params: { attempt: attempt as never }, body: emergency });
  assert.deepEqual(
    at.asked(opening).map((one) => one.body),
    [emergency, emergency],
  );
  server.on('/v1/attempts/by-code', () => 'cut');
  await at.uplink.call('attempts/begin-by-code', { secretBody: Buffer.from('{"code":"1"}') });
  assert.equal(at.asked('/v1/attempts/by-code').length, 1);
});

test('a stream that breaks or falls silent is lost, and found again by itself', async () => {
  await at.connect();
  server.cut();
  await at.until(() => at.links().at(-1) === 'unreachable');
  await server.until(() => at.asked('/v1/terminals/stream').length === 2);
  server.push(hello);
  await at.until(() => at.links().at(-1) === 'online');
  // From here on the server says nothing.
  await at.until(() => at.links().at(-1) === 'unreachable');
  assert.deepEqual(at.links(), ['online', 'unreachable', 'online', 'unreachable']);
});

test('a terminal that is out of use for now hears that it is, and that it is no longer', async () => {
  await at.connect();
  server.push({ ...hello, disabled: true } as Pushed);
  await at.until(() => at.links().at(-1) === 'terminal-revoked');
  server.push(hello);
  await at.until(() => at.links().at(-1) === 'online');
});

test('a revoked terminal hears that it is', async () => {
  server.on('/v1/terminals/stream', () => refuse(403, 'TERMINAL_REVOKED'));
  at.uplink.use(server.identity);
  await at.until(() => at.links().includes('terminal-revoked'));
});

test('a revoked terminal hears it by the answer to any call, though its stream says nothing', async () => {
  await at.connect();
  server.on('/v1/attempts', () => refuse(403, 'TERMINAL_REVOKED'));
  await at.begin();
  assert.equal(at.links().at(-1), 'terminal-revoked');
});

test('a message of another shape is passed over, the next one counts', async () => {
  await at.connect();
  server.push('{"kind":"open-everything"}');
  server.push('not json');
  const session = randomUUID() as SessionId;
  server.push({ kind: 'session-ended', session, reason: 'revoked' });
  await at.until(() => at.events.length > 2);
  assert.deepEqual(at.events.slice(2), [{ kind: 'session-ended', session, reason: 'revoked' }]);
});

const order = (number: number): RevocationOrder => ({
  number,
  what: 'card',
  subject: randomUUID(),
  at: '2026-11-22T06:00:00Z',
});

test('a revocation is heard once, and its signed receipt is sent until it is taken', async () => {
  await at.connect();
  let tries = 0;
  server.on('/v1/terminals/confirm', () => (++tries < 3 ? refuse(503, 'SERVER_BUSY') : ok({})));
  server.push({ kind: 'revocation', order: order(4) });
  server.push({ kind: 'revocation', order: order(4) });
  server.push({ kind: 'revocation', order: order(5) });
  await at.until(() => at.events.length >= 4);
  assert.equal(at.events.filter(({ kind }) => kind === 'revocation-ordered').length, 2);
  const receipt = { number: 5, lockedAt: '2026-11-22T06:00:00.150Z', receivedAt: '2026-11-22T06:00:00.100Z' };
  at.uplink.confirm(receipt);
  await server.until(() => tries === 3);
  const body = at.asked('/v1/terminals/confirm').at(-1)?.body as { signature: string };
  const key = createPublicKey(
    new X509Certificate(server.identity.certificate).publicKey.export({ type: 'spki', format: 'pem' }),
  );
  const text = Buffer.from('5.2026-11-22T06:00:00.150Z.2026-11-22T06:00:00.100Z');
  const signature = Buffer.from(body.signature, 'base64url');
  assert.ok(verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, signature));
  // The fourth is not confirmed yet.
  while (at.position.get().revocation !== 3) await new Promise(setImmediate);
  at.uplink.confirm({ ...receipt, number: 4, lockedAt: null });
  await server.until(() => tries === 4);
  while (at.position.get().revocation !== 5) await new Promise(setImmediate);
  await at.position.settled();
  const again = await openPosition(at.positionPath, log);
  assert.equal(again.get().revocation, 5);
});

test('that another terminal is shut out is confirmed, and nobody here is locked out', async () => {
  await at.connect();
  server.on('/v1/terminals/confirm', () => ok({}));
  server.push({ kind: 'revocation', order: { ...order(4), what: 'terminal' } });
  server.push({ kind: 'revocation', order: { ...order(5), what: 'terminal', subject: server.identity.terminal } });
  await at.until(() => at.events.some(({ kind }) => kind === 'revocation-ordered'));
  await server.until(() => at.asked('/v1/terminals/confirm').length === 1);
  assert.partialDeepStrictEqual(at.asked('/v1/terminals/confirm')[0]?.body, { number: 4, lockedAt: null });
  const heard = at.events.flatMap((event) => (event.kind === 'revocation-ordered' ? [event.order.number] : []));
  assert.deepEqual(heard, [5]);
});

test('a revocation of a server whose backup was put back is obeyed, though its number was used before', async () => {
  at.position.change({ revocation: 9 });
  await at.again();
  await at.connect();
  server.push({ kind: 'revocation', order: order(5) });
  server.push({ kind: 'revocation', order: order(5) });
  server.push({ kind: 'session-ended', session: randomUUID() as never, reason: 'limit' });
  await at.until(() => at.events.some(({ kind }) => kind === 'session-ended'));
  assert.equal(at.events.filter(({ kind }) => kind === 'revocation-ordered').length, 1);
});

test('the end of a session is told until the server has answered', async () => {
  await at.connect();
  const session = randomUUID() as SessionId;
  const path = `/v1/sessions/${session}/end`;
  let tries = 0;
  server.on(path, () => {
    tries += 1;
    return tries === 1 ? 'cut' : tries === 2 ? refuse(500, 'INTERNAL') : refuse(409, 'SESSION_ENDED');
  });
  at.uplink.endSession(session, 'idle', '2026-11-22T06:00:00Z');
  await server.until(() => tries === 3);
  await at.uplink.stop();
  assert.equal(tries, 3);
  assert.deepEqual(at.asked(path)[0]?.body, { reason: 'idle', endedAt: '2026-11-22T06:00:00Z' });
});

test('nothing is left when it has stopped', async () => {
  const before = process.getActiveResourcesInfo().filter((kind) => kind.startsWith('T')).length;
  await at.connect();
  at.uplink.upload(recordsOf(2));
  await at.uplink.stop();
  await server.stop();
  await new Promise(setImmediate);
  const after = process.getActiveResourcesInfo().filter((kind) => kind.startsWith('T')).length;
  assert.ok(after <= before, process.getActiveResourcesInfo().join());
});
