import assert from 'node:assert/strict';
import { createPublicKey, randomUUID, verify, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { Pushed, RevocationOrder } from '#contract/api/terminals.ts';
import { eventFacts, type JournalRecord } from '#contract/audit.ts';
import type { GivenNonce } from '#contract/card.ts';
import type { SessionId } from '#contract/ids.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import type { LoginEvent } from '#core/login/state.ts';
import { createClock } from './clock.ts';
import { createLog } from './log.ts';
import { openPosition, type Position } from './position.ts';
import { createServers } from './servers.ts';
import { hello, ok, refuse, startTestServer, type TestServer } from './test-server.ts';
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
let position: Position;
let events: LoginEvent[] = [];
let nonces: (GivenNonce | null)[] = [];
let changed = Promise.withResolvers<void>();
const until = async (holds: () => boolean) => {
  while (!holds()) await changed.promise;
};
const links = () => events.flatMap((event) => (event.kind === 'link-changed' ? [event.link] : []));
/** What lies on the disk of the terminal. */
let stillThere: JournalRecord[] = [];
const asked = (path: string) => server.heard.filter((one) => one.path === path);

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-uplink-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  stillThere = [];
  events = [];
  nonces = [];
  server = await startTestServer();
  server.on('/v1/health', () =>
    ok({ status: 'ok', version: '1', serverTime: hello.kind === 'hello' ? hello.serverTime : '' }),
  );
  rmSync(join(folder, 'position.json'), { force: true });
  rmSync(join(folder, 'revocations.json'), { force: true });
  position = await openPosition(join(folder, 'position.json'), log);
  uplink = makeUplink();
});
afterEach(async () => {
  await uplink.stop();
  await server.stop();
});

function makeUplink(...others: readonly string[]): Uplink {
  return createUplink({
    servers: createServers([server.origin, ...others], () => 0),
    clock: createClock({
      steady: () => performance.timeOrigin + performance.now(),
      wall: Date.now,
      onWrong: () => undefined,
    }),
    upTime: () => performance.now(),
    position,
    rereadJournal: async () => ({ records: stillThere, isWhole: true }),
    onMissing: () => assert.fail(),
    revocationsPath: join(folder, 'revocations.json'),
    onNonce: (given) => void nonces.push(given),
    onEvent: (event) => {
      events.push(event);
      changed.resolve();
      changed = Promise.withResolvers();
    },
    keepTrust: async () => true,
    onLapsed: () => undefined,
    onTrust: () => undefined,
    log,
    silence: 250,
  });
}

async function connect(said: Pushed = hello): Promise<void> {
  const before = asked('/v1/terminals/stream').length;
  uplink.use(server.identity);
  await server.until(() => asked('/v1/terminals/stream').length > before);
  server.push(said);
  await until(() => links().includes('online'));
}

function recordsOf(count: number, epoch = randomUUID()): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const facts = eventFacts.parse({ kind: 'link.lost', outcome: 'minor', reason: String(sequence) });
    const previous = records.at(-1)?.hash ?? firstPrevious;
    records.push(sealRecord({ epoch, sequence, previous, at: '2026-11-22T06:00:00Z', facts }));
  }
  return records;
}

test('the terminal shows its certificate over TLS 1.3, and hello brings the policy and the link', async () => {
  await connect();
  const [stream] = asked('/v1/terminals/stream');
  assert.equal(stream?.protocol, 'TLSv1.3');
  assert.equal(stream?.authorized, true);
  assert.equal(stream?.query.get('after'), '0');
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['policy-changed', 'link-changed'],
  );
});

test('a server of another authority is never spoken to', async () => {
  uplink.use({ ...server.identity, authority: server.foreignAuthority });
  await until(() => links().includes('unreachable'));
  const reply = await uplink.call('attempts/begin', { body: { lock: lock as never, card: evidence } });
  assert.ok(!reply.ok && reply.failure.code === 'SERVER_UNREACHABLE');
  assert.deepEqual(server.heard, []);
});

test('before the terminal is admitted nothing is sent', async () => {
  const reply = await uplink.call('attempts/begin', { body: { lock: lock as never, card: evidence } });
  assert.ok(!reply.ok && reply.failure.code === 'SERVER_UNREACHABLE');
  assert.deepEqual(server.heard, []);
});

test('a refusal is a value, an answer of another shape is one too', async () => {
  await connect();
  server.on('/v1/attempts', () => ({
    status: 403,
    body: { failure: { code: 'CARD_REFUSED', supportCode: 'ABC-DEF-GHJ' } },
  }));
  const begin = () => uplink.call('attempts/begin', { body: { lock: lock as never, card: evidence } });
  assert.deepEqual(await begin(), { ok: false, failure: { code: 'CARD_REFUSED', supportCode: 'ABC-DEF-GHJ' } });
  server.on('/v1/attempts', () => ok({ attempt: 'everybody', greeting: null }));
  assert.deepEqual(await begin(), { ok: false, failure: { code: 'INTERNAL' } });
  server.on('/v1/attempts', () => ({ status: 502, body: '<html>' }));
  assert.deepEqual(await begin(), { ok: false, failure: { code: 'SERVER_UNREACHABLE' } });
});

test('a server that takes a call and never answers is given up in time', async () => {
  await connect();
  server.on('/v1/attempts', () => 'never');
  const began = performance.now();
  const reply = await uplink.call('attempts/begin', { body: { lock: lock as never, card: evidence } }, { limit: 300 });
  assert.ok(!reply.ok && reply.failure.code === 'SERVER_UNREACHABLE');
  assert.ok(performance.now() - began < 1_000);
});

test('a tap pays for no handshake: calls go over connections that are open', async () => {
  await connect();
  await server.until(() => asked('/v1/health').length >= 2);
  server.on('/v1/attempts', () => refuse(403, 'CARD_REFUSED'));
  await uplink.call('server/health', {});
  const connections = () => server.connections() - asked('/v1/terminals/stream').length;
  const before = connections();
  for (let count = 0; count < 10; count += 1)
    await uplink.call('attempts/begin', { body: { lock: lock as never, card: evidence } });
  assert.equal(connections(), before);
});

test('a beginning, a proof and an emergency are asked again where the connection broke, once; a code is not', async () => {
  await connect();
  let breaks = 1;
  server.on('/v1/attempts', () => (breaks-- > 0 ? 'cut' : refuse(403, 'CARD_REFUSED')));
  const begun = await uplink.call('attempts/begin', { body: { lock: lock as never, card: evidence } });
  assert.ok(!begun.ok && begun.failure.code === 'CARD_REFUSED');
  const attempt = randomUUID();
  const path = `/v1/attempts/${attempt}/proofs`;
  server.on(path, () => 'cut');
  const body = { factor: 'pin', idempotencyKey: 'kq0Zc1yXv3mN8pR5tB7wLA', secret: '40718293' };
  const secretBody = Buffer.from(JSON.stringify(body));
  const proved = await uplink.call('attempts/prove', { params: { attempt: attempt as never }, secretBody });
  assert.ok(!proved.ok && proved.failure.code === 'SERVER_UNREACHABLE');
  assert.deepEqual(
    asked(path).map((one) => one.body),
    [body, body],
  );
  assert.ok(
    secretBody.every((byte) => byte === 0),
    'the secret is wiped',
  );
  const opening = `/v1/emergencies/${attempt}/open`;
  server.on(opening, () => 'cut');
  const emergency = { ticket: 'a', reason: 'patient-urgent', idempotencyKey: body.idempotencyKey } as const;
  await uplink.call('emergencies/open', { params: { attempt: attempt as never }, body: emergency });
  assert.deepEqual(
    asked(opening).map((one) => one.body),
    [emergency, emergency],
  );
  server.on('/v1/attempts/by-code', () => 'cut');
  await uplink.call('attempts/begin-by-code', { secretBody: Buffer.from('{"code":"1"}') });
  assert.equal(asked('/v1/attempts/by-code').length, 1);
});

test('a stream that breaks or falls silent is lost, and found again by itself', async () => {
  await connect();
  server.cut();
  await until(() => links().at(-1) === 'unreachable');
  await server.until(() => asked('/v1/terminals/stream').length === 2);
  server.push(hello);
  await until(() => links().at(-1) === 'online');
  // From here on the server says nothing.
  await until(() => links().at(-1) === 'unreachable');
  assert.deepEqual(links(), ['online', 'unreachable', 'online', 'unreachable']);
});

describe('with several processes of the server', () => {
  const begin = () =>
    uplink.call('attempts/begin', { body: { lock: lock as never, card: evidence } }, { limit: 6_000 });
  let second: TestServer;
  beforeEach(async () => {
    second = await startTestServer('now', server.certificates);
    second.on('/v1/health', () => ok({ status: 'ok', version: '1', serverTime: '2026-11-22T06:00:00Z' }));
    second.on('/v1/attempts', () => refuse(403, 'CARD_REFUSED'));
    await uplink.stop();
    uplink = makeUplink(second.origin);
    await connect();
  });
  afterEach(() => second.stop());

  test('the stream moves to another one when its own is gone, and the link is never lost', async () => {
    await server.stop();
    await second.until(() => second.heard.some(({ path }) => path === '/v1/terminals/stream'));
    const session = randomUUID() as SessionId;
    second.push(hello);
    second.push({ kind: 'session-ended', session, reason: 'revoked' });
    await until(() => events.some(({ kind }) => kind === 'session-ended'));
    assert.deepEqual(links(), ['online']);
  });

  test('a call that finds nobody is answered by another one, also one that may not be sent twice', async () => {
    await server.stop();
    const attempt = randomUUID();
    const path = `/v1/attempts/${attempt}/proofs`;
    second.on(path, () => refuse(403, 'ATTEMPT_REFUSED'));
    const secretBody = Buffer.from('{"factor":"pin","secret":"40718293"}');
    const proved = await uplink.call('attempts/prove', { params: { attempt: attempt as never }, secretBody });
    assert.ok(!proved.ok && proved.failure.code !== 'SERVER_UNREACHABLE');
    assert.deepEqual(
      second.heard.filter((one) => one.path === path).map(({ body }) => body),
      [{ factor: 'pin', secret: '40718293' }],
    );
    const begun = await begin();
    assert.ok(!begun.ok && begun.failure.code === 'CARD_REFUSED');
  });

  test('one that takes a call and never answers is left after two seconds', async () => {
    server.on('/v1/attempts', () => 'never');
    const unanswered = begin();
    while (second.heard.every(({ path }) => path !== '/v1/attempts')) {
      const begun = await uplink.call('attempts/begin', { body: { lock: lock as never, card: evidence } });
      if (begun.ok || begun.failure.code !== 'SERVER_UNREACHABLE')
        assert.ok(!begun.ok && begun.failure.code === 'CARD_REFUSED');
    }
    const begun = await unanswered;
    assert.ok(!begun.ok && begun.failure.code === 'SERVER_UNREACHABLE');
  });

  test('a proof that one cuts, leaves unanswered or cannot pass on is repeated at the next one, with its key', async () => {
    for (const fault of ['cut', 'never', refuse(502, 'SERVER_UNREACHABLE')] as const) {
      const attempt = randomUUID();
      const path = `/v1/attempts/${attempt}/proofs`;
      // Whichever is asked first has the fault.
      let isFirst = true;
      const answer = (): ReturnType<typeof ok> => {
        if (!isFirst) return refuse(403, 'PROOF_WRONG');
        isFirst = false;
        return fault;
      };
      server.on(path, answer);
      second.on(path, answer);
      const body = { factor: 'pin', idempotencyKey: 'kq0Zc1yXv3mN8pR5tB7wLA', secret: '40718293' };
      const secretBody = Buffer.from(JSON.stringify(body));
      const request = { params: { attempt: attempt as never }, secretBody };
      const began = performance.now();
      const proved = await uplink.call('attempts/prove', request, { limit: 6_000 });
      assert.ok(!proved.ok && proved.failure.code === 'PROOF_WRONG');
      assert.ok(performance.now() - began < 3_000);
      const heard = [server, second].map((one) => one.heard.filter((each) => each.path === path));
      assert.deepEqual(
        heard.map((some) => some.map((each) => each.body)),
        [[body], [body]],
      );
    }
  });

  test('when all are gone the link is lost', async () => {
    await Promise.all([server.stop(), second.stop()]);
    await until(() => links().at(-1) === 'unreachable');
    const begun = await begin();
    assert.ok(!begun.ok && begun.failure.code === 'SERVER_UNREACHABLE');
  });
});

test('a terminal that is out of use for now hears that it is, and that it is no longer', async () => {
  await connect();
  server.push({ ...hello, disabled: true } as Pushed);
  await until(() => links().at(-1) === 'terminal-revoked');
  server.push(hello);
  await until(() => links().at(-1) === 'online');
});

test('a revoked terminal hears that it is', async () => {
  server.on('/v1/terminals/stream', () => refuse(403, 'TERMINAL_REVOKED'));
  uplink.use(server.identity);
  await until(() => links().includes('terminal-revoked'));
});

test('a revoked terminal hears it by the answer to any call, though its stream says nothing', async () => {
  await connect();
  server.on('/v1/attempts', () => refuse(403, 'TERMINAL_REVOKED'));
  await uplink.call('attempts/begin', { body: { lock: lock as never, card: evidence } });
  assert.equal(links().at(-1), 'terminal-revoked');
});

test('a message of another shape is passed over, the next one counts', async () => {
  await connect();
  server.push('{"kind":"open-everything"}');
  server.push('not json');
  const session = randomUUID() as SessionId;
  server.push({ kind: 'session-ended', session, reason: 'revoked' });
  await until(() => events.length > 2);
  assert.deepEqual(events.slice(2), [{ kind: 'session-ended', session, reason: 'revoked' }]);
});

const order = (number: number): RevocationOrder => ({
  number,
  what: 'card',
  subject: randomUUID(),
  at: '2026-11-22T06:00:00Z',
});

test('a revocation is heard once, and its signed receipt is sent until it is taken', async () => {
  await connect();
  let tries = 0;
  server.on('/v1/terminals/confirm', () => (++tries < 3 ? refuse(503, 'SERVER_BUSY') : ok({})));
  server.push({ kind: 'revocation', order: order(4) });
  server.push({ kind: 'revocation', order: order(4) });
  server.push({ kind: 'revocation', order: order(5) });
  await until(() => events.length >= 4);
  assert.equal(events.filter(({ kind }) => kind === 'revocation-ordered').length, 2);
  const receipt = { number: 5, lockedAt: '2026-11-22T06:00:00.150Z', receivedAt: '2026-11-22T06:00:00.100Z' };
  uplink.confirm(receipt);
  await server.until(() => tries === 3);
  const body = asked('/v1/terminals/confirm').at(-1)?.body as { signature: string };
  const key = createPublicKey(
    new X509Certificate(server.identity.certificate).publicKey.export({ type: 'spki', format: 'pem' }),
  );
  const text = Buffer.from('5.2026-11-22T06:00:00.150Z.2026-11-22T06:00:00.100Z');
  const signature = Buffer.from(body.signature, 'base64url');
  assert.ok(verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, signature));
  // The fourth is not confirmed yet.
  while (position.get().revocation !== 3) await new Promise(setImmediate);
  uplink.confirm({ ...receipt, number: 4, lockedAt: null });
  await server.until(() => tries === 4);
  while (position.get().revocation !== 5) await new Promise(setImmediate);
  await position.settled();
  const again = await openPosition(join(folder, 'position.json'), log);
  assert.equal(again.get().revocation, 5);
});

test('that another terminal is shut out is confirmed, and nobody here is locked out', async () => {
  await connect();
  server.on('/v1/terminals/confirm', () => ok({}));
  server.push({ kind: 'revocation', order: { ...order(4), what: 'terminal' } });
  server.push({ kind: 'revocation', order: { ...order(5), what: 'terminal', subject: server.identity.terminal } });
  await until(() => events.some(({ kind }) => kind === 'revocation-ordered'));
  await server.until(() => asked('/v1/terminals/confirm').length === 1);
  assert.partialDeepStrictEqual(asked('/v1/terminals/confirm')[0]?.body, { number: 4, lockedAt: null });
  const heard = events.flatMap((event) => (event.kind === 'revocation-ordered' ? [event.order.number] : []));
  assert.deepEqual(heard, [5]);
});

test('a revocation of a server whose backup was put back is obeyed, though its number was used before', async () => {
  position.change({ revocation: 9 });
  await uplink.stop();
  uplink = makeUplink();
  await connect();
  server.push({ kind: 'revocation', order: order(5) });
  server.push({ kind: 'revocation', order: order(5) });
  server.push({ kind: 'session-ended', session: randomUUID() as never, reason: 'limit' });
  await until(() => events.some(({ kind }) => kind === 'session-ended'));
  assert.equal(events.filter(({ kind }) => kind === 'revocation-ordered').length, 1);
});

test('records go up oldest first and once each, however often the server fails', async () => {
  const stored: number[] = [];
  let count = 0;
  server.on('/v1/terminals/report', ({ body }) => {
    const { records } = body as { records: JournalRecord[] };
    count += 1;
    if (count % 2 === 1) return count % 4 === 1 ? 'cut' : refuse(503, 'SERVER_BUSY');
    stored.push(...records.map(({ sequence }) => sequence));
    return ok({ epoch: records[0]?.epoch, sequence: records.at(-1)?.sequence });
  });
  const records = recordsOf(450);
  uplink.upload(records.slice(0, 10));
  await connect();
  uplink.upload(records.slice(10));
  await server.until(() => stored.length >= 450);
  assert.deepEqual(
    stored,
    records.map(({ sequence }) => sequence),
  );
  const { epoch } = records[0] as JournalRecord;
  while (position.get().uploaded[epoch] !== 450) await new Promise(setImmediate);
  await uplink.stop();
  uplink = makeUplink();
  uplink.upload(records);
  events = [];
  await connect();
  await uplink.stop();
  assert.equal(stored.length, 450, 'what was sent is not sent again');
});

test('a server that was put back from a backup is sent what it lacks, in order, and what comes meanwhile after it', async () => {
  const stored: number[] = [];
  server.on('/v1/terminals/report', ({ body }) => {
    const { records } = body as { records: JournalRecord[] };
    stored.push(...records.map(({ sequence }) => sequence));
    return ok({ epoch: records[0]?.epoch, sequence: records.at(-1)?.sequence });
  });
  const records = recordsOf(40);
  const { epoch } = records[0] as JournalRecord;
  stillThere = records;
  position.change({ uploaded: { [epoch]: 30 } });
  await connect({ ...hello, journals: [{ epoch, sequence: 30 }] } as Pushed);
  server.push({ ...hello, journals: [{ epoch, sequence: 12 }] } as Pushed);
  uplink.upload(records.slice(30));
  await server.until(() => stored.length >= 28);
  assert.deepEqual(
    stored.toSorted((a, b) => a - b),
    records.slice(12).map(({ sequence }) => sequence),
  );
  while (position.get().uploaded[epoch] !== 40) await new Promise(setImmediate);
});

test('a report goes with the incarnation that was heard, and another server is heard first', async () => {
  const [before, now] = [randomUUID(), randomUUID()];
  const [stored, afters]: [number[], number[]] = [[], []];
  server.on('/v1/terminals/report', ({ body }) => {
    const { after, records, incarnation, signature } = body as {
      after: number;
      records: JournalRecord[];
      incarnation?: string;
      signature: string;
    };
    afters.push(after);
    const last = records.at(-1);
    const text = Buffer.from(`journal.${epoch}.${last?.sequence}.${last?.hash}`);
    const key = { key: new X509Certificate(server.identity.certificate).publicKey, dsaEncoding: 'ieee-p1363' } as const;
    assert.ok(verify('sha256', text, key, Buffer.from(signature, 'base64url')));
    if (incarnation !== now) return refuse(409, 'SERVER_RESTORED');
    stored.push(...records.map(({ sequence }) => sequence));
    return ok({ epoch: records[0]?.epoch, sequence: records.at(-1)?.sequence });
  });
  const records = recordsOf(20);
  const { epoch } = records[0] as JournalRecord;
  stillThere = records;
  position.change({ uploaded: { [epoch]: 15 } });
  await connect({ ...hello, incarnation: before, journals: [{ epoch, sequence: 15 }] } as Pushed);
  uplink.upload(records.slice(15));
  // The stream is opened anew by itself.
  await server.until(() => asked('/v1/terminals/stream').length >= 2);
  server.push({ ...hello, incarnation: now, journals: [{ epoch, sequence: 4 }] } as Pushed);
  await server.until(() => stored.length >= 16);
  assert.deepEqual(
    stored,
    records.slice(4).map(({ sequence }) => sequence),
  );
  assert.deepEqual([afters[0], afters.find((after) => after !== 15)], [15, 4], 'what the server had told');
});

test('a report is no longer than a server takes, in records and in characters', async () => {
  const sizes: number[] = [];
  server.on('/v1/terminals/report', ({ body }) => {
    const { records } = body as { records: JournalRecord[] };
    assert.ok(JSON.stringify(body).length < 2 * 1024 * 1024 && records.length <= 500);
    sizes.push(records.length);
    return ok({ epoch: records[0]?.epoch, sequence: records.at(-1)?.sequence });
  });
  const long = Object.fromEntries(Array.from({ length: 30 }, (_, place) => [`part${place}`, 'x'.repeat(200)]));
  const records = recordsOf(700).map((record) =>
    record.sequence > 500 ? sealRecord({ ...record, facts: { ...record.facts, detail: long } }) : record,
  );
  uplink.upload(records);
  await connect();
  await server.until(() => sizes.reduce((sum, size) => sum + size, 0) >= 700);
  assert.equal(sizes[0], 500);
  assert.ok(sizes.length > 2, `${sizes}`);
});

test('the end of a session is told until the server has answered', async () => {
  await connect();
  const session = randomUUID() as SessionId;
  const path = `/v1/sessions/${session}/end`;
  let tries = 0;
  server.on(path, () => {
    tries += 1;
    return tries === 1 ? 'cut' : tries === 2 ? refuse(500, 'INTERNAL') : refuse(409, 'SESSION_ENDED');
  });
  uplink.endSession(session, 'idle', '2026-11-22T06:00:00Z');
  await server.until(() => tries === 3);
  await uplink.stop();
  assert.equal(tries, 3);
  assert.deepEqual(asked(path)[0]?.body, { reason: 'idle', endedAt: '2026-11-22T06:00:00Z' });
});

test('nothing is left when it has stopped', async () => {
  const before = process.getActiveResourcesInfo().filter((kind) => kind.startsWith('T')).length;
  await connect();
  uplink.upload(recordsOf(2));
  await uplink.stop();
  await server.stop();
  await new Promise(setImmediate);
  const after = process.getActiveResourcesInfo().filter((kind) => kind.startsWith('T')).length;
  assert.ok(after <= before, process.getActiveResourcesInfo().join());
});
