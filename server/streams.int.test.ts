import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import type { Changed } from '#contract/api/console.ts';
import { type Pushed, pushed } from '#contract/api/terminals.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { createHub } from './push.ts';
import { insertCeremony } from './store/ceremonies.ts';
import { createDatabase } from './store/database.ts';
import { issueRevocation } from './store/revocations.ts';
import { endSession } from './store/sessions.ts';
import { startTestServer, type TestServer, type TestTerminal } from './testing.ts';
import { openBareStream } from './testing-connection.ts';
import { logIn, makeClinician } from './testing-login.ts';
import { startTestProxy } from './testing-proxy.ts';
import { openStream } from './testing-stream.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const isKind = (kind: Pushed['kind']) => (event: Pushed) => event.kind === kind;
const open = (terminal: TestTerminal, after = 0) =>
  openStream(server, terminal, `/v1/terminals/stream?after=${after}&clock=${server.now().getTime() + 1500}`);
const issue = (subject = randomUUID()) =>
  server.database.transaction((tx) =>
    issueRevocation(tx, server.now(), { what: 'session', subject, person: null, reason: 'test', by: null }),
  );
const numbersOf = (events: readonly object[]) =>
  (events as Pushed[]).flatMap((event) => (event.kind === 'revocation' ? [event.order.number] : []));
const kindsOf = async (terminal: TestTerminal) =>
  (
    await server.database.query<{ kind: string }>(
      "select kind from event where terminal = $1 and kind like 'terminal.%connected' order by seq",
      [terminal.id],
    )
  ).map(({ kind }) => kind);
/** Waits until `holds`, for what another connection of the database writes; looks again at every change. */
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 8000;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, 'it did not come to be in time');
    await new Promise(setImmediate);
  }
};

describe('a terminal’s stream', () => {
  test('begins with hello, brings what was missed, then what happens, each once and in order', async () => {
    const terminal = await server.enrol('ward-hello');
    const missed = [await issue(), await issue(), await issue()];
    const epoch = randomUUID();
    const facts = { kind: 'guard.started', outcome: 'success', factors: [], detail: {} } as const;
    const unsealed = { epoch, sequence: 1, previous: firstPrevious, at: '2026-11-22T07:00:00Z' };
    const records = [sealRecord({ ...unsealed, facts: { ...facts, factors: [] } })];
    await server.call(terminal, 'terminals/report', { body: { records } });
    const stream = await open(terminal, missed[0]);
    const hello = await stream.next(isKind('hello'));
    assert.partialDeepStrictEqual(hello, {
      name: 'ward-hello',
      revocationHead: missed[2],
      journals: [{ epoch, sequence: 1 }],
      policy: { idleSeconds: 600, pin: { shortest: 8 } },
    });
    const fresh = await Promise.all([issue(), issue(), issue()]);
    await stream.next<Pushed>((event) => event.kind === 'revocation' && event.order.number === Math.max(...fresh));
    assert.deepEqual(numbersOf(stream.events), [...missed.slice(1), ...fresh.sort((a, b) => a - b)]);
    for (const event of stream.events) pushed.parse(event);
    await stream.next(isKind('beat'));
    stream.close();
  });

  test('of a terminal that knows more than the server still brings what is issued from now on', async () => {
    const terminal = await server.enrol();
    const stream = await open(terminal, 1_000_000);
    await stream.next(isKind('hello'));
    const number = await issue();
    await stream.next<Pushed>((event) => event.kind === 'revocation' && event.order.number === number);
    stream.close();
  });

  test('misses nothing that is issued while it opens', async () => {
    const terminal = await server.enrol();
    const first = await issue();
    const issuing = (async () => {
      for (let count = 0; count < 30; count += 1) await issue();
    })();
    const streams = await Promise.all(Array.from({ length: 4 }, () => open(terminal, first)));
    await issuing;
    const last = await issue();
    for (const stream of streams) {
      await stream.next<Pushed>((event) => event.kind === 'revocation' && event.order.number === last);
      assert.deepEqual(
        numbersOf(stream.events),
        Array.from({ length: last - first }, (_, index) => first + 1 + index),
      );
      stream.close();
    }
  });

  test('hears a revocation of which the notice was lost, before the next one', async () => {
    const terminal = await server.enrol();
    const known = await issue();
    const stream = await open(terminal, known);
    await stream.next(isKind('hello'));
    await server.database.query(
      `insert into revocation (number, what, subject, reason, at) values ($1, 'card', gen_random_uuid(), 'lost', $2)`,
      [known + 1, server.now()],
    );
    const next = await issue();
    await stream.next<Pushed>((event) => event.kind === 'revocation' && event.order.number === next);
    assert.deepEqual(numbersOf(stream.events), [known + 1, next]);
    stream.close();
  });

  test('hears what is pushed to this terminal by another server process, and not what is for others', async (t) => {
    const [terminal, other] = [await server.enrol(), await server.enrol()];
    const second = createDatabase({ connectionString: server.connectionString, report: () => undefined });
    const hub = await createHub(second, server.keys.secrets, server.now, async (all) => new Set(all));
    t.after(async () => {
      await hub.close();
      await second.close();
    });
    const stream = await open(terminal);
    await stream.next(isKind('hello'));
    assert.equal(await hub.isOnline(second, terminal.id), true);
    assert.equal(await hub.isOnline(second, other.id), false);
    await hub.toTerminal(second, other.id, { kind: 'ceremony-cancelled', ceremony: randomUUID() });
    const ceremony = randomUUID();
    await hub.toTerminal(second, terminal.id, { kind: 'ceremony-cancelled', ceremony });
    const heard = await stream.next<Pushed>((event) => event.kind === 'ceremony-cancelled');
    assert.deepEqual(heard, { kind: 'ceremony-cancelled', ceremony });
    stream.close();
  });

  test('says who is connected: one event for coming, none for a short break, one for going', async () => {
    const terminal = await server.enrol();
    const first = await open(terminal);
    await first.next(isKind('hello'));
    first.close();
    const again = await open(terminal);
    await again.next(isKind('hello'));
    assert.deepEqual(await kindsOf(terminal), ['terminal.connected']);
    const [row] = await server.database.query<{ clock_offset_ms: number }>(
      'select clock_offset_ms from terminal where id = $1',
      [terminal.id],
    );
    assert.ok(Math.abs((row?.clock_offset_ms ?? 0) - 1500) < 1000);
    again.close();
    await until(async () => (await kindsOf(terminal)).length > 1);
    assert.deepEqual(await kindsOf(terminal), ['terminal.connected', 'terminal.disconnected']);
  });
});

describe('a terminal that was away', () => {
  test('for thousands of revocations reads them all, each once and in order', async () => {
    const terminal = await server.enrol();
    const known = await issue();
    await server.database.background.query(
      `insert into revocation (number, what, subject, reason, at)
       select $1 + i, 'card', gen_random_uuid(), 'lost', $2 from generate_series(1, 6000) as i`,
      [known, server.now()],
    );
    const stream = await open(terminal, known);
    await stream.next<Pushed>((event) => event.kind === 'revocation' && event.order.number === known + 6000);
    assert.deepEqual(
      numbersOf(stream.events),
      Array.from({ length: 6000 }, (_, index) => known + 1 + index),
    );
    stream.close();
  });

  test('and was enrolled after them is told of none', async () => {
    await issue();
    const terminal = await server.enrol();
    const stream = await open(terminal);
    const hello = await stream.next(isKind('hello'));
    const number = await issue();
    assert.equal(hello.kind === 'hello' && hello.revocationHead, number - 1);
    await stream.next<Pushed>((event) => event.kind === 'revocation' && event.order.number === number);
    assert.deepEqual(numbersOf(stream.events), [number]);
    stream.close();
  });

  test('hears on its return that its session has ended, and of the enrolment step that waits', async () => {
    const terminal = await server.enrol();
    const clinician = await makeClinician(server, { totp: false });
    const { session } = await logIn(server, terminal, clinician);
    const first = await open(terminal);
    await first.next(isKind('hello'));
    first.close();
    await first.ended;
    await endSession(server.database, server.now(), 'elsewhere', session);
    const ceremony = await insertCeremony(server.database, server.now(), {
      task: 'pin',
      person: clinician.person.id,
      terminal: terminal.id,
      askedBy: clinician.person.id,
      label: '',
      expiresAt: new Date(server.now().getTime() + 60_000),
    });
    const again = await open(terminal);
    assert.deepEqual(await again.next(isKind('session-ended')), {
      kind: 'session-ended',
      session,
      reason: 'elsewhere',
    });
    assert.partialDeepStrictEqual(await again.next(isKind('ceremony')), { order: { ceremony, task: 'pin' } });
    again.close();
  });
});

describe('a terminal whose cable is pulled', () => {
  const isOnline = (terminal: TestTerminal) => server.app.hub.isOnline(server.database, terminal.id);

  test('is cut and shown as offline when it leaves some beats unanswered, long before TCP gives up', async () => {
    const terminal = await server.enrol();
    const proxy = await startTestProxy(server.port);
    const stream = await openBareStream(server, proxy.port, terminal, { answers: true });
    await stream.heard('"kind":"beat"');
    await stream.heard('"kind":"beat"');
    assert.equal(await isOnline(terminal), true);
    const since = performance.now();
    proxy.pause();
    await until(async () => !(await isOnline(terminal)));
    // Three beats of this server, half a second each, and what the machine adds.
    assert.ok(performance.now() - since < 5000, `${performance.now() - since} ms`);
    assert.deepEqual(await kindsOf(terminal), ['terminal.connected', 'terminal.disconnected']);
    await proxy.close();
  });

  test('is not taken for one that answers nothing because it is older than the answers', async () => {
    const terminal = await server.enrol();
    const stream = await openBareStream(server, server.port, terminal);
    for (let beats = 1; beats <= 6; beats += 1) {
      const seen = stream.text().split('"kind":"beat"').length;
      await until(async () => stream.text().split('"kind":"beat"').length > seen);
    }
    assert.equal(stream.socket.destroyed, false);
    assert.equal(await isOnline(terminal), true);
    stream.socket.destroy();
    await stream.closed;
  });

  test('with all the others of a server process that was killed is offline when that is known', async () => {
    const terminal = await server.enrol();
    const stream = await openBareStream(server, server.port, terminal);
    assert.equal(await isOnline(terminal), true);
    const dead = randomUUID();
    const longAgo = new Date(server.now().getTime() - 16_000);
    await server.database.query('insert into server_process (id, started_at, seen_at) values ($1, $2, $2)', [
      dead,
      longAgo,
    ]);
    await server.database.query('update terminal set connected_to = $2, last_seen_at = $3 where id = $1', [
      terminal.id,
      dead,
      longAgo,
    ]);
    assert.equal(await isOnline(terminal), false);
    stream.socket.destroy();
    await stream.closed;
  });
});

const handshake = (terminal: TestTerminal, session?: Buffer): Promise<TLSSocket> =>
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
    const body = '{}';
    socket.write(
      `POST /v1/terminals/confirm HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  });

describe('a terminal that is revoked', () => {
  test('is cut at once: stream, open connection, new handshake and resumed session', async () => {
    const [terminal, bystander] = [await server.enrol(), await server.enrol()];
    const admin = await server.signIn(['admin']);
    const stream = await open(terminal);
    await stream.next(isKind('hello'));
    const other = await open(bystander);
    await other.next(isKind('hello'));

    const kept = await handshake(terminal);
    const ticket = new Promise<Buffer>((resolve) => kept.once('session', resolve));
    assert.match(await askOn(kept), /^HTTP\/1\.1 400 /, 'let in while it is active');
    const session = await ticket;
    const resumed = await handshake(terminal, session);
    assert.equal(resumed.isSessionReused(), true, 'the test resumes a session');
    assert.match(await askOn(resumed), /^HTTP\/1\.1 400 /);
    const closed = Promise.all(
      [kept, resumed].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
    );

    const answered = await server.call(admin, 'terminals/revoke', {
      params: { terminal: terminal.id },
      body: { reason: 'stolen' },
    });
    assert.equal(answered.status, 200);
    const order = await stream.next<Pushed>((event) => event.kind === 'revocation' && event.order.what === 'terminal');
    assert.partialDeepStrictEqual(order, { order: { subject: terminal.id } });
    await stream.ended;
    await closed;

    for (const socket of [await handshake(terminal), await handshake(terminal, session)]) {
      const text = await askOn(socket);
      assert.match(text, /^HTTP\/1\.1 403 /);
      assert.match(text, /TERMINAL_REVOKED/);
      assert.match(text, /connection: close/i);
    }
    const again = await server.send(terminal, '/v1/terminals/stream?after=0&clock=0');
    assert.equal(again.status, 403);
    const number = await issue();
    await other.next<Pushed>((event) => event.kind === 'revocation' && event.order.number === number);
    other.close();

    const twice = await server.call(admin, 'terminals/revoke', {
      params: { terminal: terminal.id },
      body: { reason: 'stolen' },
    });
    assert.equal(twice.code, 'TERMINAL_UNKNOWN');
  });

  test('is cut within a beat even when the notice was lost', async () => {
    const terminal = await server.enrol();
    const stream = await open(terminal);
    await stream.next(isKind('hello'));
    await server.database.query("update terminal set state = 'revoked' where id = $1", [terminal.id]);
    await stream.ended;
  });
});

describe('the console’s stream', () => {
  test('says what changed, and ends with the session', async () => {
    const auditor = await server.signIn(['auditor']);
    const stream = await openStream(server, auditor, '/v1/console/stream');
    const isWhat = (what: string) => (event: Changed & { kind?: string }) => event.what === what;
    await stream.next(isWhat('hello'));
    await issue();
    await stream.next(isWhat('events'));
    await stream.next(isWhat('revocations'));
    await server.database.query('update console_session set ended_at = $2 where person = $1', [
      auditor.person,
      server.now(),
    ]);
    await stream.ended;
  });
});

test('a lost connection of the listener loses no revocation', async () => {
  const terminal = await server.enrol();
  const first = await issue();
  const stream = await open(terminal, first);
  await stream.next(isKind('hello'));
  await server.database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query like 'listen %' and pid <> pg_backend_pid()`,
  );
  const number = await issue();
  const seen = Promise.race([
    stream.next<Pushed>((event) => event.kind === 'revocation' && event.order.number === number).catch(() => undefined),
    stream.ended,
  ]);
  await seen;
  const again = await open(terminal, first);
  await again.next<Pushed>((event) => event.kind === 'revocation' && event.order.number === number);
  again.close();
});
