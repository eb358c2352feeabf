import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { expire } from '../expiry.ts';
import { startTestServer, type TestServer, type TestTerminal } from '../testing.ts';
import { eventsWhere, logIn, makeClinician, mustBegin, ticketOf } from '../testing-login.ts';

let server: TestServer;
let terminal: TestTerminal;
let other: TestTerminal;

before(async () => {
  server = await startTestServer();
  terminal = await server.enrol();
  other = await server.enrol();
});
after(() => server.close());

const end = (at: TestTerminal, session: string, reason = 'button') =>
  server.call(at, 'sessions/end', { params: { session }, body: { reason, endedAt: '2026-04-01T09:00:00+09:00' } });
const openConsole = (at: TestTerminal, { session, token }: { session: string; token: string }) =>
  server.call(at, 'sessions/open-console', { params: { session }, body: { token } });
const openSessionsAt = async (at: TestTerminal) =>
  (await server.database.query('select 1 from session where terminal = $1 and ended_at is null', [at.id])).length;
const expireNow = () => expire(server.deps);

describe('a session', () => {
  it('ends exactly once, though its end is told 200 times at once', async () => {
    const { session } = await logIn(server, terminal, await makeClinician(server));
    const answers = await Promise.all(Array.from({ length: 200 }, () => end(terminal, session)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.ok(answers.every(({ status, code }) => status === 200 || code === 'SESSION_ENDED'));
    const ended = (await eventsWhere(server, 'session', session)).filter(({ kind }) => kind === 'session.ended');
    assert.deepEqual(
      ended.map(({ reason }) => reason),
      ['button'],
    );
  });

  it('is ended by its own terminal alone', async () => {
    const opened = await logIn(server, terminal, await makeClinician(server));
    const { session } = opened;
    assert.equal((await end(other, session)).code, 'TERMINAL_OTHER');
    assert.equal((await openConsole(other, opened)).code, 'TERMINAL_OTHER');
    assert.equal((await eventsWhere(server, 'session', session)).at(-1)?.reason, 'other-terminal');
    assert.equal((await end(terminal, session)).status, 200);
    assert.equal((await end(terminal, randomUUID())).code, 'SESSION_ENDED');
  });

  it('gives way to the next person at its terminal, and not to one elsewhere', async () => {
    const first = await logIn(server, terminal, await makeClinician(server));
    const elsewhere = await logIn(server, other, await makeClinician(server));
    await logIn(server, terminal, await makeClinician(server));
    assert.equal((await eventsWhere(server, 'session', first.session)).at(-1)?.reason, 'other-card');
    assert.equal((await eventsWhere(server, 'session', elsewhere.session)).at(-1)?.kind, 'session.began');
    assert.deepEqual([await openSessionsAt(terminal), await openSessionsAt(other)], [1, 1]);
  });

  it('is one at a terminal though several people log in there at once', async () => {
    const clinicians = await Promise.all(Array.from({ length: 4 }, () => makeClinician(server)));
    const outcomes = await Promise.allSettled(clinicians.map((clinician) => logIn(server, terminal, clinician)));
    assert.ok(outcomes.some(({ status }) => status === 'fulfilled'));
    assert.equal(await openSessionsAt(terminal), 1);
  });

  it('ends at the overall limit by the server’s clock', async () => {
    const { session } = await logIn(server, terminal, await makeClinician(server));
    server.advance(12 * 3_600_000 - 60_000);
    await expireNow();
    assert.equal((await eventsWhere(server, 'session', session)).at(-1)?.kind, 'session.began');
    server.advance(61_000);
    await Promise.all([expireNow(), expireNow(), expireNow()]);
    const ended = (await eventsWhere(server, 'session', session)).filter(({ kind }) => kind === 'session.ended');
    assert.deepEqual(
      ended.map(({ reason }) => reason),
      ['limit'],
    );
    assert.equal((await end(terminal, session, 'limit')).code, 'SESSION_ENDED');
  });

  it('is worth nothing to the console once its time is over, also before anybody ended it', async () => {
    const opened = await logIn(server, terminal, await makeClinician(server, { roles: ['admin'] }));
    server.advance(12 * 3_600_000 + 1);
    assert.equal((await openConsole(terminal, opened)).code, 'SESSION_ENDED');
  });
});

describe('an attempt that nobody finishes', () => {
  it('is abandoned by the terminal, or by its time', async () => {
    const clinician = await makeClinician(server);
    const first = await mustBegin(server, terminal, clinician.evidence);
    const abandon = (at: TestTerminal, attempt: string) =>
      server.call(at, 'attempts/abandon', {
        params: { attempt },
        body: { ticket: ticketOf(attempt), reason: 'cancelled' },
      });
    assert.equal((await abandon(other, first.attempt)).code, 'TERMINAL_OTHER');
    assert.equal((await abandon(terminal, first.attempt)).status, 200);
    assert.equal((await abandon(terminal, first.attempt)).code, 'ATTEMPT_ENDED');
    assert.equal((await abandon(terminal, randomUUID())).code, 'ATTEMPT_ENDED');
    const second = await mustBegin(server, terminal, clinician.evidence);
    await server.app.settled();
    server.advance(61_000);
    await expireNow();
    assert.deepEqual(
      (await eventsWhere(server, 'attempt', second.attempt)).map(({ kind, reason }) => [kind, reason]),
      [
        ['attempt.begun', null],
        ['attempt.abandoned', 'too-slow'],
      ],
    );
  });
});

describe('the console from a terminal', () => {
  const ticketFor = async (opened: { session: string; token: string }) =>
    ((await openConsole(terminal, opened)).body as { ticket: string }).ticket;
  const enter = (ticket: string) => server.call(server.anyone, 'console/enter', { body: { ticket } });

  it('opens with a ticket that is good once', async () => {
    const opened = await logIn(server, terminal, await makeClinician(server, { roles: ['clinician', 'helpdesk'] }));
    const { session } = opened;
    const ticket = await ticketFor(opened);
    const stored = await server.database.query<{ all: string }>(
      'select console_ticket::text as all from console_ticket',
    );
    assert.ok(stored.length > 0 && stored.every((row) => !row.all.includes(ticket)));
    const answers = await Promise.all(Array.from({ length: 200 }, () => enter(ticket)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    const refused = new Set(answers.flatMap(({ code }) => code ?? []));
    assert.deepEqual([...refused].sort(), ['CONSOLE_SIGN_IN_REFUSED', 'SERVER_BUSY']);
    server.advance(61_000);
    const entered = answers.find(({ status }) => status === 200)?.body as { terminal: string };
    assert.equal(entered.terminal, terminal.id);
    const signed = (await eventsWhere(server, 'session', session)).filter(({ kind }) => kind === 'console.signed-in');
    assert.deepEqual(
      signed.map(({ factors }) => factors),
      [['terminal-session']],
    );
  });

  it('takes no ticket after 30 seconds, of a locked terminal, or made up', async () => {
    const helpdesk = await makeClinician(server, { roles: ['helpdesk'] });
    const first = await logIn(server, terminal, helpdesk);
    const late = await ticketFor(first);
    server.advance(30_001);
    assert.equal((await enter(late)).code, 'CONSOLE_SIGN_IN_REFUSED');
    const unused = await ticketFor(first);
    await end(terminal, first.session);
    assert.equal((await enter(unused)).code, 'CONSOLE_SIGN_IN_REFUSED');
    assert.equal((await enter('made-up')).code, 'CONSOLE_SIGN_IN_REFUSED');
    assert.equal((await openConsole(terminal, first)).code, 'SESSION_ENDED');
  });

  it('is not for whoever has no role there', async () => {
    const opened = await logIn(server, terminal, await makeClinician(server));
    assert.equal((await openConsole(terminal, opened)).code, 'CONSOLE_ROLE_MISSING');
  });

  it('is signed out when the terminal locks', async () => {
    const opened = await logIn(server, terminal, await makeClinician(server, { roles: ['helpdesk'] }));
    const { session } = opened;
    const answer = await server.send(server.anyone, '/v1/console/enter', {
      method: 'POST',
      body: { ticket: await ticketFor(opened) },
    });
    const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    await answer.body?.cancel();
    const sender = { agent: server.anyone.agent, headers: { origin: server.origin, cookie } };
    assert.equal((await server.call(sender, 'console/me')).status, 200);
    await end(terminal, session, 'idle');
    assert.equal((await server.call(sender, 'console/me')).code, 'CONSOLE_SIGNED_OUT');
  });
});
