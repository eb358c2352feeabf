import assert from 'node:assert/strict';
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import type { Opened } from '#contract/api/logins.ts';
import { startTestServer, type TestConsole, type TestServer, type TestTerminal } from '../testing.ts';
import {
  type BegunEmergency,
  beginEmergency,
  enrolMany,
  makeCodes,
  mustBeginEmergency,
  mustIssue,
  mustName,
  mustTypeCode,
  openEmergency,
} from '../testing-cardless.ts';
import {
  begin,
  type Clinician,
  eventsWhere,
  failureOf,
  goodPin,
  keepTicket,
  logIn,
  makeClinician,
  otherPin,
  prove,
  ticketOf,
} from '../testing-login.ts';

let server: TestServer;
let admins: readonly [TestConsole, TestConsole];
let auditor: TestConsole;
let terminal: TestTerminal;

before(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  await server.applyPolicy({});
  admins = [await server.signIn(['admin']), await server.signIn(['admin'])];
  auditor = await server.signIn(['auditor']);
  terminal = await server.enrol();
});
after(() => server.close());

const createKey = (): string => randomBytes(16).toString('base64url');
/** Somebody with a staff number of digits, as a keypad types it. */
const makeNumbered = async (
  given: Parameters<typeof makeClinician>[1] = {},
): Promise<Clinician & { typed: string }> => {
  const clinician = await makeClinician(server, given);
  const typed = String(randomInt(10_000_000, 99_999_999));
  await server.database.query('update person set number = $2 where id = $1', [clinician.person.id, `N-${typed}`]);
  return { ...clinician, typed };
};
const makeCode = async (group = ''): Promise<string> => {
  const [made] = (await makeCodes(server, admins, { group })).codes;
  return made?.code ?? '';
};
const reasonOf = async (supportCode: string | undefined): Promise<string | null | undefined> =>
  (await eventsWhere(server, 'support_code', supportCode ?? '')).find(({ kind }) => kind.endsWith('refused'))?.reason;
const reviews = async (): Promise<Answer<'reviews/list'>> =>
  (await server.call(auditor, 'reviews/list')).body as Answer<'reviews/list'>;
const vouchBy = async (witness: Clinician, at = terminal) => {
  const body = { lock: randomUUID(), card: witness.evidence, purpose: 'witness' };
  const answered = await server.call(at, 'attempts/begin', { body });
  keepTicket(answered);
  return answered;
};
const mustVouch = async (witness: Clinician): Promise<BegunEmergency> => {
  const { attempt } = (await vouchBy(witness)).body as Answer<'attempts/begin'>;
  const proved = (await prove(server, terminal, attempt, 'pin', goodPin)).body as Answer<'attempts/prove'>;
  assert.equal(proved.kind, 'witnessed');
  if (proved.kind !== 'witnessed') throw new Error('not witnessed');
  return proved;
};

describe('a sealed code', () => {
  it('takes two admins to make, is long, numbered and shown once', async () => {
    const body = { group: '', count: 3, note: '3階東' };
    const asked = await server.call(admins[0], 'emergency-codes/make', { body });
    assert.equal(asked.code, 'APPROVAL_NEEDED');
    const { batch, codes } = await makeCodes(server, admins, { count: 3 });
    for (const { code } of codes) assert.match(code, /^(\d{4}-){4}\d{4}$/);
    assert.deepEqual(
      codes.map(({ serial }) => serial),
      batch.codes.map(({ serial }) => serial),
    );
    assert.equal(new Set(codes.map(({ code }) => code)).size, 3);
    const [row] = await server.database.query<{ all: string }>(
      `select query_to_xml('select * from event', true, true, '')::text
           || query_to_xml('select * from emergency_code', true, true, '')::text as all`,
    );
    for (const { code } of codes) assert.ok(!`${row?.all}${server.logged()}`.includes(code.replaceAll('-', '')));
    const listed = (await server.call(auditor, 'emergency-codes/list')).body as Answer<'emergency-codes/list'>;
    assert.ok(listed.batches.some(({ id, approvedBy }) => id === batch.id && approvedBy !== null));
  });

  it('opens for who is named with a reason, brings an alarm and a review, and is dead then', async () => {
    const taro = await makeNumbered({ roles: ['clinician', 'admin'] });
    const code = await makeCode();
    const named = await mustName(server, terminal, await mustBeginEmergency(server, terminal, code), taro.typed);
    const opened = await openEmergency(server, terminal, named);
    assert.equal(opened.status, 200);
    const { session, token, endsAt } = opened.body as Opened;
    assert.ok(Date.parse(endsAt) <= server.now().getTime() + 3_600_000, 'an hour at most');
    const kinds = (await eventsWhere(server, 'attempt', named.attempt)).map(
      ({ kind, outcome }) => `${kind} ${outcome}`,
    );
    assert.deepEqual(kinds, ['emergency.begun serious', 'emergency.opened major', 'session.began success']);
    const asked = await server.call(terminal, 'sessions/open-console', { params: { session }, body: { token } });
    assert.equal(asked.code, 'CONSOLE_ROLE_MISSING', 'no more rights than a clinician has');
    const again = await beginEmergency(server, terminal, code);
    assert.equal(await reasonOf(failureOf(again).supportCode), 'code-used');
    const review = (await reviews()).reviews.find((one) => one.session === session);
    assert.deepEqual(
      [review?.means, review?.reason, review?.person.id, review?.signedOff],
      ['code', 'patient-urgent', taro.person.id, null],
    );
  });

  it('is not used up by who turns back before anything is open', async () => {
    const code = await makeCode();
    await mustBeginEmergency(server, terminal, code);
    await mustBeginEmergency(server, terminal, code);
  });

  it('opens once, though 200 come at once at fifty terminals', async () => {
    const taro = await makeNumbered();
    const code = await makeCode();
    const terminals = await enrolMany(server, 50);
    const begun: BegunEmergency[] = [];
    for (const at of terminals) {
      begun.push(await mustName(server, at, await mustBeginEmergency(server, at, code), taro.typed));
    }
    const answers = await Promise.all(
      [1, 2, 3, 4].flatMap(() =>
        begun.map((one, place) => openEmergency(server, terminals[place] as TestTerminal, one)),
      ),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    const others = new Set(answers.map((one) => one.code).filter((one) => one !== undefined));
    others.delete('SERVER_BUSY');
    assert.ok(others.delete('CODE_REFUSED'));
    // Where it opened, the same emergency has come to its end.
    assert.deepEqual(
      [...others].filter((code) => code !== 'ATTEMPT_ENDED'),
      [],
    );
    const uses = await server.database.query('select 1 from emergency_use where person = $1', [taro.person.id]);
    assert.equal(uses.length, 1);
  });

  it('is refused alike whether unknown, used, void, of another group or off, and not sooner', async () => {
    const taro = await makeNumbered();
    const used = await makeCode();
    await openEmergency(
      server,
      terminal,
      await mustName(server, terminal, await mustBeginEmergency(server, terminal, used), taro.typed),
    );
    const { batch, codes } = await makeCodes(server, admins);
    const body = { reason: '封筒の紛失' };
    const voided = await server.call(admins[0], 'emergency-codes/void', { params: { batch: batch.id }, body });
    assert.deepEqual(voided.body, { voided: 1 });
    const cases: [string, string][] = [
      ['unknown-code', '12345678901234567890'],
      ['unknown-code', 'x'],
      ['code-used', used],
      ['code-voided', codes[0]?.code ?? ''],
      ['other-group', await makeCode('救急')],
    ];
    const good = await makeCode();
    const shapes = new Set<string>();
    const check = async (reason: string, code: string) => {
      const since = performance.now();
      const answered = await beginEmergency(server, await server.enrol(), code);
      assert.ok(performance.now() - since >= 395);
      const { supportCode = '' } = failureOf(answered);
      assert.equal(await reasonOf(supportCode), reason);
      shapes.add(`${answered.status} ${JSON.stringify(answered.body).replace(supportCode, '')}`);
    };
    for (const [reason, code] of cases) await check(reason, code);
    await server.applyPolicy({ emergency: { codes: false } });
    await check('emergency-off', good);
    assert.equal(shapes.size, 1);
  });

  it('is counted before it is looked at: of 200 guesses at once at a terminal three are', async () => {
    const code = await makeCode();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, place) => beginEmergency(server, terminal, String(10n ** 19n + BigInt(place)))),
    );
    assert.equal(answers.filter((one) => one.code === 'CODE_REFUSED').length, 3);
    assert.equal((await beginEmergency(server, terminal, code)).code, 'SERVER_BUSY');
    server.advance(61_000);
    await mustBeginEmergency(server, terminal, code);
  });

  it('opens once though its answer was lost: the same request is answered with the same session, for half a minute', async () => {
    const [taro, jiro] = [await makeNumbered(), await makeNumbered()];
    const begun = await mustBeginEmergency(server, terminal, await makeCode());
    const named = await mustName(server, terminal, begun, taro.typed);
    const [key, another] = [createKey(), createKey()];
    const twice = await Promise.all([1, 2].map(() => openEmergency(server, terminal, named, key)));
    const thrice = [...twice, await openEmergency(server, terminal, named, key)];
    const opened = thrice.map(({ body }) => body as Opened);
    assert.deepEqual(new Set(opened.map(({ session, token }) => `${session} ${token}`)).size, 1);
    assert.ok(opened[0]?.session);
    const kinds = (await eventsWhere(server, 'session', opened[0].session)).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['emergency.opened', 'session.began']);
    assert.equal((await openEmergency(server, terminal, named, another)).code, 'CODE_REFUSED');
    const other = await mustName(server, terminal, begun, jiro.typed);
    assert.equal((await openEmergency(server, terminal, other, key)).code, 'CODE_REFUSED', 'for somebody else');
    server.advance(31_000);
    assert.equal((await openEmergency(server, terminal, named, key)).code, 'ATTEMPT_ENDED');
  });

  it('does not open again what has ended', async () => {
    const taro = await makeNumbered();
    const begun = await mustBeginEmergency(server, terminal, await makeCode());
    const named = await mustName(server, terminal, begun, taro.typed);
    const key = createKey();
    const { session } = (await openEmergency(server, terminal, named, key)).body as Opened;
    const ended = { reason: 'button', endedAt: server.now().toISOString() };
    await server.call(terminal, 'sessions/end', { params: { session }, body: ended });
    assert.equal((await openEmergency(server, terminal, named, key)).code, 'ATTEMPT_ENDED');
  });

  it('opens for nobody who is unknown, suspended or no clinician, and does not serve to find out who works here', async () => {
    const clerk = await makeNumbered({ roles: ['helpdesk'] });
    const gone = await makeNumbered();
    await server.database.query(`update person set state = 'suspended' where id = $1`, [gone.person.id]);
    const { attempt, ticket } = await mustBeginEmergency(server, terminal, await makeCode());
    const name = (number: string) =>
      server.call(terminal, 'emergencies/name', { params: { attempt }, body: { ticket, number } });
    for (const number of [clerk.typed, gone.typed, '1', '№']) {
      const refused = await name(number);
      assert.deepEqual([refused.status, refused.code], [404, 'COLLEAGUE_UNKNOWN']);
    }
    for (let tries = 0; tries < 4; tries += 1) await name('1');
    assert.equal((await name('1')).code, 'SERVER_BUSY');
  });

  it('opens nothing without a name, at another terminal, too late, or by a ticket that was changed', async () => {
    const taro = await makeNumbered();
    const begun = await mustBeginEmergency(server, terminal, await makeCode());
    assert.equal((await openEmergency(server, terminal, begun)).code, 'CODE_REFUSED');
    const named = await mustName(server, terminal, begun, taro.typed);
    assert.equal((await openEmergency(server, await server.enrol(), named)).code, 'TERMINAL_OTHER');
    const [text, mark] = named.ticket.split('~');
    const forged = { ...named, ticket: `${text?.slice(0, -4)}AAAA~${mark}` };
    assert.equal((await openEmergency(server, terminal, forged)).code, 'ATTEMPT_ENDED');
    assert.equal((await openEmergency(server, terminal, { ...named, attempt: randomUUID() })).code, 'ATTEMPT_ENDED');
    server.advance(3 * 60_000);
    assert.equal((await openEmergency(server, terminal, named)).code, 'ATTEMPT_ENDED');
    assert.deepEqual(await server.database.query('select 1 from session where person = $1', [taro.person.id]), []);
  });
});

describe('a colleague’s word', () => {
  it('opens for who is named after the colleague’s own two factors, and names both in the log', async () => {
    const [hanako, taro] = [await makeClinician(server), await makeNumbered()];
    const named = await mustName(server, terminal, await mustVouch(hanako), taro.typed);
    const opened = (await openEmergency(server, terminal, named)).body as Opened;
    const [first] = await eventsWhere(server, 'session', opened.session);
    assert.deepEqual(
      [first?.kind, first?.person, first?.actor, first?.factors],
      ['emergency.opened', taro.person.id, hanako.person.id, ['witness']],
    );
    const own = await server.database.query('select 1 from session where person = $1', [hanako.person.id]);
    assert.deepEqual(own, [], 'nothing opens for who vouches');
    const review = (await reviews()).reviews.find(({ session }) => session === opened.session);
    assert.deepEqual([review?.means, review?.witness?.id], ['witness', hanako.person.id]);
    assert.equal((await openEmergency(server, terminal, named)).code, 'ATTEMPT_ENDED', 'once');
  });

  it('needs the second factor: a card alone, a wrong PIN, grace or an answer about another session opens nothing', async () => {
    const hanako = await makeClinician(server);
    const { attempt } = (await vouchBy(hanako)).body as Answer<'attempts/begin'>;
    assert.equal((await prove(server, terminal, attempt, 'pin', otherPin)).code, 'PROOF_WRONG');
    const params = { attempt };
    const ticket = ticketOf(attempt);
    const grace = await server.call(terminal, 'attempts/prove', { params, body: { ticket, factor: 'grace' } });
    assert.notEqual(grace.status, 200);
    const settled = await server.call(terminal, 'attempts/settle', { params, body: { ticket, choice: 'keep-both' } });
    assert.equal(settled.code, 'ATTEMPT_ENDED');
    const direct = await openEmergency(server, terminal, { attempt, ticket });
    assert.equal(direct.code, 'ATTEMPT_ENDED', 'the ticket of a card is none of an emergency');
  });

  it('takes every factor that policy wants of the colleague', async () => {
    await server.applyPolicy({ factors: [{ name: 'both', demand: { kind: 'all', factors: ['pin', 'totp'] } }] });
    const hanako = await makeClinician(server);
    const { attempt } = (await vouchBy(hanako)).body as Answer<'attempts/begin'>;
    const first = (await prove(server, terminal, attempt, 'pin', goodPin)).body as Answer<'attempts/prove'>;
    assert.deepEqual(first, { kind: 'more', factors: ['totp'] });
    const second = (await prove(server, terminal, attempt, 'totp', hanako.code())).body as Answer<'attempts/prove'>;
    assert.equal(second.kind, 'witnessed');
  });

  it('is nobody’s for themself, nor by a forgotten or lent card, nor by somebody who is no clinician, nor when it is off', async () => {
    const hanako = await makeNumbered();
    const vouched = await mustVouch(hanako);
    const { attempt, ticket } = vouched;
    const self = await server.call(terminal, 'emergencies/name', {
      params: { attempt },
      body: { ticket, number: hanako.typed },
    });
    assert.equal(self.code, 'COLLEAGUE_UNKNOWN');
    const clerk = await makeClinician(server, { roles: ['helpdesk'] });
    const refused = await vouchBy(clerk);
    assert.equal(await reasonOf(failureOf(refused).supportCode), 'witness-not-a-clinician');
    await mustIssue(server, admins[0], hanako);
    assert.equal(await reasonOf(failureOf(await vouchBy(hanako)).supportCode), 'witness-without-own-card');
    await server.applyPolicy({ emergency: { witness: false } });
    const other = await makeClinician(server);
    assert.equal(await reasonOf(failureOf(await vouchBy(other)).supportCode), 'witness-off');
  });

  it('ends with the colleague: suspended before the last step, nothing opens', async () => {
    const [hanako, taro] = [await makeClinician(server), await makeNumbered()];
    const named = await mustName(server, terminal, await mustVouch(hanako), taro.typed);
    await server.database.query(`update person set state = 'suspended' where id = $1`, [hanako.person.id]);
    assert.equal((await openEmergency(server, terminal, named)).code, 'CODE_REFUSED');
  });

  it('ends with the card that they proved themself with', async () => {
    const [hanako, taro] = [await makeClinician(server), await makeNumbered()];
    const named = await mustName(server, terminal, await mustVouch(hanako), taro.typed);
    const desk = await server.signIn(['helpdesk']);
    await server.call(desk, 'cards/revoke', { params: { card: hanako.card }, body: { reason: 'lost' } });
    assert.equal((await openEmergency(server, terminal, named)).code, 'CODE_REFUSED');
    const refused = (await eventsWhere(server, 'actor', hanako.person.id)).at(-1);
    assert.deepEqual([refused?.kind, refused?.reason], ['emergency.refused', 'witness-card']);
  });

  it('ends with the factor that they proved themself with, and with no other', async () => {
    const [hanako, taro] = [await makeClinician(server), await makeNumbered()];
    const named = await mustName(server, terminal, await mustVouch(hanako), taro.typed);
    const take = (kind: string) =>
      server.call(admins[0], 'people/revoke-factor', {
        params: { person: hanako.person.id, kind },
        body: { reason: 'seen by somebody' },
      });
    assert.equal((await take('pin')).status, 200);
    assert.equal((await openEmergency(server, terminal, named)).code, 'CODE_REFUSED');
    const refused = (await eventsWhere(server, 'actor', hanako.person.id)).at(-1);
    assert.deepEqual([refused?.kind, refused?.reason], ['emergency.refused', 'witness-factor']);

    const jiro = await makeClinician(server);
    const other = await mustName(server, terminal, await mustVouch(jiro), taro.typed);
    const params = { person: jiro.person.id, kind: 'totp' };
    await server.call(admins[0], 'people/revoke-factor', { params, body: { reason: 'lost' } });
    assert.equal((await openEmergency(server, terminal, other)).status, 200);
  });
});

describe('the review of an emergency', () => {
  it('waits until somebody who had no part in it signs it off, once, with findings', async () => {
    const taro = await makeNumbered({ roles: ['clinician', 'admin'] });
    const code = await makeCode();
    const named = await mustName(server, terminal, await mustBeginEmergency(server, terminal, code), taro.typed);
    const { session } = (await openEmergency(server, terminal, named)).body as Opened;
    const { waiting, reviews: listed } = await reviews();
    const review = listed.find((one) => one.session === session)?.id ?? '';
    const sign = (from: TestConsole) =>
      server.call(from, 'reviews/sign-off', {
        params: { review },
        body: { verdict: 'in-order', findings: '救急対応の記録と一致' },
      });
    const swap = (from: string, to: string) =>
      server.database.query('update console_session set person = $2 where person = $1', [from, to]);
    await swap(admins[1].person, taro.person.id);
    assert.equal((await sign(admins[1])).code, 'PERSON_SELF');
    await swap(taro.person.id, admins[1].person);
    const answers = await Promise.all([sign(auditor), sign(admins[0])]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
    assert.equal((await reviews()).waiting, waiting - 1);
    const signed = (await reviews()).reviews.find(({ id }) => id === review)?.signedOff;
    assert.deepEqual([signed?.verdict, signed?.findings], ['in-order', '救急対応の記録と一致']);
    assert.equal((await sign(await server.signIn(['helpdesk']))).code, 'CONSOLE_ROLE_MISSING');
  });
});

it('a login by card goes on at a terminal whose codes are paused', async () => {
  const clinician = await makeClinician(server);
  for (let tries = 0; tries < 4; tries += 1) await beginEmergency(server, terminal, '1');
  assert.equal((await begin(server, terminal, clinician.evidence)).status, 200);
  await logIn(server, terminal, clinician);
  const { code } = await mustIssue(server, admins[0], clinician);
  await mustTypeCode(server, terminal, code);
});
