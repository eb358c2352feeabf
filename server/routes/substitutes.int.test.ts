import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import type { Opened } from '#contract/api/logins.ts';
import { expire } from '../expiry.ts';
import { startTestServer, type TestConsole, type TestServer, type TestTerminal } from '../testing.ts';
import { enrolMany, issue, makeLoanCard, mustIssue, mustTypeCode, typeCode } from '../testing-cardless.ts';
import {
  begin,
  type Clinician,
  eventsWhere,
  failureOf,
  goodPin,
  logIn,
  makeClinician,
  mustBegin,
  otherPin,
  prove,
} from '../testing-login.ts';

const hour = 3_600_000;
let server: TestServer;
let desk: TestConsole;
let admin: TestConsole;
let terminal: TestTerminal;

before(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  await server.applyPolicy({});
  [desk, admin] = await Promise.all([server.signIn(['helpdesk']), server.signIn(['admin'])]);
  terminal = await server.enrol();
});
after(() => server.close());

const pageOf = async ({ person }: Clinician): Promise<Answer<'people/show'>> =>
  (await server.call(desk, 'people/show', { params: { person: person.id } })).body as Answer<'people/show'>;
const reasonOf = async (supportCode: string | undefined): Promise<string | null | undefined> =>
  (await eventsWhere(server, 'support_code', supportCode ?? '')).find(({ kind }) => kind.endsWith('refused'))?.reason;
const openBy = async (at: TestTerminal, code: string | null) => {
  const { attempt } = await mustTypeCode(server, at, code);
  return prove(server, at, attempt, 'pin', goodPin);
};

describe('a substitute code', () => {
  it('opens with the person’s own PIN, and every step of it is in the log', async () => {
    const clinician = await makeClinician(server);
    const { code, substitute } = await mustIssue(server, desk, clinician);
    assert.match(code ?? '', /^\d{4}-\d{4}-\d{4}$/);
    const begun = await mustTypeCode(server, terminal, code);
    assert.deepEqual([begun.greeting.person, begun.factors], [clinician.person.id, ['pin', 'totp']]);
    const opened = await prove(server, terminal, begun.attempt, 'pin', goodPin);
    assert.equal(opened.status, 200);
    const kinds = (await eventsWhere(server, 'person', clinician.person.id)).map(({ kind }) => kind);
    const expected = ['card.suspended', 'substitute.issued', 'attempt.begun', 'proof.accepted', 'session.began'];
    assert.deepEqual(kinds, expected);
    const [, , , , session] = await eventsWhere(server, 'person', clinician.person.id);
    assert.deepEqual(session?.factors, ['substitute-code', 'pin']);
    const [shown] = (await pageOf(clinician)).substitutes;
    assert.deepEqual([shown?.id, shown?.uses, shown?.identity], [substitute.id, 1, 'photo-identification']);
  });

  it('opens nothing without the PIN, or with a wrong one', async () => {
    const { code } = await mustIssue(server, desk, await makeClinician(server));
    const { attempt } = await mustTypeCode(server, terminal, code);
    assert.equal((await prove(server, terminal, attempt, 'pin', otherPin)).code, 'PROOF_WRONG');
    assert.equal((await prove(server, terminal, attempt, 'initial', 'anything')).code, 'PROOF_WRONG');
  });

  it('is stored nowhere, and neither in the log', async () => {
    const { code } = await mustIssue(server, desk, await makeClinician(server));
    await mustTypeCode(server, terminal, code);
    await server.app.settled();
    const [row] = await server.database.query<{ all: string }>(
      `select query_to_xml('select * from event', true, true, '')::text
           || query_to_xml('select * from substitute', true, true, '')::text as all`,
    );
    const dump = `${row?.all}${server.logged()}`;
    for (const secret of [code ?? '', code?.replaceAll('-', '') ?? '']) assert.ok(!dump.includes(secret));
  });

  it('is refused alike whether unknown, used up, over, not begun, ended or its person suspended', async () => {
    await server.applyPolicy({ session: { minutes: 600 } });
    const [used, over, ahead, ended, gone] = await Promise.all(Array.from({ length: 5 }, () => makeClinician(server)));
    assert.ok(used && over && ahead && ended && gone);
    const spent = await mustIssue(server, desk, used, { kind: 'code', uses: 1 });
    assert.equal((await openBy(terminal, spent.code)).status, 200);
    const short = await mustIssue(server, desk, over, { kind: 'code', hours: 1 });
    server.advance(hour + 1000);
    desk = await server.signIn(['helpdesk']);
    const startsAt = new Date(server.now().getTime() + hour).toISOString();
    const early = await mustIssue(server, desk, ahead, { kind: 'code', startsAt });
    const taken = await mustIssue(server, desk, ended);
    const params = { substitute: taken.substitute.id };
    assert.equal((await server.call(desk, 'substitutes/end', { params, body: { reason: '返却' } })).status, 200);
    const left = await mustIssue(server, desk, gone);
    await server.database.query(`update person set state = 'suspended' where id = $1`, [gone.person.id]);
    const cases: [string, string | null][] = [
      ['unknown-code', '0000-0000-0000'],
      ['unknown-code', 'ABCD'],
      ['substitute-uses', spent.code],
      ['substitute-time', short.code],
      ['substitute-not-begun', early.code],
      ['substitute-ended-by-helpdesk', taken.code],
      ['person-suspended', left.code],
    ];
    const shapes = new Set<string>();
    const times: number[] = [];
    for (const [reason, code] of cases) {
      const at = await server.enrol();
      const since = performance.now();
      const answered = await typeCode(server, at, code);
      times.push(performance.now() - since);
      const { supportCode = '' } = failureOf(answered);
      assert.equal(await reasonOf(supportCode), reason);
      shapes.add(`${answered.status} ${JSON.stringify(answered.body).replace(supportCode, '')}`);
    }
    assert.deepEqual([...shapes], ['403 {"failure":{"supportCode":"","code":"CODE_REFUSED"}}']);
    assert.ok(Math.min(...times) >= 395, `the soonest refusal came after ${Math.min(...times)} ms`);
  });

  it('opens as often as it may and no more, though 200 come at once', async () => {
    const clinician = await makeClinician(server);
    const { code } = await mustIssue(server, desk, clinician, { kind: 'code', uses: 1 });
    await server.applyPolicy({ tries: { soft: 20, hard: 100 } });
    const terminals = await enrolMany(server, 50);
    const attempts: Answer<'attempts/begin-by-code'>[] = [];
    for (const at of terminals) attempts.push(await mustTypeCode(server, at, code));
    const answers = await Promise.all(
      [1, 2, 3, 4].flatMap(() =>
        attempts.map(({ attempt }, place) => prove(server, terminals[place] as TestTerminal, attempt, 'pin', goodPin)),
      ),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.ok(answers.every(({ code }) => code !== 'INTERNAL'));
    assert.equal((await pageOf(clinician)).substitutes[0]?.uses, 1);
    const open = await server.database.query('select 1 from session where person = $1', [clinician.person.id]);
    assert.equal(open.length, 1);
  });

  it('is counted before it is looked at: of 200 at once at a terminal no more than the limit are', async () => {
    const { code } = await mustIssue(server, desk, await makeClinician(server));
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, place) => typeCode(server, terminal, String(100_000_000_000 + place))),
    );
    const looked = answers.filter((one) => one.code === 'CODE_REFUSED').length;
    assert.equal(looked, 5);
    assert.deepEqual([...new Set(answers.map((one) => one.code))].sort(), ['CODE_REFUSED', 'SERVER_BUSY']);
    const paused = failureOf(await typeCode(server, terminal, code));
    assert.equal(paused.code, 'SERVER_BUSY', 'a right code has to wait as well');
    assert.ok((paused.retryAfterSeconds ?? 0) > 0);
    await mustTypeCode(server, await server.enrol(), code);
    server.advance(31_000);
    await mustTypeCode(server, terminal, code);
  });

  it('brings an alarm when many are guessed at, once', async () => {
    server.advance(2 * hour);
    const since = server.now();
    const guesses = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const at = await server.enrol();
        for (let tries = 0; tries < 4; tries += 1) await typeCode(server, at, '999999999999');
      }),
    );
    assert.equal(guesses.length, 6);
    const alarms = await server.database.query(`select 1 from event where kind = 'code.guessed-at' and at >= $1`, [
      since,
    ]);
    assert.equal(alarms.length, 1);
  });

  it('ends with its session when its time is over, by the server’s clock', async () => {
    const clinician = await makeClinician(server);
    const { code, substitute } = await mustIssue(server, desk, clinician, { kind: 'code', hours: 1 });
    const opened = (await openBy(terminal, code)).body as Opened;
    assert.equal(opened.endsAt, substitute.endsAt);
    server.advance(hour);
    desk = await server.signIn(['helpdesk']);
    await expire({ ...server.deps });
    const page = await pageOf(clinician);
    assert.deepEqual([page.sessions.length, page.substitutes[0]?.endReason], [0, 'time']);
    const ended = (await eventsWhere(server, 'session', opened.session)).at(-1);
    assert.deepEqual([ended?.kind, ended?.reason], ['session.ended', 'limit']);
  });

  it('gives the rights of a clinician alone where policy says so, at the terminal and in its window', async () => {
    const boss = await makeClinician(server, { roles: ['clinician', 'admin'] });
    const roles: string[][] = [];
    const consoles: (string | undefined)[] = [];
    for (const fewerRights of [true, false]) {
      await server.applyPolicy({ substitutes: { fewerRights } });
      const { code } = await mustIssue(server, admin, boss);
      const begun = await mustTypeCode(server, terminal, code);
      roles.push(begun.greeting.roles);
      const { session, token } = (await prove(server, terminal, begun.attempt, 'pin', goodPin)).body as Opened;
      const asked = await server.call(terminal, 'sessions/open-console', { params: { session }, body: { token } });
      consoles.push(asked.code);
    }
    assert.deepEqual(roles, [['clinician'], ['clinician', 'admin']]);
    assert.deepEqual(consoles, ['CONSOLE_ROLE_MISSING', undefined]);
  });

  it('is not given beyond the policy, nor where policy has none of its kind, and an earlier one is refused then', async () => {
    const clinician = await makeClinician(server);
    const { code } = await mustIssue(server, desk, clinician);
    for (const body of [{ hours: 13 }, { uses: 61 }]) {
      assert.equal((await issue(server, desk, clinician, { kind: 'code', ...body })).code, 'SUBSTITUTE_BEYOND_POLICY');
    }
    await server.applyPolicy({ substitutes: { kinds: ['loan-card'] } });
    assert.equal((await issue(server, desk, clinician, { kind: 'code' })).code, 'SUBSTITUTE_BEYOND_POLICY');
    const refused = await typeCode(server, terminal, code);
    assert.equal(await reasonOf(failureOf(refused).supportCode), 'substitute-off');
  });

  it('is nobody’s to give to themself, to who is suspended, or by helpdesk to somebody with power', async () => {
    const boss = await makeClinician(server, { roles: ['clinician', 'helpdesk'] });
    assert.equal((await issue(server, desk, boss, { kind: 'code' })).code, 'CONSOLE_ROLE_MISSING');
    await server.database.query('update console_session set person = $2 where person = $1', [
      admin.person,
      boss.person.id,
    ]);
    assert.equal((await issue(server, admin, boss, { kind: 'code' })).code, 'PERSON_SELF');
    await server.database.query('update console_session set person = $2 where person = $1', [
      boss.person.id,
      admin.person,
    ]);
    const gone = await makeClinician(server);
    const body = { reason: '退職' };
    await mustIssue(server, desk, gone);
    assert.equal(
      (await server.call(admin, 'people/suspend', { params: { person: gone.person.id }, body })).status,
      200,
    );
    assert.equal((await issue(server, desk, gone, { kind: 'code' })).code, 'PERSON_SUSPENDED');
    assert.equal((await pageOf(gone)).substitutes[0]?.endReason, 'person-suspended');
  });

  it('ends when its PIN is guessed at to the hard limit', async () => {
    const clinician = await makeClinician(server, { totp: false });
    await server.applyPolicy({ tries: { soft: 3, hard: 3 } });
    const { code } = await mustIssue(server, desk, clinician);
    const { attempt } = await mustTypeCode(server, terminal, code);
    for (let tries = 0; tries < 3; tries += 1) await prove(server, terminal, attempt, 'pin', otherPin);
    assert.equal((await pageOf(clinician)).substitutes[0]?.endReason, 'guessed-at');
  });
});

describe('the card that was forgotten', () => {
  it('locks who is logged in by it, and is active again once it is used with the right PIN: the substitute ends', async () => {
    const clinician = await makeClinician(server);
    const before = await logIn(server, terminal, clinician);
    const { code } = await mustIssue(server, desk, clinician);
    assert.equal((await eventsWhere(server, 'session', before.session)).at(-1)?.kind, 'session.ended');
    assert.equal((await pageOf(clinician)).cards[0]?.state, 'suspended');
    const ward = await server.enrol();
    const borrowed = (await openBy(ward, code)).body as Opened;
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, terminal, attempt, 'pin', otherPin)).code, 'PROOF_WRONG');
    assert.equal((await pageOf(clinician)).substitutes[0]?.endedAt, null, 'a wrong PIN ends nothing');
    assert.equal((await prove(server, terminal, attempt, 'pin', goodPin)).status, 200);
    const page = await pageOf(clinician);
    assert.deepEqual([page.cards[0]?.state, page.substitutes[0]?.endReason], ['active', 'returned']);
    assert.equal((await eventsWhere(server, 'session', borrowed.session)).at(-1)?.reason, 'substitute-ended');
    assert.equal(await reasonOf(failureOf(await typeCode(server, ward, code)).supportCode), 'substitute-returned');
    const kinds = (await eventsWhere(server, 'person', clinician.person.id)).map(({ kind }) => kind);
    for (const kind of ['card.returned', 'substitute.ended']) assert.ok(kinds.includes(kind), kind);
  });

  it('opens once and returns once, though 200 proofs of it come at once', async () => {
    const clinician = await makeClinician(server);
    await mustIssue(server, desk, clinician);
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    await server.applyPolicy({ tries: { soft: 20, hard: 100 } });
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => prove(server, terminal, attempt, 'pin', goodPin)),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    const returned = (await eventsWhere(server, 'person', clinician.person.id)).filter(
      ({ kind }) => kind === 'card.returned',
    );
    assert.equal(returned.length, 1);
  });
});

it('a card that is lost stays revoked, whatever comes with it, and every terminal is told', async () => {
  const clinician = await makeClinician(server);
  const { code } = await mustIssue(server, desk, clinician, { kind: 'code', cause: 'lost' });
  assert.equal((await pageOf(clinician)).cards[0]?.state, 'revoked');
  const refused = await begin(server, terminal, clinician.evidence);
  assert.equal(await reasonOf(failureOf(refused).supportCode), 'card-revoked');
  const orders = await server.database.query('select 1 from revocation where subject = $1', [clinician.card]);
  assert.equal(orders.length, 1);
  assert.equal((await openBy(terminal, code)).status, 200);
});

it('a lost card is revoked also where whoever found it guessed until it was disabled', async () => {
  const clinician = await makeClinician(server);
  await server.database.query(`update card set state = 'disabled' where id = $1`, [clinician.card]);
  await mustIssue(server, desk, clinician, { kind: 'code', cause: 'lost' });
  assert.equal((await pageOf(clinician)).cards[0]?.state, 'revoked');
  const refused = await begin(server, terminal, clinician.evidence);
  assert.equal(await reasonOf(failureOf(refused).supportCode), 'card-revoked');
  const orders = await server.database.query('select 1 from revocation where subject = $1', [clinician.card]);
  assert.equal(orders.length, 1);
});

describe('a loan card', () => {
  it('stands for the card of who has it, and opens nothing in the stock', async () => {
    const clinician = await makeClinician(server);
    const { card, evidence } = await makeLoanCard(server, desk);
    const stock = await begin(server, terminal, evidence);
    assert.equal(await reasonOf(failureOf(stock).supportCode), 'loan-card-in-stock');
    const { substitute, code } = await mustIssue(server, desk, clinician, { kind: 'loan-card', card });
    assert.equal(code, null);
    const begun = await mustBegin(server, terminal, evidence);
    assert.equal(begun.greeting.person, clinician.person.id);
    const opened = (await prove(server, terminal, begun.attempt, 'pin', goodPin)).body as Opened;
    const [first] = await eventsWhere(server, 'session', opened.session);
    assert.deepEqual(first?.factors, ['loan-card', 'pin']);
    const params = { substitute: substitute.id };
    const ended = await server.call(desk, 'substitutes/end', { params, body: { reason: '返却' } });
    assert.equal((ended.body as Answer<'substitutes/end'>).revocations.length, 1, 'the open session is revoked');
    assert.equal((await begin(server, terminal, evidence)).code, 'CARD_REFUSED');
    assert.equal(
      (await server.call(desk, 'substitutes/end', { params, body: { reason: '返却' } })).code,
      'SUBSTITUTE_UNKNOWN',
    );
  });

  it('is lent to one person at a time, also when two clerks lend it at once', async () => {
    const [hanako, taro] = [await makeClinician(server), await makeClinician(server)];
    const { card } = await makeLoanCard(server, desk);
    const body = { kind: 'loan-card', card };
    const answers = await Promise.all([issue(server, desk, hanako, body), issue(server, admin, taro, body)]);
    assert.deepEqual(answers.map((one) => one.code ?? 'given').sort(), ['LOAN_CARD_TAKEN', 'given']);
    const listed = (await server.call(desk, 'loan-cards/list')).body as Answer<'loan-cards/list'>;
    const one = listed.cards.find(({ id }) => id === card);
    assert.ok(one?.holder && [hanako.person.id, taro.person.id].includes(one.holder.id));
    assert.equal((await issue(server, desk, hanako, { kind: 'loan-card', card: hanako.card })).code, 'CARD_UNKNOWN');
  });

  it('ends with what it stands for when it is revoked', async () => {
    const clinician = await makeClinician(server);
    const { card, evidence } = await makeLoanCard(server, desk);
    await mustIssue(server, desk, clinician, { kind: 'loan-card', card });
    const { attempt } = await mustBegin(server, terminal, evidence);
    const body = { reason: '紛失' };
    assert.equal((await server.call(desk, 'cards/revoke', { params: { card }, body })).status, 200);
    assert.equal((await prove(server, terminal, attempt, 'pin', goodPin)).code, 'CARD_REFUSED');
    assert.equal((await pageOf(clinician)).substitutes[0]?.endReason, 'card-revoked');
    assert.equal((await issue(server, desk, clinician, { kind: 'loan-card', card })).code, 'LOAN_CARD_TAKEN');
  });

  it('lets nobody choose a first PIN by it', async () => {
    const clinician = await makeClinician(server, { pin: false, totp: false });
    const { card, evidence } = await makeLoanCard(server, desk);
    const params = { person: clinician.person.id };
    const first = await server.call(desk, 'people/issue-first-secret', { params, body: { identity: 'staff-card' } });
    assert.equal(first.status, 200);
    await mustIssue(server, desk, clinician, { kind: 'loan-card', card });
    assert.equal((await begin(server, terminal, evidence)).code, 'CARD_REFUSED');
  });
});
