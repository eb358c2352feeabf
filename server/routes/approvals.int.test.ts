import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import { policyOf } from '#core/policy/profiles.ts';
import { startTestServer, type TestConsole, type TestServer, type TestTerminal } from '../testing.ts';
import {
  type Clinician,
  eventsWhere,
  goodPin,
  logIn,
  makeClinician,
  mustBegin,
  otherPin,
  prove,
} from '../testing-login.ts';
import { openStream, type TestStream } from '../testing-stream.ts';

let server: TestServer;
let desk: TestConsole;
let second: TestConsole;
let admin: TestConsole;
let other: TestConsole;
let terminal: TestTerminal;
let stream: TestStream;

before(async () => {
  server = await startTestServer();
  [desk, second, admin, other] = await Promise.all([
    server.signIn(['helpdesk']),
    server.signIn(['helpdesk']),
    server.signIn(['admin']),
    server.signIn(['admin']),
  ]);
  terminal = await server.enrol('相談窓口');
  stream = await openStream(server, terminal, `/v1/terminals/stream?after=0&clock=${Date.now()}`);
  await stream.next(({ kind }) => kind === 'hello');
});
beforeEach(() => server.applyPolicy({}));
after(async () => {
  stream.close();
  await server.close();
});

const ask = (from: TestConsole, task: 'card' | 'pin', { person }: Clinician) =>
  server.call(from, 'ceremonies/begin', { body: { task, person: person.id, terminal: terminal.id } });
const approvalOf = ({ body }: { body: unknown }): string =>
  (body as { failure: { approval: string } }).failure.approval;
const decide = (from: TestConsole, approval: string, approve = true) =>
  server.call(from, 'approvals/decide', { params: { approval }, body: { approve, reason: '本人と電話で確認' } });
/** Somebody who uses their card and PIN already. */
const makeUser = async (): Promise<Clinician> => {
  const clinician = await makeClinician(server, { totp: false });
  const elsewhere = await server.enrol();
  const { session } = await logIn(server, elsewhere, clinician);
  const body = { reason: 'button', endedAt: server.now().toISOString() };
  await server.call(elsewhere, 'sessions/end', { params: { session }, body });
  return clinician;
};

describe('one clerk alone', () => {
  it('binds no card, PIN or authenticator anew to somebody who uses theirs, and the attempt is in the log', async () => {
    const clinician = await makeUser();
    for (const task of ['card', 'pin'] as const) {
      const refused = await ask(desk, task, clinician);
      assert.deepEqual([refused.status, refused.code], [409, 'APPROVAL_NEEDED']);
    }
    const params = { person: clinician.person.id };
    assert.equal((await server.call(desk, 'people/begin-totp', { params })).code, 'APPROVAL_NEEDED');
    const first = await server.call(desk, 'people/issue-first-secret', { params, body: { identity: 'staff-card' } });
    assert.equal(first.code, 'APPROVAL_NEEDED');
    const asked = (await eventsWhere(server, 'person', clinician.person.id)).filter(
      ({ kind }) => kind === 'approval.asked',
    );
    assert.deepEqual(
      asked.map(({ actor, detail }) => [actor, detail['about']]),
      ['card', 'pin', 'totp', 'first-secret'].map((about) => [desk.person, about]),
    );
    const rows = await server.database.query('select 1 from ceremony where person = $1', [clinician.person.id]);
    assert.equal(rows.length, 0);
  });

  it('cannot approve what they asked for, nor can the person whom it concerns, nor somebody without the right', async () => {
    const boss = await makeClinician(server, { roles: ['clinician', 'admin'] });
    await logIn(server, await server.enrol(), boss);
    const approval = approvalOf(await ask(admin, 'pin', boss));
    assert.equal((await decide(admin, approval)).code, 'PERSON_SELF');
    assert.equal((await decide(desk, approval)).code, 'CONSOLE_ROLE_MISSING');
    await server.database.query('update console_session set person = $2 where person = $1', [
      other.person,
      boss.person.id,
    ]);
    assert.equal((await decide(other, approval)).code, 'PERSON_SELF');
    await server.database.query('update console_session set person = $2 where person = $1', [
      boss.person.id,
      other.person,
    ]);
    const listed = await server.call(desk, 'approvals/list');
    const one = (listed.body as Answer<'approvals/list'>).approvals.find(({ id }) => id === approval);
    assert.deepEqual([one?.state, one?.mayDecide], ['waiting', false]);
  });

  it('goes on once a second person agreed, once, for exactly that; both names are in the log', async () => {
    const [clinician, colleague] = [await makeUser(), await makeUser()];
    const approval = approvalOf(await ask(desk, 'pin', clinician));
    assert.equal(approvalOf(await ask(desk, 'pin', clinician)), approval, 'asked twice is asked once');
    assert.equal((await decide(second, approval)).status, 200);
    assert.equal((await decide(admin, approval)).code, 'APPROVAL_ENDED');
    assert.equal((await ask(desk, 'card', clinician)).code, 'APPROVAL_NEEDED', 'another task');
    assert.equal((await ask(desk, 'pin', colleague)).code, 'APPROVAL_NEEDED', 'another person');
    assert.equal((await ask(second, 'pin', clinician)).code, 'APPROVAL_NEEDED', 'another clerk');
    const begun = await ask(desk, 'pin', clinician);
    assert.equal(begun.status, 200);
    const { ceremony } = begun.body as Answer<'ceremonies/begin'>;
    const event = (await eventsWhere(server, 'ceremony', ceremony.id)).find(({ kind }) => kind === 'ceremony.begun');
    assert.deepEqual([event?.actor, event?.detail['approvedBy']], [desk.person, second.person]);
    assert.equal((await ask(desk, 'pin', clinician)).code, 'APPROVAL_NEEDED', 'used up');
  });

  it('gives nobody the number of somebody who uses their factors: systems behind the terminal know people by that', async () => {
    const [victim, own] = [await makeUser(), await makeClinician(server)];
    const { number } = victim.person;
    const change = (person: Clinician, body: object, from = desk) =>
      server.call(from, 'people/change', { params: { person: person.person.id }, body });
    assert.equal((await change(own, { number })).code, 'PERSON_NUMBER_TAKEN');
    const asked = await change(victim, { number: `${number}-old` });
    assert.equal(asked.code, 'APPROVAL_NEEDED');
    assert.equal(
      (await change(victim, { number: `${number}-old` }, admin)).code,
      'APPROVAL_NEEDED',
      'an admin neither',
    );
    assert.equal(
      (await change(victim, { number: own.person.number })).code,
      'PERSON_NUMBER_TAKEN',
      'before it is asked',
    );
    assert.equal((await change(own, { number })).code, 'PERSON_NUMBER_TAKEN');
    const shown = await server.call(desk, 'people/show', { params: { person: victim.person.id } });
    assert.partialDeepStrictEqual(shown.body, { person: { number } });
    assert.equal((await change(victim, { name: '佐藤 花子' })).status, 200, 'a name is no number');

    assert.equal((await decide(second, approvalOf(asked))).status, 200);
    assert.equal((await change(victim, { number: `${number}-other` })).code, 'APPROVAL_NEEDED', 'another number');
    assert.equal((await change(victim, { number: `${number}-old` })).status, 200);
    const changed = (await eventsWhere(server, 'person', victim.person.id)).filter(
      ({ kind }) => kind === 'person.changed',
    );
    assert.partialDeepStrictEqual(changed.at(-1), {
      actor: desk.person,
      detail: { numberBefore: number, number: `${number}-old`, approvedBy: second.person },
    });
    assert.equal((await change(own, { number })).status, 200, 'who is still being enrolled gets one that is free');
  });

  it('uses one approval once, though 200 ask at once', async () => {
    const clinician = await makeUser();
    await decide(second, approvalOf(await ask(desk, 'pin', clinician)));
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(desk, 'pin', clinician)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  });

  it('is worth nothing once who gave it was suspended or lost the right, and may be asked for anew', async () => {
    for (const change of [`state = 'suspended'`, `roles = '{auditor}'`]) {
      const clinician = await makeUser();
      const lost = await server.signIn(['helpdesk']);
      const approval = approvalOf(await ask(desk, 'pin', clinician));
      assert.equal((await decide(lost, approval)).status, 200);
      await server.database.query(`update person set ${change} where id = $1`, [lost.person]);
      const asked = await ask(desk, 'pin', clinician);
      assert.equal(asked.code, 'APPROVAL_NEEDED');
      assert.notEqual(approvalOf(asked), approval);
      assert.equal((await decide(second, approvalOf(asked))).status, 200);
      assert.equal((await ask(desk, 'pin', clinician)).status, 200);
    }
  });

  it('is worth nothing once who gave it could not give it any more, be it for whom they or it concerns', async () => {
    const role = async (person: string, roles: string) =>
      server.database.query('update person set roles = $2 where id = $1', [person, roles]);
    // An admin agrees to a change of roles, and is a clerk of the helpdesk afterwards.
    await server.applyPolicy({ fourEyes: ['rebinding', 'roles'] });
    const [lost, clinician] = [await server.signIn(['admin']), await makeUser()];
    const promote = () => {
      const [params, body] = [{ person: clinician.person.id }, { roles: ['clinician', 'auditor'] }];
      return server.call(admin, 'people/change', { params, body });
    };
    assert.equal((await decide(lost, approvalOf(await promote()))).status, 200);
    await role(lost.person, '{helpdesk}');
    assert.equal((await promote()).code, 'APPROVAL_NEEDED');
    // A clerk agrees to a new PIN for a clinician, who holds power afterwards.
    const risen = await makeUser();
    assert.equal((await decide(second, approvalOf(await ask(admin, 'pin', risen)))).status, 200);
    await role(risen.person.id, '{clinician,admin}');
    const asked = await ask(admin, 'pin', risen);
    assert.equal(asked.code, 'APPROVAL_NEEDED');
    assert.equal((await decide(second, approvalOf(asked))).code, 'CONSOLE_ROLE_MISSING');
    assert.equal((await decide(other, approvalOf(asked))).status, 200);
    assert.equal((await ask(admin, 'pin', risen)).status, 200);
  });

  it('is stopped by a refusal, by taking it back, and by time', async () => {
    const clinician = await makeUser();
    const refused = approvalOf(await ask(desk, 'pin', clinician));
    assert.equal((await decide(second, refused, false)).status, 200);
    const withdrawn = approvalOf(await ask(desk, 'pin', clinician));
    assert.notEqual(withdrawn, refused);
    const withdraw = (from: TestConsole) =>
      server.call(from, 'approvals/withdraw', { params: { approval: withdrawn } });
    assert.equal((await withdraw(second)).code, 'APPROVAL_ENDED');
    assert.equal((await withdraw(desk)).status, 200);
    assert.equal((await decide(second, withdrawn)).code, 'APPROVAL_ENDED');
    const late = approvalOf(await ask(desk, 'pin', clinician));
    await decide(second, late);
    await server.database.query(`update approval set expires_at = $2 where id = $1`, [late, server.now()]);
    assert.equal((await ask(desk, 'pin', clinician)).code, 'APPROVAL_NEEDED');
    const kinds = (await eventsWhere(server, 'person', clinician.person.id)).map(({ kind }) => kind);
    assert.deepEqual(
      kinds.filter((kind) => kind.startsWith('approval')),
      [
        ...['approval.asked', 'approval.refused', 'approval.asked', 'approval.refused'],
        ...['approval.asked', 'approval.given', 'approval.asked'],
      ],
    );
  });
});

describe('an invitation to the console', () => {
  const invite = (from: TestConsole, person: string) => server.call(from, 'people/invite', { params: { person } });

  it('lets no admin alone take the console or the TOTP of somebody who has theirs', async () => {
    const clinician = await makeUser();
    for (const person of [other.person, second.person, clinician.person.id]) {
      assert.equal((await invite(admin, person)).code, 'APPROVAL_NEEDED');
    }
    const rows = await server.database.query('select 1 from invitation where created_by = $1', [admin.person]);
    assert.equal(rows.length, 0);
    const approval = approvalOf(await invite(admin, second.person));
    assert.equal((await decide(second, approval)).code, 'PERSON_SELF');
    assert.equal((await decide(other, approval)).status, 200);
    assert.equal((await invite(admin, second.person)).status, 200);
    const invited = (await eventsWhere(server, 'person', second.person)).find(({ reason }) => reason === 'invited');
    assert.deepEqual([invited?.actor, invited?.detail['approvedBy']], [admin.person, other.person]);
  });

  it('needs no second person for somebody who is still being enrolled', async () => {
    const { person } = await makeClinician(server);
    assert.equal((await invite(admin, person.id)).status, 200);
  });
});

describe('somebody whose last login is so long ago that its session is not kept', () => {
  it('is still somebody who uses their factors', async () => {
    const clinician = await makeUser();
    await server.database.query('delete from session where person = $1', [clinician.person.id]);
    assert.equal((await ask(desk, 'pin', clinician)).status, 200, 'else this test would show nothing');
    server.advance(24 * 3_600_000 + 1000);
    const params = { person: clinician.person.id };
    const late = await server.signIn(['helpdesk']);
    assert.equal((await server.call(late, 'people/begin-totp', { params })).code, 'APPROVAL_NEEDED');
    const first = await server.call(late, 'people/issue-first-secret', { params, body: { identity: 'staff-card' } });
    assert.equal(first.code, 'APPROVAL_NEEDED');
    server.advance(-24 * 3_600_000 - 1000);
  });
});

/** The process that holds the terminal's stream has said so just now, by a clock that was put forward. */
const stayOnline = () => server.database.query('update server_process set seen_at = $1', [server.now()]);

describe('the owner in person', () => {
  it('needs none at their own console just after signing in; who finds it open later gets nothing by it', async () => {
    const boss = await server.signIn(['admin']);
    const params = { person: boss.person };
    const begin = () => server.call(boss, 'people/begin-totp', { params });
    assert.equal((await begin()).status, 200);
    server.advance(15 * 60_000 + 1000);
    try {
      await stayOnline();
      assert.equal((await begin()).code, 'APPROVAL_NEEDED');
      const body = { task: 'card', person: boss.person, terminal: terminal.id };
      assert.equal((await server.call(boss, 'ceremonies/begin', { body })).code, 'APPROVAL_NEEDED');
      await server.database.query('update console_session set passkey_used_at = $2 where person = $1', [
        boss.person,
        server.now(),
      ]);
      assert.equal((await begin()).status, 200, 'a passkey that was used a moment ago');
    } finally {
      server.advance(-15 * 60_000 - 1000);
    }
  });

  it('needs no second person at the terminal where they have just logged in with two factors', async () => {
    const clinician = await makeUser();
    await logIn(server, terminal, clinician);
    assert.equal((await ask(desk, 'card', clinician)).status, 200);
    server.advance(16 * 60_000);
    await stayOnline();
    assert.equal((await ask(desk, 'card', clinician)).code, 'APPROVAL_NEEDED', 'too long ago');
    server.advance(-16 * 60_000);
  });

  it('needs none for the first card and PIN, unless policy says so', async () => {
    const fresh = await makeClinician(server, { pin: false, totp: false });
    assert.equal((await ask(desk, 'pin', fresh)).status, 200);
    await server.applyPolicy({ fourEyes: ['first-binding'] });
    const another = await makeClinician(server, { pin: false, totp: false });
    assert.equal((await ask(desk, 'pin', another)).code, 'APPROVAL_NEEDED');
    await server.applyPolicy({ fourEyes: [] });
    assert.equal((await ask(desk, 'pin', await makeUser())).status, 200);
  });
});

describe('a first secret', () => {
  it('takes the place of a forgotten PIN, which is dead from then on', async () => {
    const clinician = await makeUser();
    const params = { person: clinician.person.id };
    const issue = () =>
      server.call(desk, 'people/issue-first-secret', { params, body: { identity: 'photo-identification' } });
    await decide(second, approvalOf(await issue()));
    const { secret } = (await issue()).body as Answer<'people/issue-first-secret'>;
    assert.match(secret, /^\d{10}$/);
    const begun = await mustBegin(server, terminal, clinician.evidence);
    assert.deepEqual(begun.factors, ['initial']);
    assert.equal((await prove(server, terminal, begun.attempt, 'pin', goodPin)).code, 'PROOF_WRONG');
    const proved = (await prove(server, terminal, begun.attempt, 'initial', secret)).body as Answer<'attempts/prove'>;
    assert.ok(proved.kind === 'choose-pin');
    const given = { params: { ceremony: proved.order.ceremony }, body: { pin: otherPin } };
    assert.equal((await server.call(terminal, 'ceremonies/give-pin', given)).status, 200);
    const again = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, terminal, again.attempt, 'pin', otherPin)).status, 200);
    const issued = (await eventsWhere(server, 'person', clinician.person.id)).find(
      ({ kind }) => kind === 'first-secret.issued',
    );
    assert.equal(issued?.detail['identity'], 'photo-identification');
    assert.ok(!server.logged().includes(secret));
    const everything = await server.database.query<{ all: string }>('select event::text as all from event');
    assert.ok(everything.every((row) => !row.all.includes(secret)));
  });
});

describe('a new policy', () => {
  it('takes a second admin where policy says so, who approves exactly that draft', async () => {
    await server.applyPolicy({ fourEyes: ['policy'] });
    const { number } = (await server.call(admin, 'policies/active')).body as Answer<'policies/active'>;
    const draft = (idleSeconds: number) => policyOf('jp-mhlw-6.0', { session: { idleSeconds }, fourEyes: ['policy'] });
    const apply = (idleSeconds: number) =>
      server.call(admin, 'policies/apply', { body: { policy: draft(idleSeconds), base: number, note: 'test' } });
    const approval = approvalOf(await apply(300));
    assert.equal((await decide(other, approval)).status, 200);
    assert.equal((await apply(1_200)).code, 'APPROVAL_NEEDED');
    assert.equal((await apply(300)).status, 200);
  });

  it('lets nobody alone do alone what takes two: an act is taken from that list by two', async () => {
    const { number, policy } = (await server.call(admin, 'policies/active')).body as Answer<'policies/active'>;
    assert.ok(policy.fourEyes.includes('rebinding') && !policy.fourEyes.includes('policy'));
    const apply = (fourEyes: readonly string[], base: number) =>
      server.call(admin, 'policies/apply', { body: { policy: { ...policy, fourEyes }, base, note: 'test' } });
    const fewer = policy.fourEyes.filter((act) => act !== 'rebinding');
    const asked = await apply(fewer, number);
    assert.equal(asked.code, 'APPROVAL_NEEDED');
    assert.equal(
      (await apply([...fewer, 'roles', 'first-binding'], number)).code,
      'APPROVAL_NEEDED',
      'one for another',
    );
    assert.equal((await apply([...policy.fourEyes, 'roles'], number)).status, 200, 'more takes one alone');
    assert.equal((await decide(other, approvalOf(asked))).status, 200);
    assert.equal((await apply(fewer, number)).code, 'POLICY_STALE', 'that was agreed to for the version before');
    const again = await apply(fewer, number + 1);
    assert.equal((await decide(second, approvalOf(again))).code, 'CONSOLE_ROLE_MISSING');
    assert.equal((await decide(other, approvalOf(again))).status, 200);
    assert.equal((await apply(fewer, number + 1)).status, 200);
  });

  it('tells who has to agree what it changes, and not only what its author says of it', async () => {
    await server.applyPolicy({ fourEyes: ['policy'] });
    const { number } = (await server.call(admin, 'policies/active')).body as Answer<'policies/active'>;
    const policy = policyOf('jp-mhlw-6.0', { fourEyes: [], tries: { soft: 9 } });
    const apply = (note: string) => server.call(admin, 'policies/apply', { body: { policy, base: number, note } });
    const approval = approvalOf(await apply('誤字の訂正'));
    const listed = await server.call(other, 'approvals/list');
    const one = (listed.body as Answer<'approvals/list'>).approvals.find(({ id }) => id === approval);
    assert.equal(one?.about, '誤字の訂正 · tries.soft: 5 → 9 · fourEyes: ["policy"] → []');
    assert.deepEqual(one?.changes, [
      { path: 'tries.soft', before: 5, after: 9 },
      { path: 'fourEyes', before: ['policy'], after: [] },
    ]);
    await decide(other, approval);
    assert.equal((await apply('another note')).code, 'APPROVAL_NEEDED');
    assert.equal((await apply('誤字の訂正')).status, 200);
  });
});
