import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { generateSync } from 'otplib';
import type { SignedIn } from '#contract/api/console.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import { createFirstAdminInvitation } from '../store/invitations.ts';
import { startTestServer, type TestSender, type TestServer } from '../testing.ts';
import { type Clinician, eventsWhere, failureOf, makeClinician } from '../testing-login.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const password = 'plum rain on the roof';

const signIn = (number: string, typed: string, code: string, from: TestSender = server.anyone) =>
  server.call(from, 'console/sign-in', { body: { number, password: typed, code } });
const makeDesk = (roles: Role[] = ['helpdesk']) => makeClinician(server, { roles, password });
/** Signs in through the front door and keeps the cookie. */
const mustSignIn = async (person: Clinician): Promise<TestSender & { readonly cookie: string }> => {
  const answer = await server.send(server.anyone, '/v1/console/sign-in', {
    method: 'POST',
    body: { number: person.person.number, password, code: person.code() },
  });
  const { csrf } = (await answer.json()) as SignedIn;
  assert.equal(answer.status, 200);
  const set = answer.headers.getSetCookie()[0] ?? '';
  const cookie = set.split(';')[0] ?? '';
  for (const part of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/']) assert.ok(set.includes(part), set);
  assert.ok(set.startsWith('__Host-kazasu=') && !/domain/i.test(set));
  return { agent: server.anyone.agent, headers: { origin: server.origin, cookie, 'x-kazasu-csrf': csrf }, cookie };
};
const codeOf = (uri: string, steps = 0) => {
  const secret = new URL(uri).searchParams.get('secret') ?? '';
  return generateSync({ secret, epoch: Math.floor(server.now().getTime() / 1000) + steps * 30 });
};
const nextStep = () => server.advance(30_000 - (server.now().getTime() % 30_000));

describe('the first admin', () => {
  const open = (code: string) => server.call(server.anyone, 'console/open-invitation', { body: { code } });
  const accept = (body: object) => server.call(server.anyone, 'console/accept-invitation', { body });

  it('comes by a link that works once and is replaced by a newer one', async () => {
    const invite = () => createFirstAdminInvitation(server.database, server.secrets, server.now());
    const old = await invite();
    const code = await invite();
    assert.ok(old && code && old !== code);
    assert.equal((await open(old)).code, 'ENROLMENT_REFUSED');
    nextStep();
    const opened = await open(code);
    const { person, uri } = opened.body as { person: PersonSummary | null; uri: string };
    assert.equal(person, null);
    const given = { code, password, number: ' Ａ１ ', name: '佐藤 \u202e一郎', kana: 'サトウ イチロウ' };
    assert.equal((await accept({ ...given, totp: '000000' })).code, 'TOTP_WRONG');
    assert.equal((await accept({ ...given, totp: codeOf(uri), password: 'password1234' })).code, 'PASSWORD_WEAK');
    assert.equal((await accept({ ...given, code: 'x', totp: codeOf(uri) })).code, 'ENROLMENT_REFUSED');
    assert.equal((await accept({ code, password, totp: codeOf(uri) })).code, 'ENROLMENT_REFUSED');
    const answers = await Promise.all([1, 2, 3].map(() => accept({ ...given, totp: codeOf(uri) })));
    assert.deepEqual(answers.map((answer) => answer.code ?? 'done').sort(), [
      'ENROLMENT_REFUSED',
      'ENROLMENT_REFUSED',
      'done',
    ]);
    const signed = answers.find(({ status }) => status === 200)?.body as SignedIn;
    assert.deepEqual([signed.person.number, signed.person.name], ['A1', '佐藤 一郎']);
    assert.ok(signed.person.roles.includes('admin'));
    assert.equal(await invite(), null);
    const kinds = (await eventsWhere(server, 'person', signed.person.id)).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['person.added', 'password.set', 'totp.enrolled', 'console.signed-in']);
    assert.equal((await signIn('A1', password, codeOf(uri))).code, 'CONSOLE_SIGN_IN_REFUSED');
    assert.equal((await signIn('Ａ１', password, codeOf(uri, 1))).status, 200);
  });

  it('invites others, whose old password and authenticator are dead then', async () => {
    const admin = await server.signIn(['admin']);
    const invited = await makeDesk();
    const session = await mustSignIn(invited);
    const params = { person: invited.person.id };
    const invite = async () => {
      const asked = await server.call(admin, 'people/invite', { params });
      const { approval } = (asked.body as { failure: { approval: string } }).failure;
      const body = { approve: true, reason: 'agreed' };
      await server.call(await server.signIn(['admin']), 'approvals/decide', { params: { approval }, body });
      return (await server.call(admin, 'people/invite', { params })).body as { code: string };
    };
    const first = await invite();
    const { code } = await invite();
    assert.equal((await open(first.code)).code, 'ENROLMENT_REFUSED');
    const { person, uri } = (await open(code)).body as { person: PersonSummary; uri: string };
    assert.equal(person.id, invited.person.id);
    const fresh = 'seven herons by the weir';
    const accepted = await accept({ code, password: fresh, totp: codeOf(uri) });
    assert.equal(accepted.status, 200, JSON.stringify(accepted.body));
    assert.equal((await server.call(session, 'console/me')).code, 'CONSOLE_SIGNED_OUT');
    assert.equal((await signIn(invited.person.number, password, invited.code(1))).code, 'CONSOLE_SIGN_IN_REFUSED');
    assert.equal((await signIn(invited.person.number, fresh, invited.code(1))).code, 'CONSOLE_SIGN_IN_REFUSED');
    assert.equal((await signIn(invited.person.number, fresh, codeOf(uri, 1))).status, 200);
  });

  it('cannot be told from one that never was by what is answered to its code, whoever it was for', async () => {
    const admin = await server.signIn(['admin']);
    const invite = async () => {
      const { person } = await makeClinician(server);
      const answered = await server.call(admin, 'people/invite', { params: { person: person.id } });
      return { person, code: (answered.body as { code: string }).code };
    };
    const suspended = await invite();
    const params = { person: suspended.person.id };
    await server.call(admin, 'people/suspend', { params, body: { reason: 'left' } });
    const replaced = await invite();
    await server.call(admin, 'people/invite', { params: { person: replaced.person.id } });
    const made = replaced.code.replaceAll(/[^-]/g, 'A');
    const shapes = new Set<string>();
    for (const code of [suspended.code, replaced.code, made, 'x']) {
      for (const answered of [await open(code), await accept({ code, password, totp: '000000' })])
        shapes.add(`${answered.status} ${JSON.stringify(answered.body)}`);
    }
    assert.deepEqual([...shapes], ['403 {"failure":{"code":"ENROLMENT_REFUSED"}}']);
  });

  it('or anybody else finds an invitation dead after a day, ten wrong codes, or suspension', async () => {
    const admin = await server.signIn(['admin']);
    const invite = async () => {
      const { person } = await makeClinician(server);
      const answered = await server.call(admin, 'people/invite', { params: { person: person.id } });
      return { person, code: (answered.body as { code: string }).code };
    };
    const guessed = await invite();
    for (let count = 0; count < 10; count += 1) {
      assert.equal((await accept({ code: guessed.code, password, totp: '000000' })).code, 'TOTP_WRONG');
    }
    assert.equal((await open(guessed.code)).code, 'ENROLMENT_REFUSED');
    const suspended = await invite();
    const params = { person: suspended.person.id };
    await server.call(admin, 'people/suspend', { params, body: { reason: 'left' } });
    assert.equal((await open(suspended.code)).code, 'ENROLMENT_REFUSED');
    const late = await invite();
    server.advance(24 * 3_600_000 + 1);
    assert.equal((await open(late.code)).code, 'ENROLMENT_REFUSED');
    server.advance(-24 * 3_600_000 - 1);
  });
});

describe('signing in', () => {
  it('takes number, password and code, and gives a new session each time', async () => {
    const desk = await makeDesk();
    const first = await mustSignIn(desk);
    nextStep();
    const second = await mustSignIn(desk);
    assert.notEqual(first.cookie, second.cookie);
    const rows = await server.database.query<{ all: string }>(
      'select console_session::text as all from console_session',
    );
    assert.ok(rows.every((row) => !row.all.includes(first.cookie.split('=')[1] ?? '')));
    assert.equal((await server.call(second, 'console/me')).status, 200);
    assert.equal((await server.call(second, 'console/sign-out')).status, 200);
    assert.equal((await server.call(second, 'console/me')).code, 'CONSOLE_SIGNED_OUT');
    assert.equal((await server.call(first, 'console/me')).status, 200);
    const written = await eventsWhere(server, 'person', desk.person.id);
    assert.deepEqual(
      written.map(({ kind }) => kind).filter((kind) => kind.startsWith('console.')),
      ['console.signed-in', 'console.signed-in', 'console.signed-out'],
    );
  });

  it('is refused with the same words for whoever it is, not sooner for some, and the reason is in the log', async () => {
    const desk = await makeDesk();
    const suspended = await makeDesk();
    await server.database.query(`update person set state = 'suspended' where id = $1`, [suspended.person.id]);
    const clinician = await makeClinician(server, { password });
    const bare = await makeClinician(server, { roles: ['admin'] });
    const damaged = await makeDesk();
    await server.database.query(`update credential set secret = '{}' where person = $1 and kind = 'password'`, [
      damaged.person.id,
    ]);
    const cases = [
      ['unknown-person', 'nobody', password, '123456'],
      ['person-suspended', suspended.person.number, password, suspended.code()],
      ['role-missing', clinician.person.number, password, clinician.code()],
      ['not-set-up', bare.person.number, password, bare.code()],
      ['password-wrong', desk.person.number, 'another password', desk.code()],
      ['totp-wrong', desk.person.number, password, '000000'],
      ['credential-damaged', damaged.person.number, password, damaged.code()],
    ] as const;
    const shapes = new Set<string>();
    for (const [reason, number, typed, code] of cases) {
      const since = performance.now();
      const answered = await signIn(number, typed, code);
      assert.ok(performance.now() - since >= 390);
      const { supportCode = '' } = failureOf(answered);
      shapes.add(`${answered.status} ${JSON.stringify(answered.body).replace(supportCode, '')}`);
      const [event] = await eventsWhere(server, 'support_code', supportCode);
      assert.deepEqual([event?.kind, event?.reason], ['console.sign-in-refused', reason]);
    }
    assert.equal(shapes.size, 1);
  });

  it('locks the password after the limit, also for the right one, and not the code with it', async () => {
    const desk = await makeDesk();
    const { number } = desk.person;
    await Promise.all(Array.from({ length: 200 }, () => signIn(number, 'wrong wrong wrong', desk.code())));
    // So many from one address are told to come again; the lock holds from everywhere.
    const elsewhere = { ...server.sender({ localAddress: '127.0.0.9' }), headers: { origin: server.origin } };
    assert.equal((await signIn(number, password, desk.code(), elsewhere)).code, 'CONSOLE_SIGN_IN_REFUSED');
    const rows = await server.database.query<{ kind: string; failures: number }>(
      `select kind, failures from credential where person = $1 and kind <> 'pin' order by kind`,
      [desk.person.id],
    );
    assert.deepEqual(rows, [
      { kind: 'password', failures: 5 },
      { kind: 'totp', failures: 0 },
    ]);
    const locked = (await eventsWhere(server, 'person', desk.person.id)).filter(
      ({ kind }) => kind === 'credential.locked',
    );
    assert.equal(locked.length, 1);
    server.advance(15 * 60_000 + 1000);
    assert.equal((await signIn(number, password, desk.code())).status, 200);
  });

  it('takes a code once, also one that opened a terminal, though 200 come at once', async () => {
    const desk = await makeDesk();
    const code = desk.code();
    const answers = await Promise.all(Array.from({ length: 200 }, () => signIn(desk.person.number, password, code)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    server.advance(61_000);
  });

  it('lasts half an hour without use and twelve hours in all', async () => {
    const desk = await makeDesk();
    const idle = await mustSignIn(desk);
    server.advance(29 * 60_000);
    assert.equal((await server.call(idle, 'console/me')).status, 200);
    server.advance(29 * 60_000);
    assert.equal((await server.call(idle, 'console/me')).status, 200);
    server.advance(31 * 60_000);
    assert.equal((await server.call(idle, 'console/me')).code, 'CONSOLE_SIGNED_OUT');
    const busy = await mustSignIn(desk);
    for (let passed = 0; passed < 12 * 60; passed += 20) {
      assert.equal((await server.call(busy, 'console/me')).status, 200);
      server.advance(20 * 60_000);
    }
    assert.equal((await server.call(busy, 'console/me')).code, 'CONSOLE_SIGNED_OUT');
  });

  it('lasts as long as the policy says, and a shorter one holds for open sessions too', async (t) => {
    t.after(() => server.applyPolicy({}));
    const desk = await makeDesk();
    await server.applyPolicy({ console: { minutes: 60, idleMinutes: 10 } });
    const first = await mustSignIn(desk);
    const { endsAt } = (await server.call(first, 'console/me')).body as SignedIn;
    assert.ok(Math.abs(Date.parse(endsAt) - server.now().getTime() - 3_600_000) < 5000);
    for (let passed = 0; passed < 60; passed += 9) {
      assert.equal((await server.call(first, 'console/me')).status, 200);
      server.advance(9 * 60_000);
    }
    assert.equal((await server.call(first, 'console/me')).code, 'CONSOLE_SIGNED_OUT');
    const idle = await mustSignIn(desk);
    server.advance(10 * 60_000 + 1000);
    assert.equal((await server.call(idle, 'console/me')).code, 'CONSOLE_SIGNED_OUT');
    const open = await mustSignIn(desk);
    server.advance(9 * 60_000);
    assert.equal((await server.call(open, 'console/me')).status, 200);
    server.advance(9 * 60_000);
    await server.applyPolicy({ console: { minutes: 15, idleMinutes: 10 } });
    assert.equal((await server.call(open, 'console/me')).code, 'CONSOLE_SIGNED_OUT');
  });

  it('needs text that is not too long and nothing else', async () => {
    for (const body of [
      'null',
      '[]',
      '{}',
      '{"number":1,"password":"x","code":"1"}',
      '{"number":"1","password":"x","code":"1","roles":["admin"]}',
      `{"number":"1","password":"${'x'.repeat(257)}","code":"1"}`,
    ]) {
      const answer = await server.send(server.anyone, '/v1/console/sign-in', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
      assert.equal(answer.status, 400, body);
      await answer.body?.cancel();
    }
    assert.equal((await signIn(`' or 1=1 --`, `'; drop table person; --`, '123456')).code, 'CONSOLE_SIGN_IN_REFUSED');
    assert.equal((await signIn('N\u0000', 'x', '1')).status, 403);
  });
});

describe('an unattended console', () => {
  it('is signed out in the end, though its page asks for what changed and its stream comes again', async () => {
    const auditor = await server.signIn(['auditor']);
    const unasked = { ...auditor, headers: { ...auditor.headers, 'x-kazasu-unasked': '1' } };
    assert.equal((await server.call(auditor, 'console/me')).status, 200);
    for (let passed = 0; passed < 30; passed += 10) {
      assert.equal((await server.call(unasked, 'events/list')).status, 200);
      const leave = new AbortController();
      const stream = await server.send(auditor, '/v1/console/stream', { signal: leave.signal });
      assert.equal(stream.status, 200);
      leave.abort();
      server.advance(10 * 60_000);
    }
    assert.equal((await server.call(unasked, 'events/list')).code, 'CONSOLE_SIGNED_OUT');
  });

  it('is told nothing any more by a stream that it left open', { timeout: 20_000 }, async () => {
    const auditor = await server.signIn(['auditor']);
    const stream = await server.send(auditor, '/v1/console/stream');
    server.advance(31 * 60_000);
    // Ends with the next heartbeat.
    assert.match(await stream.text(), /hello/);
  });

  it('has its stream cut when the policy allows no more', { timeout: 20_000 }, async (t) => {
    t.after(() => server.applyPolicy({}));
    const auditor = await server.signIn(['auditor']);
    const stream = await server.send(auditor, '/v1/console/stream');
    server.advance(6 * 60_000);
    await server.applyPolicy({ console: { idleMinutes: 5 } });
    assert.match(await stream.text(), /hello/);
  });
});
