import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, it } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import type { Opened } from '#contract/api/logins.ts';
import type { AttemptId } from '#contract/ids.ts';
import { hashSecret } from '../credentials.ts';
import { createBegun } from '../logins/begun.ts';
import { setInitialSecret } from '../store/credentials.ts';
import { startTestServer, type TestConsole, type TestServer, type TestTerminal } from '../testing.ts';
import { makeLoanCard, mustIssue, mustTypeCode } from '../testing-cardless.ts';
import {
  type Clinician,
  eventsWhere,
  failureOf,
  goodPin,
  logIn,
  makeClinician,
  mustBegin,
  otherPin,
  ticketOf,
} from '../testing-login.ts';
import type { TerminalSender } from './handlers.ts';
import { createLoginsRoutes } from './logins.ts';

let server: TestServer;
let desk: TestConsole;
let terminal: TestTerminal;
let other: TestTerminal;
before(async () => {
  server = await startTestServer();
  [terminal, other] = await Promise.all([server.enrol(), server.enrol()]);
  desk = await server.signIn(['helpdesk']);
});
beforeEach(() => server.applyPolicy({}));
after(() => server.close());

type Proof = { readonly factor: 'pin' | 'totp' | 'initial'; readonly secret: string } | { readonly factor: 'grace' };
type Proved = Answer<'attempts/prove'>;
const createKey = (): string => randomBytes(16).toString('base64url');

/** A process of its own memory. `dies`: where it would write a session. */
const startAnother = ({ dies = false } = {}) => {
  const logins = {
    ...server.logins,
    query: <Row>(text: string, values?: readonly unknown[], name?: string): Promise<Row[]> =>
      dies && name === 'conclude' ? Promise.reject(new Error('killed')) : server.logins.query<Row>(text, values, name),
  };
  const deps = { ...server.deps, logins };
  const routes = createLoginsRoutes(deps, createBegun(deps));
  const sender = { kind: 'terminal', terminal: terminal.id, name: 'ward', address: '127.0.0.1' } as TerminalSender;
  return async (attempt: string, idempotencyKey: string, proof: Proof): Promise<Proved> => {
    const given = {
      params: { attempt: attempt as AttemptId },
      query: undefined,
      body: { ticket: ticketOf(attempt), idempotencyKey, ...proof },
    };
    const result = await routes['attempts/prove'](given, sender);
    assert.ok(result.ok, JSON.stringify(result));
    return result.value;
  };
};

/** Proves at this process, then the same again here and at another one. Without grants, which are made anew. */
const proveThrice = async (attempt: string, proof: Proof): Promise<Proved> => {
  const key = createKey();
  const body = { ticket: ticketOf(attempt), idempotencyKey: key, ...proof };
  const here = async () => {
    const answered = await server.call(terminal, 'attempts/prove', { params: { attempt }, body });
    assert.equal(answered.status, 200, JSON.stringify(answered.body));
    return answered.body as Proved;
  };
  const [first, ...others] = [await here(), await here(), await startAnother()(attempt, key, proof)];
  for (const one of others) assert.deepEqual({ ...one, grant: null }, { ...first, grant: null });
  return first as Proved;
};
const countEvents = async (attempt: string, kind: string): Promise<number> =>
  (await eventsWhere(server, 'attempt', attempt)).filter((event) => event.kind === kind).length;
const both = {
  factors: [{ name: 'both', demand: { kind: 'all' as const, factors: ['pin' as const, 'totp' as const] } }],
};

it('each of several factors is accepted once, whatever answer was lost, and the last one opens once', async () => {
  await server.applyPolicy(both);
  const clinician = await makeClinician(server);
  const { attempt } = await mustBegin(server, terminal, clinician.evidence);
  const more = await proveThrice(attempt, { factor: 'totp', secret: clinician.code() });
  assert.deepEqual(more, { kind: 'more', factors: ['pin'] });
  assert.equal((await proveThrice(attempt, { factor: 'pin', secret: goodPin })).kind, 'open');
  assert.equal(await countEvents(attempt, 'proof.accepted'), 2);
  assert.equal(await countEvents(attempt, 'session.began'), 1);
});

it('a code that was wrong is no free guess in a later step, though other proofs came after it', async () => {
  await server.applyPolicy(both);
  const clinician = await makeClinician(server);
  const { attempt } = await mustBegin(server, terminal, clinician.evidence);
  const send = async (idempotencyKey: string, factor: string, secret: string) => {
    const body = { ticket: ticketOf(attempt), idempotencyKey, factor, secret };
    return server.call(terminal, 'attempts/prove', { params: { attempt }, body });
  };
  const [key, early] = [createKey(), clinician.code(4)];
  const countOf = async () => {
    const rows = await server.database.query<{ failures: number }>(
      `select failures from credential where person = $1 and kind = 'totp'`,
      [clinician.person.id],
    );
    return rows[0]?.failures;
  };
  assert.equal(failureOf(await send(key, 'totp', early)).triesLeft, 4);
  const between = [
    () => send(createKey(), 'initial', '7730195482'),
    () => send(createKey(), 'pin', goodPin),
    () => send(createKey(), 'pin', otherPin),
  ];
  for (const [place, other] of between.entries()) {
    await other();
    assert.equal(failureOf(await send(key, 'totp', early)).triesLeft, 3 - place);
    assert.equal(await countOf(), place + 2);
  }
  assert.equal(await countEvents(attempt, 'session.began'), 0);
});

it('a code that was accepted by a server that died before the session opens it at another one', async () => {
  await server.applyPolicy(both);
  const clinician = await makeClinician(server);
  const { attempt } = await mustBegin(server, terminal, clinician.evidence);
  await proveThrice(attempt, { factor: 'pin', secret: goodPin });
  const [key, proof] = [createKey(), { factor: 'totp', secret: clinician.code() } as const];
  await assert.rejects(startAnother({ dies: true })(attempt, key, proof), /killed/);
  const opened = await startAnother()(attempt, key, proof);
  assert.equal(opened.kind, 'open');
  assert.equal(await countEvents(attempt, 'proof.accepted'), 2);
});

it('a repeated proof of somebody whose card was revoked meanwhile is refused, once', async () => {
  await server.applyPolicy(both);
  const clinician = await makeClinician(server);
  const { attempt } = await mustBegin(server, terminal, clinician.evidence);
  await proveThrice(attempt, { factor: 'pin', secret: goodPin });
  const [key, proof] = [createKey(), { factor: 'totp', secret: clinician.code() } as const];
  await assert.rejects(startAnother({ dies: true })(attempt, key, proof), /killed/);
  await server.database.query(`update card set state = 'revoked' where id = $1`, [clinician.card]);
  const body = { ticket: ticketOf(attempt), idempotencyKey: key, ...proof };
  for (let count = 0; count < 2; count += 1) {
    const answered = await server.call(terminal, 'attempts/prove', { params: { attempt }, body });
    assert.equal(answered.code, 'CARD_REFUSED');
  }
  assert.equal(await countEvents(attempt, 'attempt.refused'), 1);
});

it('the question about another terminal is asked again, and its answer opens once', async () => {
  await server.applyPolicy({ session: { elsewhere: 'ask' } });
  const clinician = await makeClinician(server);
  const first = await logIn(server, other, clinician).catch(() => undefined);
  assert.ok(first);
  const { attempt } = await mustBegin(server, terminal, clinician.evidence);
  assert.equal((await proveThrice(attempt, { factor: 'pin', secret: goodPin })).kind, 'elsewhere');
  const body = { ticket: ticketOf(attempt), choice: 'end-there', idempotencyKey: createKey() };
  const settle = () => server.call(terminal, 'attempts/settle', { params: { attempt }, body });
  const [once, again] = [(await settle()).body as Opened, (await settle()).body as Opened];
  assert.deepEqual({ ...again, grant: null }, { ...once, grant: null });
  assert.equal(once.kind, 'open');
  const changed = { ...body, choice: 'keep-both' };
  const otherChoice = await server.call(terminal, 'attempts/settle', { params: { attempt }, body: changed });
  assert.equal(otherChoice.code, 'ATTEMPT_ENDED');
  assert.equal(await countEvents(attempt, 'session.began'), 1);
});

it('grace opens once', async () => {
  await server.applyPolicy({ grace: { minutes: 5 } });
  const clinician = await makeClinician(server);
  const { session } = await logIn(server, terminal, clinician);
  const body = { reason: 'button', endedAt: server.now().toISOString() };
  await server.call(terminal, 'sessions/end', { params: { session }, body });
  const { attempt, grace } = await mustBegin(server, terminal, clinician.evidence, session);
  assert.ok(grace);
  assert.equal((await proveThrice(attempt, { factor: 'grace' })).kind, 'open');
  assert.equal(await countEvents(attempt, 'session.began'), 1);
});

it('a first secret begins one choice of a PIN', async () => {
  const clinician = await makeClinician(server, { pin: false, totp: false });
  const initial = '7730195482';
  const secret = await hashSecret(server.secrets, initial);
  const expiresAt = new Date(server.now().getTime() + 3_600_000);
  await setInitialSecret(server.database, server.now(), { person: clinician.person.id, secret, expiresAt });
  const { attempt } = await mustBegin(server, terminal, clinician.evidence);
  const proved = await proveThrice(attempt, { factor: 'initial', secret: initial });
  assert.ok(proved.kind === 'choose-pin');
  const params = { ceremony: proved.order.ceremony };
  assert.equal((await server.call(terminal, 'ceremonies/give-pin', { params, body: { pin: goodPin } })).status, 200);
  assert.equal(await countEvents(attempt, 'proof.accepted'), 1);
});

it('what stands for a card is used once, also when that was its last use', async () => {
  const byCode = async (clinician: Clinician): Promise<string> => {
    const { code } = await mustIssue(server, desk, clinician, { kind: 'code', uses: 1 });
    return (await mustTypeCode(server, terminal, code)).attempt;
  };
  const byLoanCard = async (clinician: Clinician): Promise<string> => {
    const { evidence, card } = await makeLoanCard(server, desk);
    await mustIssue(server, desk, clinician, { kind: 'loan-card', card, uses: 1 });
    return (await mustBegin(server, terminal, evidence)).attempt;
  };
  for (const beginBy of [byCode, byLoanCard]) {
    const clinician = await makeClinician(server);
    const attempt = await beginBy(clinician);
    assert.equal((await proveThrice(attempt, { factor: 'pin', secret: goodPin })).kind, 'open');
    const rows = await server.database.query('select uses from substitute where person = $1', [clinician.person.id]);
    assert.deepEqual(rows, [{ uses: 1 }]);
    assert.equal(await countEvents(attempt, 'session.began'), 1);
  }
});
