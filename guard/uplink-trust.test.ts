/** What the uplink does when certificates, authorities and grant keys change under it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Pushed, Trust } from '#contract/api/terminals.ts';
import type { SessionId } from '#contract/ids.ts';
import type { LoginEvent } from '#core/login/state.ts';
import { createClock } from './clock.ts';
import { createLog } from './log.ts';
import { openPosition } from './position.ts';
import { createServers } from './servers.ts';
import { createGrantKey, hello, ok, refuse, startTestServer, type TestServer } from './test-server.ts';
import { createUplink, type Uplink } from './uplink.ts';

const log = createLog({ level: 'error', now: () => new Date(), write: () => undefined });
const evidence = {
  technology: 'felica',
  identifier: '0102030405060708',
  systemCode: 'FE00',
  assurance: 'identifier',
} as const;
const lock = randomUUID();

let folder = '';
let server: TestServer;
let uplink: Uplink;
let events: LoginEvent[] = [];
let keptTrust: string[] = [];
let isDurable = true;
let spreads: number[] = [];
let lapses = 0;
let changed = Promise.withResolvers<void>();
const tell = () => {
  changed.resolve();
  changed = Promise.withResolvers();
};
const until = async (holds: () => boolean) => {
  while (!holds()) await changed.promise;
};
const links = () => events.flatMap((event) => (event.kind === 'link-changed' ? [event.link] : []));
const asked = (path: string) => server.heard.filter((one) => one.path === path);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-trust-'));
  [events, keptTrust, isDurable, spreads, lapses] = [[], [], true, [], 0];
  server = await startTestServer();
  server.on('/v1/health', () => ok({ status: 'ok', version: '1', serverTime: '2026-11-22T06:00:00.000Z' }));
  uplink = createUplink({
    servers: createServers([server.origin]),
    clock: createClock({
      steady: () => performance.timeOrigin + performance.now(),
      wall: Date.now,
      onWrong: () => undefined,
    }),
    upTime: () => performance.now(),
    position: await openPosition(join(folder, 'position.json'), log),
    onEvent: (event) => {
      events.push(event);
      tell();
    },
    rereadJournal: async () => ({ records: [], isWhole: true }),
    onMissing: () => assert.fail(),
    revocationsPath: join(folder, 'revocations.json'),
    onNonce: () => undefined,
    keepTrust: async (trust) => {
      keptTrust.push(trust.trustVersion);
      tell();
      return isDurable;
    },
    onLapsed: () => {
      lapses += 1;
    },
    onTrust: (seconds) => void spreads.push(seconds),
    log,
  });
});
afterEach(async () => {
  await uplink.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function connect(): Promise<void> {
  uplink.use(server.identity);
  await server.until(() => server.streams() === 1);
  server.push(hello);
  await until(() => links().includes('online'));
}

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
  await connect();
  assert.equal(asked('/v1/terminals/stream')[0]?.query.get('trust'), 'first');
  const trust = trustOf('second', server.identity.authority + server.foreignAuthority);
  server.push({ kind: 'trust', trust, spreadSeconds: 0 });
  await server.until(() => tries === 3);
  assert.deepEqual(asked('/v1/terminals/trust').at(-1)?.body, { trustVersion: 'second' });
  assert.deepEqual([keptTrust, spreads], [['second'], [0]]);
  assert.partialDeepStrictEqual(uplink.identity(), trust);
  server.on('/v1/attempts', () => refuse(403, 'CARD_REFUSED'));
  const reply = await uplink.call('attempts/begin', { body: { lock: lock as never, card: evidence } });
  assert.ok(!reply.ok && reply.failure.code === 'CARD_REFUSED');
  server.cut();
  const before = asked('/v1/terminals/stream').length;
  await server.until(() => asked('/v1/terminals/stream').length > before);
  assert.equal(asked('/v1/terminals/stream').at(-1)?.query.get('trust'), 'second');
});

test('an authority that is trusted no more is not spoken to again', async () => {
  await connect();
  server.push({ kind: 'trust', trust: trustOf('second', server.foreignAuthority), spreadSeconds: 0 });
  await until(() => keptTrust.length === 1);
  const reply = await uplink.call('attempts/begin', { body: { lock: lock as never, card: evidence } });
  assert.ok(!reply.ok && reply.failure.code === 'SERVER_UNREACHABLE');
  assert.equal(asked('/v1/attempts').length, 0);
});

test('what could not be kept is not told', async () => {
  isDurable = false;
  server.on('/v1/terminals/trust', () => ok({}));
  await connect();
  server.push({ kind: 'trust', trust: trustOf('second'), spreadSeconds: 0 });
  const session = randomUUID() as SessionId;
  server.push({ kind: 'session-ended', session, reason: 'revoked' });
  await until(() => events.some(({ kind }) => kind === 'session-ended'));
  await uplink.stop();
  assert.deepEqual([keptTrust, asked('/v1/terminals/trust').length], [['second'], 0]);
});

test('a new certificate is gone over to without a moment offline, and nothing is lost on the way', async () => {
  await connect();
  uplink.use({ ...server.identity });
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
  const heard = () => new Set(events.flatMap((event) => (event.kind === 'session-ended' ? [event.session] : [])));
  await until(() => heard().has(sessions[2] as SessionId));
  assert.deepEqual([...heard()].sort(), [...sessions].sort());
  assert.deepEqual(links(), ['online']);
});

test('a certificate that the server takes no more is renewed at once, and what comes of it is shown', async () => {
  server.on('/v1/terminals/stream', () => refuse(401, 'TERMINAL_CERTIFICATE_MISSING'));
  uplink.use(server.identity);
  await until(() => links().includes('not-enrolled'));
  assert.equal(lapses, 1);
  uplink.refuse('terminal-revoked');
  assert.deepEqual(links(), ['not-enrolled', 'terminal-revoked']);
  server.on('/v1/terminals/stream', () => 'stream');
  uplink.use({ ...server.identity });
  await server.until(() => server.streams() === 1);
  server.push(hello);
  await until(() => links().at(-1) === 'online');
});
