/** What the uplink does when certificates, authorities and grant keys change under it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import type { Pushed, Trust } from '#contract/api/terminals.ts';
import type { SessionId } from '#contract/ids.ts';
import { createGrantKey, hello, ok, refuse, type TestServer } from './test-server.ts';
import { createTestUplink, type TestUplink } from './test-uplink.ts';

let at: TestUplink;
let server: TestServer;
beforeEach(async () => {
  at = await createTestUplink();
  ({ server } = at);
});
afterEach(() => at.stop());

const trustOf = (trustVersion: string, authority = server.identity.authority): Trust => ({
  trustVersion,
  authority,
  grantKeys: [
    { id: 1, key: server.identity.grantKeys[0]?.key ?? '' },
    { id: 2, key: createGrantKey() },
  ],
});

test('what is to be trusted counts at once, is kept, and is told to the server once it is kept', async () => {
  let tries = 0;
  server.on('/v1/terminals/trust', () => (++tries < 3 ? refuse(503, 'SERVER_BUSY') : ok({})));
  await at.connect();
  assert.equal(at.asked('/v1/terminals/stream')[0]?.query.get('trust'), 'first');
  const trust = trustOf('second', server.identity.authority + server.foreignAuthority);
  server.push({ kind: 'trust', trust, spreadSeconds: 0 });
  await server.until(() => tries === 3);
  assert.deepEqual(at.asked('/v1/terminals/trust').at(-1)?.body, { trustVersion: 'second' });
  assert.deepEqual([at.keptTrust, at.spreads], [['second'], [0]]);
  assert.partialDeepStrictEqual(at.uplink.identity(), trust);
  server.on('/v1/attempts', () => refuse(403, 'CARD_REFUSED'));
  const reply = await at.begin();
  assert.ok(!reply.ok && reply.failure.code === 'CARD_REFUSED');
  server.cut();
  const before = at.asked('/v1/terminals/stream').length;
  await server.until(() => at.asked('/v1/terminals/stream').length > before);
  assert.equal(at.asked('/v1/terminals/stream').at(-1)?.query.get('trust'), 'second');
});

test('an authority that is trusted no more is not spoken to again', async () => {
  await at.connect();
  server.push({ kind: 'trust', trust: trustOf('second', server.foreignAuthority), spreadSeconds: 0 });
  await at.until(() => at.keptTrust.length === 1);
  const reply = await at.begin();
  assert.ok(!reply.ok && reply.failure.code === 'SERVER_UNREACHABLE');
  assert.equal(at.asked('/v1/attempts').length, 0);
});

test('what could not be kept is not told', async () => {
  at.isDurable = false;
  server.on('/v1/terminals/trust', () => ok({}));
  await at.connect();
  server.push({ kind: 'trust', trust: trustOf('second'), spreadSeconds: 0 });
  const session = randomUUID() as SessionId;
  server.push({ kind: 'session-ended', session, reason: 'revoked' });
  await at.until(() => at.events.some(({ kind }) => kind === 'session-ended'));
  await at.uplink.stop();
  assert.deepEqual([at.keptTrust, at.asked('/v1/terminals/trust').length], [['second'], 0]);
});

test('a new certificate is gone over to without a moment offline, and nothing is lost on the way', async () => {
  await at.connect();
  at.uplink.use({ ...server.identity });
  await server.until(() => server.streams() === 2);
  const sessions = Array.from({ length: 3 }, () => randomUUID() as SessionId);
  const [during, meanwhile, after] = sessions.map(
    (session): Pushed => ({ kind: 'session-ended', session, reason: 'limit' }),
  );
  server.push(during as Pushed);
  server.push(hello);
  server.push(meanwhile as Pushed);
  await server.until(() => server.streams() === 1);
  server.push(after as Pushed);
  const heard = () => new Set(at.events.flatMap((event) => (event.kind === 'session-ended' ? [event.session] : [])));
  await at.until(() => heard().has(sessions[2] as SessionId));
  assert.deepEqual([...heard()].sort(), [...sessions].sort());
  assert.deepEqual(at.links(), ['online']);
});

test('a certificate that the server takes no more is renewed at once, and what comes of it is shown', async () => {
  server.on('/v1/terminals/stream', () => refuse(401, 'TERMINAL_CERTIFICATE_MISSING'));
  at.uplink.use(server.identity);
  await at.until(() => at.links().includes('not-enrolled'));
  assert.equal(at.lapses, 1);
  at.uplink.refuse('terminal-revoked');
  assert.deepEqual(at.links(), ['not-enrolled', 'terminal-revoked']);
  server.on('/v1/terminals/stream', () => 'stream');
  at.uplink.use({ ...server.identity });
  await server.until(() => server.streams() === 1);
  server.push(hello);
  await at.until(() => at.links().at(-1) === 'online');
});
