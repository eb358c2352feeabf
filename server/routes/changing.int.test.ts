import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import { startTestServer, type TestConsole, type TestServer } from '../testing.ts';
import { begin, eventsWhere, logIn, makeClinician } from '../testing-login.ts';
import { openStream } from '../testing-stream.ts';

let server: TestServer;
let admin: TestConsole;
let desk: TestConsole;
before(async () => {
  server = await startTestServer();
  admin = await server.signIn(['admin']);
  desk = await server.signIn(['helpdesk']);
});
after(() => server.close());

const change = (by: TestConsole, person: string, body: object) =>
  server.call(by, 'people/change', { params: { person }, body });
const changesOf = async (person: string) =>
  (await eventsWhere(server, 'person', person)).filter(({ kind }) => kind === 'person.changed');

describe('changing a person', () => {
  it('writes what is new beside what was, and nothing when nothing differs', async () => {
    const { person } = await makeClinician(server);
    const number = `n-${randomUUID().slice(0, 8)}`;
    const changed = await change(desk, person.id, { number, name: '佐藤 花子', kana: 'ｻﾄｳ ﾊﾅｺ' });
    assert.partialDeepStrictEqual(changed.body, { person: { number, name: '佐藤 花子', kana: 'サトウ ハナコ' } });
    const shown = await server.call(desk, 'people/show', { params: { person: person.id } });
    assert.partialDeepStrictEqual(shown.body, { person: { number, name: '佐藤 花子', roles: ['clinician'] } });
    const found = await server.call(desk, 'people/list', { query: { search: 'さとう' } });
    assert.equal((found.body as Answer<'people/list'>).people.at(0)?.id, person.id);
    const [event] = await changesOf(person.id);
    assert.deepEqual([event?.reason, event?.actor], ['details', desk.person]);
    assert.deepEqual(event?.detail, {
      numberBefore: person.number,
      number,
      nameBefore: '山田 花子',
      name: '佐藤 花子',
      kanaBefore: 'ヤマダ ハナコ',
      kana: 'サトウ ハナコ',
    });
    await change(desk, person.id, { name: '佐藤 花子' });
    assert.equal((await changesOf(person.id)).length, 1);
  });

  it('refuses a number that is taken, in any case and width, and keeps the rest as it was', async () => {
    const [one, other] = [await makeClinician(server), await makeClinician(server)];
    const number = one.person.number.toLowerCase();
    assert.equal((await change(desk, other.person.id, { number, name: 'x' })).code, 'PERSON_NUMBER_TAKEN');
    const shown = await server.call(desk, 'people/show', { params: { person: other.person.id } });
    assert.partialDeepStrictEqual(shown.body, { person: { name: '山田 花子' } });
    const own = await change(desk, one.person.id, { number });
    assert.equal(own.status, 200);
  });

  it('leaves roles, and whoever has power, to an admin', async () => {
    const { person } = await makeClinician(server);
    for (const roles of [['clinician', 'helpdesk'], ['admin'], [], ['clinician']]) {
      assert.equal((await change(desk, person.id, { roles })).code, 'CONSOLE_ROLE_MISSING', roles.join());
    }
    assert.equal((await change(desk, admin.person, { name: 'x' })).code, 'CONSOLE_ROLE_MISSING');
    assert.equal((await change(admin, person.id, { roles: ['clinician', 'auditor'] })).status, 200);
    assert.equal((await change(desk, person.id, { name: 'x' })).code, 'CONSOLE_ROLE_MISSING');
    const [event] = await changesOf(person.id);
    assert.deepEqual(
      [event?.reason, event?.detail],
      ['roles', { rolesBefore: 'clinician', roles: 'clinician auditor' }],
    );
    const refused = (await eventsWhere(server, 'actor', desk.person)).find(({ kind }) => kind === 'request.refused');
    assert.deepEqual([refused?.reason, refused?.outcome], ['role-missing', 'serious']);
  });

  it('never gives anybody rights of their own', async () => {
    for (const roles of [['admin', 'auditor'], ['admin'], ['clinician']]) {
      assert.equal((await change(admin, admin.person, { roles })).code, 'PERSON_SELF');
    }
    assert.equal((await change(desk, desk.person, { roles: ['admin'] })).code, 'PERSON_SELF');
    assert.equal((await change(admin, admin.person, { name: 'An admin' })).status, 200);
    assert.equal((await change(admin, randomUUID(), { name: 'x' })).code, 'PERSON_UNKNOWN');
  });

  it('takes rights away from open sessions at once', async () => {
    const terminal = await server.enrol();
    const auditor = await makeClinician(server, { roles: ['clinician', 'auditor'] });
    const browser = await server.signIn(['auditor', 'helpdesk']);
    const stream = await openStream(server, browser, '/v1/console/stream');
    assert.equal((await server.call(browser, 'events/list')).status, 200);
    await change(admin, browser.person, { roles: ['helpdesk'] });
    assert.equal((await server.call(browser, 'events/list')).status, 200, 'helpdesk may read the log too');
    await change(admin, browser.person, { roles: ['operator'] });
    assert.equal((await server.call(browser, 'events/list')).code, 'CONSOLE_ROLE_MISSING');
    assert.equal((await server.call(browser, 'terminals/list')).status, 200);
    await change(admin, browser.person, { roles: ['clinician'] });
    assert.equal((await server.call(browser, 'terminals/list')).code, 'CONSOLE_SIGNED_OUT');
    await stream.ended;

    const { session, token } = await logIn(server, terminal, auditor);
    const openConsole = () => server.call(terminal, 'sessions/open-console', { params: { session }, body: { token } });
    const { ticket } = (await openConsole()).body as Answer<'sessions/open-console'>;
    await change(admin, auditor.person.id, { roles: ['clinician'] });
    assert.equal((await openConsole()).code, 'CONSOLE_ROLE_MISSING');
    const entered = await server.call(server.anyone, 'console/enter', { body: { ticket } });
    assert.equal(entered.code, 'CONSOLE_SIGN_IN_REFUSED');
  });
});

describe('the last admin', () => {
  it('stays one, though two take each other’s role or access at once', async () => {
    for (const act of [
      (by: TestConsole, of: TestConsole) => change(by, of.person, { roles: ['clinician'] }),
      (by: TestConsole, of: TestConsole) =>
        server.call(by, 'people/suspend', { params: { person: of.person }, body: { reason: 'x' } }),
    ]) {
      const [one, other] = [await server.signIn(['admin']), await server.signIn(['admin'])];
      await server.database.query(
        `update person set state = 'suspended' where 'admin' = any(roles) and id <> all($1)`,
        [[one.person, other.person]],
      );
      const codes = (await Promise.all([act(one, other), act(other, one)])).map(({ code }) => code ?? 'done');
      assert.equal(codes.filter((code) => code === 'done').length, 1, codes.join());
      const left = await server.database.query(`select 1 from person where 'admin' = any(roles) and state = 'active'`);
      assert.equal(left.length, 1);
    }
    await server.database.query(`update person set state = 'active' where id = $1`, [admin.person]);
  });
});

describe('a suspension', () => {
  it('ends an enrolment step that waits, and is taken back by an admin alone', async () => {
    const terminal = await server.enrol();
    const stream = await openStream(server, terminal, '/v1/terminals/stream?after=0&clock=0');
    await stream.next<{ kind: string }>(({ kind }) => kind === 'hello');
    const clinician = await makeClinician(server);
    const params = { person: clinician.person.id };
    const body = { task: 'card', person: clinician.person.id, terminal: terminal.id };
    const begun = await server.call(desk, 'ceremonies/begin', { body });
    assert.equal(begun.status, 200, JSON.stringify(begun.body));
    const { ceremony } = begun.body as Answer<'ceremonies/begin'>;
    await server.call(admin, 'people/suspend', { params, body: { reason: 'leave' } });
    await stream.next<{ kind: string; ceremony: string }>(
      (event) => event.kind === 'ceremony-cancelled' && event.ceremony === ceremony.id,
    );
    const shown = await server.call(desk, 'ceremonies/show', { params: { ceremony: ceremony.id } });
    assert.partialDeepStrictEqual(shown.body, { ceremony: { state: 'cancelled' } });
    assert.equal((await begin(server, terminal, clinician.evidence)).code, 'CARD_REFUSED');

    const resume = (by: TestConsole) => server.call(by, 'people/resume', { params, body: { reason: 'back' } });
    assert.equal((await resume(desk)).code, 'CONSOLE_ROLE_MISSING');
    assert.partialDeepStrictEqual((await resume(admin)).body, { person: { state: 'active' } });
    assert.equal((await resume(admin)).status, 200);
    const resumed = (await eventsWhere(server, 'person', clinician.person.id)).filter(
      ({ kind }) => kind === 'person.resumed',
    );
    assert.deepEqual(
      resumed.map(({ actor, reason }) => [actor, reason]),
      [[admin.person, 'back']],
    );
    await logIn(server, terminal, clinician);
    stream.close();
  });
});

describe('the list of people', () => {
  it('comes page by page by state and role, nobody twice and nobody left out', async () => {
    const tag = randomUUID().slice(0, 8);
    for (let number = 0; number < 7; number += 1) {
      const roles = number % 2 === 0 ? ['clinician'] : ['clinician', 'operator'];
      const body = { number: `${tag}-${number}`, name: `list ${tag}`, roles };
      assert.equal((await server.call(admin, 'people/add', { body })).status, 200);
    }
    const first = await server.call(admin, 'people/list', { query: { search: tag, limit: 1 } });
    const { people } = first.body as Answer<'people/list'>;
    const [someone] = people;
    await server.call(admin, 'people/suspend', {
      params: { person: someone?.id ?? '' },
      body: { reason: 'leave' },
    });
    const walk = async (query: Record<string, string | number>): Promise<PersonSummary[]> => {
      const all: PersonSummary[] = [];
      let after: string | null = null;
      do {
        const given: Record<string, string | number> = after === null ? query : { ...query, after };
        const page = (await server.call(admin, 'people/list', { query: given })).body as Answer<'people/list'>;
        all.push(...page.people);
        after = page.next;
      } while (after !== null);
      return all;
    };
    const numbers = (found: PersonSummary[]) => found.map(({ number }) => number);
    const all = Array.from({ length: 7 }, (_, number) => `${tag}-${number}`);
    for (const limit of [1, 2, 3, 7, 200])
      assert.deepEqual(numbers(await walk({ search: tag, limit })), all, `${limit}`);
    assert.deepEqual(numbers(await walk({ search: tag, state: 'suspended' })), [someone?.number]);
    assert.deepEqual(numbers(await walk({ search: tag, role: 'operator', limit: 2 })), [all[1], all[3], all[5]]);
    const everybody = await walk({ limit: 3 });
    assert.equal(new Set(everybody.map(({ id }) => id)).size, everybody.length);
    const [row] = await server.database.query<{ count: number }>('select count(*) as count from person');
    assert.equal(everybody.length, row?.count);
    assert.equal(everybody[0]?.id, someone?.id, 'who was changed last comes first');
    const made = (changedAt: string, number: string) =>
      Buffer.from(JSON.stringify([changedAt, number, admin.person])).toString('base64url');
    const strange = ['0000-01-01T00:00:00.000Z', '2026-01-01T00:00:00+23:00', '9999-12-31T23:59:59.000-23:00'];
    for (const after of ['x', 'W10', made('2026-01-01T00:00:00.000Z', '\0'), ...strange.map((at) => made(at, 'x'))]) {
      assert.equal((await server.call(admin, 'people/list', { query: { after } })).code, 'REQUEST_INVALID');
    }
  });
});

describe('roles, where the policy asks for a second person', () => {
  it('are given by one admin only after another one agreed, by whatever way', async () => {
    await server.applyPolicy({ fourEyes: ['roles'] });
    const second = await server.signIn(['admin']);
    const { person } = await makeClinician(server);
    const text = `number,name,roles\n${person.number},${person.name},監査担当`;
    const { plan } = (await server.call(admin, 'people/preview-import', { body: { text } }))
      .body as Answer<'people/preview-import'>;
    const added = await server.call(admin, 'people/add', { body: { number: 'four', name: 'x', roles: ['admin'] } });
    assert.equal(added.code, 'APPROVAL_NEEDED');
    const saying: string[] = [];
    for (const way of [
      () => server.call(admin, 'people/apply-import', { body: { text, digest: plan.digest } }),
      () => change(admin, person.id, { roles: ['clinician', 'operator'] }),
    ]) {
      const asked = await way();
      assert.equal(asked.code, 'APPROVAL_NEEDED');
      const { failure } = asked.body as { failure: { approval: string } };
      const params = { approval: failure.approval };
      const decide = (by: TestConsole) =>
        server.call(by, 'approvals/decide', { params, body: { approve: true, reason: 'agreed' } });
      const listed = await server.call(second, 'approvals/list');
      const { approvals } = listed.body as Answer<'approvals/list'>;
      saying.push(approvals.find(({ id }) => id === params.approval)?.about ?? '');
      assert.equal((await decide(admin)).code, 'PERSON_SELF');
      assert.equal((await decide(second)).status, 200);
      assert.equal((await way()).status, 200);
    }
    // Who has to agree reads whose roles become which.
    assert.deepEqual(saying, [`+0 ±1 -0 · auditor (1): ${person.number}`, `${person.number}: clinician operator`]);
    assert.equal((await change(admin, person.id, { name: '名前だけ' })).status, 200);
    await server.applyPolicy({});
  });
});
