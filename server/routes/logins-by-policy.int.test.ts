import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import type { Opened } from '#contract/api/logins.ts';
import { hashSecret } from '../credentials.ts';
import { expire } from '../expiry.ts';
import { setInitialSecret } from '../store/credentials.ts';
import { startTestServer, type TestServer, type TestTerminal } from '../testing.ts';
import {
  begin,
  type Clinician,
  eventsWhere,
  failureOf,
  goodPin,
  logIn,
  makeClinician,
  mustBegin,
  prove,
  ticketOf,
} from '../testing-login.ts';
import { openStream } from '../testing-stream.ts';

let server: TestServer;
let terminal: TestTerminal;
let other: TestTerminal;

before(async () => {
  server = await startTestServer();
  [terminal, other] = await Promise.all([server.enrol('3東-NS-01'), server.enrol('4西-NS-01')]);
});
beforeEach(() => server.applyPolicy({}));
after(() => server.close());

const end = (at: TestTerminal, session: string, reason = 'button') =>
  server.call(at, 'sessions/end', { params: { session }, body: { reason, endedAt: server.now().toISOString() } });
const byGrace = (at: TestTerminal, attempt: string) =>
  server.call(at, 'attempts/prove', { params: { attempt }, body: { ticket: ticketOf(attempt), factor: 'grace' } });
const settle = (at: TestTerminal, attempt: string, choice: string) =>
  server.call(at, 'attempts/settle', { params: { attempt }, body: { ticket: ticketOf(attempt), choice } });
const isOpen = async (session: string): Promise<boolean> =>
  (await server.database.query('select 1 from session where id = $1 and ended_at is null', [session])).length === 1;

describe('a tap', () => {
  it('writes nothing that it would have to wait for: it is answered while log and attempts are locked', async () => {
    const { evidence } = await makeClinician(server);
    await server.database.transaction(async (tx) => {
      await tx.query('lock table event, attempt in access exclusive mode');
      assert.equal((await begin(server, terminal, evidence)).status, 200);
    });
    await server.app.settled();
  });

  it('may be proved at once, before anybody wrote it, and stands in the log once and first', async () => {
    const clinician = await makeClinician(server);
    const { attempt } = await logIn(server, terminal, clinician);
    assert.deepEqual(
      (await eventsWhere(server, 'attempt', attempt)).map(({ kind }) => kind),
      ['attempt.begun', 'proof.accepted', 'session.began'],
    );
  });

  it('has a ticket that nobody makes or changes', async () => {
    const [mine, theirs] = [await makeClinician(server), await makeClinician(server)];
    const { attempt, ticket } = await mustBegin(server, terminal, mine.evidence);
    const [text = '', mark = ''] = ticket.split('~');
    const facts = JSON.parse(Buffer.from(text, 'base64url').toString()) as object;
    const forged = Buffer.from(JSON.stringify({ ...facts, person: theirs.person.id })).toString('base64url');
    const strange = [`${forged}~${mark}`, text, `${text}~`, `${text}~1.AAAA`, `${text}~2${mark.slice(1)}`, '~', 'x'];
    for (const given of strange) {
      const body = { ticket: given, factor: 'pin', secret: goodPin };
      const answered = await server.call(terminal, 'attempts/prove', { params: { attempt }, body });
      assert.equal(answered.code, 'ATTEMPT_ENDED', given);
    }
    const foreign = await mustBegin(server, terminal, theirs.evidence);
    const body = { ticket: foreign.ticket, factor: 'pin', secret: goodPin };
    assert.equal((await server.call(terminal, 'attempts/prove', { params: { attempt }, body })).code, 'ATTEMPT_ENDED');
    const log = await eventsWhere(server, 'attempt', attempt);
    assert.ok(log.some(({ kind, reason }) => kind === 'proof.replayed' && reason === 'attempt-unknown'));
  });
});

describe('rules about factors', () => {
  it('ask for every factor where policy wants all, in any order, and open only after the last', async () => {
    await server.applyPolicy({ factors: [{ name: 'both', demand: { kind: 'all', factors: ['pin', 'totp'] } }] });
    const clinician = await makeClinician(server);
    const begun = await mustBegin(server, terminal, clinician.evidence);
    assert.deepEqual([begun.factors, begun.all], [['pin', 'totp'], true]);
    const first = await prove(server, terminal, begun.attempt, 'totp', clinician.code());
    assert.deepEqual(first.body, { kind: 'more', factors: ['pin'] });
    const again = await prove(server, terminal, begun.attempt, 'totp', clinician.code());
    assert.equal(again.code, 'PROOF_WRONG', 'the same code is no second factor');
    const second = await prove(server, terminal, begun.attempt, 'pin', goodPin);
    const { session } = second.body as Opened;
    assert.deepEqual((await eventsWhere(server, 'session', session)).at(-1)?.factors, ['card', 'totp', 'pin']);
    assert.equal((await settle(terminal, begun.attempt, 'keep-both')).code, 'ATTEMPT_ENDED');
  });

  it('take only the factor that is asked for', async () => {
    await server.applyPolicy({ factors: [{ name: 'code', demand: { kind: 'any', factors: ['totp'] } }] });
    const clinician = await makeClinician(server);
    const begun = await mustBegin(server, terminal, clinician.evidence);
    assert.deepEqual(begun.factors, ['totp']);
    assert.equal((await prove(server, terminal, begun.attempt, 'pin', goodPin)).code, 'PROOF_WRONG');
    assert.equal((await prove(server, terminal, begun.attempt, 'totp', clinician.code())).status, 200);
  });

  it('refuse in the words of any other refusal, with the rule in the log', async () => {
    await server.database.query(`update terminal set group_name = '薬剤部' where id = $1`, [other.id]);
    await server.applyPolicy({
      factors: [{ name: 'not in the pharmacy', when: { groups: ['薬剤部'] }, demand: { kind: 'refuse' } }],
    });
    const { evidence } = await makeClinician(server);
    const failure = failureOf(await begin(server, other, evidence));
    assert.deepEqual(Object.keys(failure).sort(), ['code', 'supportCode']);
    const [event] = await eventsWhere(server, 'support_code', failure.supportCode ?? '');
    assert.deepEqual([event?.reason, event?.detail['rule']], ['policy-rule', 'not in the pharmacy']);
    assert.equal((await begin(server, terminal, evidence)).status, 200);
  });
});

describe('grace', () => {
  const inAndOut = async (clinician: Clinician, reason = 'button') => {
    const { session } = await logIn(server, terminal, clinician);
    await end(terminal, session, reason);
    return session;
  };
  const graceAfter = async (clinician: Clinician, after: string | undefined, at = terminal) =>
    (await mustBegin(server, at, clinician.evidence, after)).grace;

  it('is off by default', async () => {
    const clinician = await makeClinician(server);
    assert.equal(await graceAfter(clinician, await inAndOut(clinician)), null);
  });

  it('lets the same card open the same terminal again without a secret, within its time, and says so in the log', async () => {
    await server.applyPolicy({ grace: { minutes: 5 } });
    const clinician = await makeClinician(server);
    const session = await inAndOut(clinician);
    server.advance(4 * 60_000);
    const begun = await mustBegin(server, terminal, clinician.evidence, session);
    assert.ok(begun.grace);
    const opened = (await byGrace(terminal, begun.attempt)).body as Opened;
    assert.equal(opened.kind, 'open');
    assert.deepEqual((await eventsWhere(server, 'session', opened.session)).at(-1)?.factors, ['card', 'grace']);
    await end(terminal, opened.session);
    // From the factors on, not from the last use: it cannot be stretched.
    assert.ok(await graceAfter(clinician, opened.session));
    server.advance(61_000);
    assert.equal(await graceAfter(clinician, opened.session), null);
  });

  it('is over after a session that the person did not end, another session, another terminal, card or person', async () => {
    await server.applyPolicy({ grace: { minutes: 5 } });
    const [clinician, colleague] = [await makeClinician(server), await makeClinician(server)];
    for (const reason of ['idle', 'suspend', 'screen-lost', 'limit', 'other-card']) {
      assert.equal(await graceAfter(clinician, await inAndOut(clinician, reason)), null, reason);
    }
    const session = await inAndOut(clinician);
    assert.equal(await graceAfter(clinician, undefined), null, 'the terminal has forgotten it');
    assert.equal(await graceAfter(clinician, session, other), null, 'another terminal');
    assert.equal(await graceAfter(colleague, session), null, 'another person');
    await inAndOut(colleague);
    assert.equal(await graceAfter(clinician, session), null, 'somebody else was there');
  });

  it('opens nothing for a proof without it, once its session is not the last one, or for a revoked card', async () => {
    await server.applyPolicy({ grace: { minutes: 5 } });
    const [clinician, colleague] = [await makeClinician(server), await makeClinician(server)];
    const plain = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await byGrace(terminal, plain.attempt)).code, 'ATTEMPT_ENDED');
    const session = await inAndOut(clinician);
    const begun = await mustBegin(server, terminal, clinician.evidence, session);
    await server.database.query(`update card set state = 'revoked' where id = $1`, [clinician.card]);
    assert.equal((await byGrace(terminal, begun.attempt)).code, 'CARD_REFUSED');
    await server.database.query(`update card set state = 'active' where id = $1`, [clinician.card]);
    const again = await mustBegin(server, terminal, clinician.evidence, session);
    await server.database.query(
      `insert into session (id, attempt, terminal, person, card, started_at, ends_at, ended_at, end_reason)
       select gen_random_uuid(), id, terminal, $2, card, $3, $3, $3, 'button' from attempt where id = $1`,
      [begun.attempt, colleague.person.id, server.now()],
    );
    assert.equal((await byGrace(terminal, again.attempt)).code, 'ATTEMPT_ENDED');
  });
});

describe('a person at two terminals', () => {
  it('stays at both where policy allows it', async () => {
    const clinician = await makeClinician(server);
    const first = await logIn(server, terminal, clinician);
    await logIn(server, other, clinician);
    assert.ok(await isOpen(first.session));
  });

  it('is ended at the first one where policy says so, and that terminal is told at once', async () => {
    await server.applyPolicy({ session: { elsewhere: 'end-first' } });
    const stream = await openStream(server, terminal, `/v1/terminals/stream?after=0&clock=${Date.now()}`);
    const clinician = await makeClinician(server);
    const first = await logIn(server, terminal, clinician);
    await logIn(server, other, clinician);
    const told = await stream.next(({ kind }) => kind === 'session-ended');
    assert.deepEqual(told, { kind: 'session-ended', session: first.session, reason: 'elsewhere' });
    stream.close();
    const ended = (await eventsWhere(server, 'session', first.session)).filter(({ kind }) => kind === 'session.ended');
    assert.deepEqual(
      ended.map(({ reason }) => reason),
      ['elsewhere'],
    );
  });

  it('is asked where policy says so: nothing opens before the answer, which does what it says', async () => {
    await server.applyPolicy({ session: { elsewhere: 'ask' } });
    for (const choice of ['end-there', 'keep-both'] as const) {
      const clinician = await makeClinician(server);
      const first = (await logIn(server, terminal, clinician)).session;
      const { attempt } = await mustBegin(server, other, clinician.evidence);
      assert.equal((await settle(other, attempt, choice)).code, 'ATTEMPT_ENDED', 'before any factor');
      const asked = (await prove(server, other, attempt, 'pin', goodPin)).body as Answer<'attempts/prove'>;
      assert.ok(asked.kind === 'elsewhere' && asked.terminal === '3東-NS-01');
      assert.equal((await settle(terminal, attempt, choice)).code, 'TERMINAL_OTHER');
      const opened = (await settle(other, attempt, choice)).body as Opened;
      assert.ok(await isOpen(opened.session));
      assert.equal(await isOpen(first), choice === 'keep-both');
      assert.equal((await settle(other, attempt, choice)).code, 'ATTEMPT_ENDED', 'once');
    }
  });
});

describe('a single-use first secret', () => {
  const initial = '7730195482';
  const give = async (clinician: Clinician, hours = 72): Promise<void> => {
    const secret = await hashSecret(server.secrets, initial);
    const expiresAt = new Date(server.now().getTime() + hours * 3_600_000);
    await setInitialSecret(server.database, server.now(), { person: clinician.person.id, secret, expiresAt });
  };

  it('opens nothing: its person chooses a PIN with it, once, and logs in with that', async () => {
    const clinician = await makeClinician(server, { pin: false, totp: false });
    await give(clinician);
    const begun = await mustBegin(server, terminal, clinician.evidence);
    assert.deepEqual(begun.factors, ['initial']);
    const proved = (await prove(server, terminal, begun.attempt, 'initial', initial)).body as Answer<'attempts/prove'>;
    assert.ok(proved.kind === 'choose-pin');
    const params = { ceremony: proved.order.ceremony };
    assert.equal(
      (await server.call(other, 'ceremonies/give-pin', { params, body: { pin: goodPin } })).code,
      'TERMINAL_OTHER',
    );
    assert.equal((await server.call(terminal, 'ceremonies/give-pin', { params, body: { pin: goodPin } })).status, 200);
    await logIn(server, terminal, clinician);
    assert.equal((await prove(server, terminal, begun.attempt, 'initial', initial)).code, 'ATTEMPT_ENDED');
    const kinds = (await eventsWhere(server, 'person', clinician.person.id)).map(({ kind }) => kind);
    assert.ok(kinds.includes('pin.set') && !kinds.slice(0, kinds.indexOf('pin.set')).includes('session.began'));
  });

  it('is refused when it is wrong, too old, or used by two at once', async () => {
    const clinician = await makeClinician(server, { pin: false, totp: false });
    await give(clinician);
    const first = await mustBegin(server, terminal, clinician.evidence);
    assert.equal(failureOf(await prove(server, terminal, first.attempt, 'initial', '0000000000')).triesLeft, 4);
    const second = await mustBegin(server, other, clinician.evidence);
    const both = await Promise.all([
      prove(server, terminal, first.attempt, 'initial', initial),
      prove(server, other, second.attempt, 'initial', initial),
    ]);
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 403]);
    const late = await makeClinician(server, { pin: false, totp: false });
    await give(late, 1);
    const begun = await mustBegin(server, terminal, late.evidence);
    server.advance(3_600_001);
    assert.equal((await begin(server, terminal, late.evidence)).code, 'CARD_REFUSED');
    server.advance(-3_600_001);
    assert.equal((await prove(server, terminal, begun.attempt, 'initial', initial)).status, 200);
  });
});

describe('an idle session', () => {
  const touch = (opened: Opened, idleSeconds: number, at = terminal, token = opened.token) =>
    server.call(at, 'sessions/touch', { params: { session: opened.session }, body: { token, idleSeconds } });

  it('goes on while its terminal says that somebody is there, and ends by the server’s clock when nobody is', async () => {
    const at = await server.enrol();
    const stream = await openStream(server, at, `/v1/terminals/stream?after=0&clock=${server.now().getTime()}`);
    const opened = await logIn(server, at, await makeClinician(server));
    for (let round = 0; round < 3; round += 1) {
      server.advance(9 * 60_000);
      assert.equal((await touch(opened, 5, at)).status, 200);
      await expire(server.deps);
    }
    server.advance(9 * 60_000);
    await expire(server.deps);
    assert.ok(await isOpen(opened.session));
    server.advance(3 * 60_000);
    // The server looks at what it heard of a terminal lately: the next beat of it.
    for (const limit = Date.now() + 10_000; (await isOpen(opened.session)) && Date.now() < limit; ) {
      await expire(server.deps);
    }
    assert.equal((await touch(opened, 0, at)).code, 'SESSION_ENDED');
    const ended = (await eventsWhere(server, 'session', opened.session)).at(-1);
    assert.deepEqual([ended?.kind, ended?.reason], ['session.ended', 'idle']);
    stream.close();
  });

  it('is ended by a terminal’s own word that nobody has been there for longer than the limit', async () => {
    const opened = await logIn(server, terminal, await makeClinician(server));
    server.advance(12 * 60_000);
    assert.equal((await touch(opened, 12 * 60)).code, 'SESSION_ENDED');
    assert.ok(!(await isOpen(opened.session)));
  });

  it('cannot be touched with another token, from another terminal, or when it is over', async () => {
    const opened = await logIn(server, terminal, await makeClinician(server));
    const foreign = await logIn(server, other, await makeClinician(server));
    assert.equal((await touch(opened, 0, terminal, foreign.token)).code, 'SESSION_ENDED');
    assert.equal((await touch(opened, 0, other)).code, 'TERMINAL_OTHER');
    assert.equal((await touch({ ...opened, session: randomUUID() }, 0)).code, 'SESSION_ENDED');
    const refused = (await eventsWhere(server, 'session', opened.session)).filter(
      ({ kind }) => kind === 'request.refused',
    );
    assert.deepEqual(
      refused.map(({ reason }) => reason),
      ['session-token', 'other-terminal'],
    );
    await end(terminal, opened.session);
    assert.equal((await touch(opened, 0)).code, 'SESSION_ENDED');
    const stored = await server.database.query<{ all: string }>('select session::text as all from session');
    assert.ok(stored.every((row) => !row.all.includes(opened.token)));
  });
});
