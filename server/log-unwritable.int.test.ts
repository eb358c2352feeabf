import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { RouteName } from '#contract/api/index.ts';
import { scimUrns } from '#contract/api/scim.ts';
import {
  type Answered,
  createKeys,
  createRequest,
  startTestServer,
  type TestConsole,
  type TestServer,
  type TestTerminal,
} from './testing.ts';
import { openBrowser } from './testing-browser.ts';
import { connectDirectory, type TestDirectory } from './testing-directory.ts';
import { begin, eventsWhere, goodPin, logIn, makeClinician, mustBegin, otherPin, prove } from './testing-login.ts';
import { sumTables } from './testing-tables.ts';

let server: TestServer;
let terminal: TestTerminal;
let admin: TestConsole;
let directory: TestDirectory;
before(async () => {
  server = await startTestServer();
  terminal = await server.enrol();
  admin = await server.signIn(['admin']);
  directory = await connectDirectory(server);
  // As when the disk of the log's table space is full, and everything else has room.
  await server.database.query(
    `create function no_room() returns trigger language plpgsql as
     $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$`,
  );
});
after(() => server.close());

const whileUnwritable = async <Value>(work: () => Promise<Value>): Promise<Value> => {
  await server.database.query(
    'create trigger no_room before insert on event for each statement execute function no_room()',
  );
  try {
    return await work();
  } finally {
    await server.database.query('drop trigger no_room on event');
  }
};
const isBusy = ({ status, code, body }: Pick<Answered, 'status' | 'code' | 'body'>): boolean =>
  status === 503 && code === 'SERVER_BUSY' && !/grant|token|"code":"[^S]/.test(JSON.stringify(body));
const openSessions = async (person: string): Promise<number> =>
  (await server.database.query('select 1 from session where person = $1 and ended_at is null', [person])).length;

describe('while the log cannot be written', () => {
  it('nobody is let in by the right secret, and nothing of it is used up', async () => {
    const [byPin, byCode] = [await makeClinician(server, { totp: false }), await makeClinician(server, { pin: false })];
    const code = byCode.code();
    await whileUnwritable(async () => {
      for (const [who, factor, secret] of [
        [byPin, 'pin', goodPin],
        [byCode, 'totp', code],
      ] as const) {
        const { attempt } = await mustBegin(server, terminal, who.evidence);
        const answered = await prove(server, terminal, attempt, factor, secret);
        assert.ok(isBusy(answered), JSON.stringify(answered));
        assert.equal(await openSessions(who.person.id), 0);
      }
    });
    await logIn(server, terminal, byPin);
    const { attempt } = await mustBegin(server, terminal, byCode.evidence);
    assert.equal((await prove(server, terminal, attempt, 'totp', code)).status, 200);
  });

  it('a wrong secret is counted all the same, and not told to be wrong', async () => {
    const who = await makeClinician(server, { totp: false });
    const answers = await whileUnwritable(async () => {
      const all: Answered[] = [];
      for (let tries = 0; tries < 8; tries += 1) {
        const begun = await begin(server, terminal, who.evidence);
        if (begun.status !== 200) all.push(begun);
        else all.push(await prove(server, terminal, (begun.body as { attempt: string }).attempt, 'pin', otherPin));
      }
      return all;
    });
    assert.deepEqual(answers.map(isBusy), Array(8).fill(true), JSON.stringify(answers));
    const [row] = await server.database.query<{ failures: number }>(
      `select failures from credential where person = $1 and kind = 'pin'`,
      [who.person.id],
    );
    assert.equal(row?.failures, server.policies.active().tries.soft);
  });

  it('nobody signs in at the console, and no cookie is given', async () => {
    const who = await makeClinician(server, { roles: ['helpdesk'], password: 'plum rain on the roof' });
    const body = { number: who.person.number, password: 'plum rain on the roof', code: who.code() };
    const browser = openBrowser(server);
    const answered = await whileUnwritable(() => browser.call('console/sign-in', { body }));
    assert.ok(isBusy(answered), JSON.stringify(answered));
    assert.equal(browser.cookie, '');
    const sessions = await server.database.query('select 1 from console_session where person = $1', [who.person.id]);
    assert.equal(sessions.length, 0);
    assert.equal((await browser.call('console/sign-in', { body })).status, 200, 'the code was not used up');
  });

  it('nothing is changed by whom it may concern: each act and its line are written together or not at all', async () => {
    const who = await makeClinician(server);
    const { session } = await logIn(server, terminal, who);
    const announced = await server.call(admin, 'terminals/announce', { body: { name: 'later', place: 'x' } });
    const { code } = announced.body as { code: string };
    const person = { params: { person: who.person.id } };
    const reason = { reason: 'lost' };
    const request = await createRequest(await createKeys());
    const acts: readonly [RouteName, () => Promise<Answered>][] = [
      [
        'people/add',
        () => server.call(admin, 'people/add', { body: { number: 'n-1', name: 'x', roles: ['clinician'] } }),
      ],
      ['people/change', () => server.call(admin, 'people/change', { ...person, body: { name: 'y' } })],
      ['people/suspend', () => server.call(admin, 'people/suspend', { ...person, body: reason })],
      ['people/unlock', () => server.call(admin, 'people/unlock', person)],
      ['cards/revoke', () => server.call(admin, 'cards/revoke', { params: { card: who.card }, body: reason })],
      ['sessions/revoke', () => server.call(admin, 'sessions/revoke', { params: { session }, body: reason })],
      ['terminals/announce', () => server.call(admin, 'terminals/announce', { body: { name: 'z', place: 'x' } })],
      [
        'terminals/revoke',
        () => server.call(admin, 'terminals/revoke', { params: { terminal: terminal.id }, body: reason }),
      ],
      ['terminals/enrol', () => server.call(server.anyone, 'terminals/enrol', { body: { code, request } })],
      ['terminals/renew', () => server.call(terminal, 'terminals/renew', { body: { request } })],
      ['directory-clients/add', () => server.call(admin, 'directory-clients/add', { body: { name: 'other' } })],
      ['events/list', () => server.call(admin, 'events/list', { query: { limit: 1 } })],
      [
        'scim/add-user',
        () => directory.send('POST', '/Users', { schemas: [scimUrns.user], userName: 'n-2' }) as Promise<Answered>,
      ],
      [
        'scim/patch-user',
        () => directory.patch(`/Users/${who.person.id}`, { op: 'replace', value: { active: false } }),
      ],
      ['scim/remove-user', () => directory.send('DELETE', `/Users/${who.person.id}`)],
    ];
    await server.app.settled();
    await whileUnwritable(async () => {
      const before = await sumTables(server.database);
      for (const [name, act] of acts) {
        const answered = await act();
        assert.deepEqual(
          [answered.status, answered.code],
          [503, 'SERVER_BUSY'],
          `${name} ${JSON.stringify(answered.body)}`,
        );
        assert.deepEqual(await sumTables(server.database), before, name);
      }
    });
    // Once it can be written all of it goes through; enrolment by the same code, which was not used up.
    for (const name of ['terminals/enrol', 'people/change', 'cards/revoke'] as const) {
      const answered = await acts.find(([one]) => one === name)?.[1]();
      assert.equal(answered?.status, 200, `${name} ${JSON.stringify(answered?.body)}`);
    }
  });

  it('taps are answered, and their lines are written as soon as they can be, each once', async () => {
    const who = await makeClinician(server);
    const attempt = await whileUnwritable(async () => (await mustBegin(server, terminal, who.evidence)).attempt);
    const answered = await prove(server, terminal, attempt, 'pin', goodPin);
    assert.equal(answered.status, 200, JSON.stringify(answered.body));
    const kinds = (await eventsWhere(server, 'attempt', attempt)).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['attempt.begun', 'proof.accepted', 'session.began']);
  });
});
