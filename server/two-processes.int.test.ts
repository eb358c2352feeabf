import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Pushed } from '#contract/api/terminals.ts';
import { insertCeremony } from './store/ceremonies.ts';
import { issueRevocation } from './store/revocations.ts';
import { endSession } from './store/sessions.ts';
import { startTestServer, type TestServer, type TestTerminal } from './testing.ts';
import { logIn, makeClinician } from './testing-login.ts';
import { startTestProxy, type TestProxy } from './testing-proxy.ts';
import { openStream, type TestStream } from './testing-stream.ts';

/** Two processes of one server, as far as anybody outside sees; the second reaches the database by a network that can break. */
let first: TestServer;
let second: TestServer;
let network: TestProxy;
before(async () => {
  first = await startTestServer();
  second = await startTestServer({
    beside: first,
    through: async (connectionString) => {
      const url = new URL(connectionString);
      network = await startTestProxy(Number(url.port));
      url.port = String(network.port);
      return url.href;
    },
  });
});
after(async () => {
  await second.close();
  await network.close();
  await first.close();
});

let terminal: TestTerminal;
let stream: TestStream;
const openAtSecond = async (): Promise<void> => {
  terminal = await first.enrol();
  stream = await openStream(second, terminal, `/v1/terminals/stream?after=0&clock=${second.now().getTime()}`);
  await stream.next(isKind('hello'));
};
const isKind = (kind: Pushed['kind']) => (event: Pushed) => event.kind === kind;
const isRevocation = (number: number) => (event: Pushed) =>
  event.kind === 'revocation' && event.order.number === number;
const issue = (subject: string = randomUUID()) =>
  first.database.transaction((tx) =>
    issueRevocation(tx, first.now(), { what: 'session', subject, person: null, reason: 'test', by: null }),
  );

describe('what one server process does reaches a terminal on the other', () => {
  beforeEach(openAtSecond);

  test('a revocation, a policy, and the cut of a terminal that is shut out', async () => {
    await stream.next(isRevocation(await issue()));
    await first.app.hub.toAll(first.database, {
      kind: 'policy',
      policy: {
        pin: { shortest: 8, longest: 12 },
        idleSeconds: 321,
        whenFull: 'strict',
        offline: { hours: 24, roles: ['clinician'], assurance: ['identifier', 'keyed', 'pki'], tries: 5, minutes: 720 },
        warnSeconds: 20,
        helpdesk: '2119',
        ways: { substitute: true, emergency: true, witness: true },
      },
    });
    assert.partialDeepStrictEqual(await stream.next(isKind('policy')), { policy: { idleSeconds: 321 } });
    const admin = await first.signIn(['admin']);
    const answered = await first.call(admin, 'terminals/revoke', {
      params: { terminal: terminal.id },
      body: { reason: 'stolen' },
    });
    assert.equal(answered.status, 200);
    await stream.next<Pushed>((event) => event.kind === 'revocation' && event.order.what === 'terminal');
    await stream.ended;
  });

  test('a login that began at the one goes on at the other, and its session ends there', async () => {
    const clinician = await makeClinician(first, { totp: false });
    const { session } = await logIn(first, terminal, clinician);
    await logIn(second, terminal, clinician);
    const [row] = await first.database.query<{ end_reason: string }>('select end_reason from session where id = $1', [
      session,
    ]);
    assert.equal(row?.end_reason, 'other-card');
    stream.close();
  });
});

/** Prepares what is to happen while the second process does not hear; that answers what its terminal must hear in the end. */
const prepare = async (): Promise<() => Promise<() => Promise<void>>> => {
  const clinician = await makeClinician(first, { totp: false });
  const { session } = await logIn(first, terminal, clinician);
  return async () => {
    const number = await issue();
    const { id } = clinician.person;
    await endSession(first.database, first.now(), 'elsewhere', session);
    const ceremony = await insertCeremony(first.database, first.now(), {
      task: 'pin',
      person: id,
      terminal: terminal.id,
      askedBy: id,
      label: '',
      expiresAt: new Date(first.now().getTime() + 60_000),
    });
    await first.applyPolicy({ session: { idleSeconds: 234 } });
    return async () => {
      await stream.next(isRevocation(number));
      await stream.next<Pushed>((event) => event.kind === 'session-ended' && event.session === session);
      await stream.next<Pushed>((event) => event.kind === 'ceremony' && event.order.ceremony === ceremony);
      await stream.next<Pushed>((event) => event.kind === 'policy' && event.policy.idleSeconds === 234);
    };
  };
};

describe('what was missed while the connection that listens was lost is heard on the open stream', () => {
  beforeEach(openAtSecond);

  test('when the connection was cut', async () => {
    const happen = await prepare();
    await network.close();
    const mustHear = await happen();
    await network.open();
    await mustHear();
    stream.close();
  });

  test('when the network swallowed everything and told nobody', async () => {
    const happen = await prepare();
    network.pause();
    const mustHear = await happen();
    // What hangs in it never comes: new connections find another way.
    const { port } = new URL(first.connectionString);
    network.cut();
    network.resume();
    await network.open(Number(port));
    await mustHear();
    stream.close();
  });

  test('when the terminal itself was shut out meanwhile', async () => {
    await network.close();
    await first.database.query("update terminal set state = 'revoked', revoked_at = now() where id = $1", [
      terminal.id,
    ]);
    await network.open();
    await stream.ended;
  });
});

test('a network that swallows everything is noticed without a word from the system', async () => {
  network.pause();
  const since = performance.now();
  while (second.database.isThere()) {
    assert.ok(performance.now() - since < 10_000, 'it was not noticed');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const answered = await second.call(second.anyone, 'server/health');
  assert.equal(answered.status, 503);
  network.resume();
  network.cut();
  while (!second.database.isThere()) {
    assert.ok(performance.now() - since < 20_000, 'it did not come back');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal((await second.call(second.anyone, 'server/health')).status, 200);
});
