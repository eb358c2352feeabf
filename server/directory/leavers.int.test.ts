import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { PersonSummary } from '#contract/api/people.ts';
import { scimUrns } from '#contract/api/scim.ts';
import { setSecret } from '../store/credentials.ts';
import { startTestServer, type TestServer } from '../testing.ts';
import { connectDirectory, type TestDirectory } from '../testing-directory.ts';
import { begin, eventsWhere, goodPin, logIn, makeClinician, mustBegin, prove } from '../testing-login.ts';
import { openStream } from '../testing-stream.ts';

let server: TestServer;
let directory: TestDirectory;
before(async () => {
  server = await startTestServer();
  directory = await connectDirectory(server);
});
after(() => server.close());

type Order = { kind: string; order: { number: number; what: string; person: string } };
const off = { op: 'Replace', path: 'active', value: 'False' };
const on = { op: 'Replace', path: 'active', value: true };
const stateOf = async (person: string) => {
  const shown = await server.call(directory.admin, 'people/show', { params: { person } });
  return (shown.body as { person: PersonSummary }).person.state;
};

describe('a person whom the directory makes inactive', () => {
  it('loses the open terminal at once, by a numbered order with the session’s end in the log', async () => {
    const terminal = await server.enrol();
    const stream = await openStream(server, terminal, '/v1/terminals/stream?after=0&clock=0');
    await stream.next<{ kind: string }>(({ kind }) => kind === 'hello');
    const clinician = await makeClinician(server);
    const { session } = await logIn(server, terminal, clinician);
    const { id } = clinician.person;
    const asked = await directory.patch(`/Users/${id}`, off);
    assert.equal(asked.status, 200);
    assert.partialDeepStrictEqual(asked.body, { active: false });
    const { order } = await stream.next<Order>(({ kind }) => kind === 'revocation');
    assert.deepEqual([order.what, order.person], ['person', id]);
    stream.close();

    const events = await eventsWhere(server, 'person', id);
    const told = events.filter(({ kind }) => ['person.suspended', 'session.ended', 'revocation.issued'].includes(kind));
    assert.deepEqual(
      told.map(({ kind, reason, actor }) => [kind, reason, actor]),
      [
        ['person.suspended', 'directory', null],
        ['session.ended', 'revoked', null],
        ['revocation.issued', 'directory', null],
      ],
    );
    assert.deepEqual(told[0]?.detail, { directory: directory.name });
    assert.equal(told[1]?.session, session);
    assert.equal(told[2]?.detail['number'], order.number);
    assert.equal((await begin(server, terminal, clinician.evidence)).code, 'CARD_REFUSED');
  });

  it('cannot finish an attempt that is under way', async () => {
    const terminal = await server.enrol();
    const clinician = await makeClinician(server);
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    await directory.patch(`/Users/${clinician.person.id}`, off);
    const proved = await prove(server, terminal, attempt, 'pin', goodPin);
    assert.notEqual(proved.status, 200);
    const open = await server.database.query('select 1 from session where person = $1', [clinician.person.id]);
    assert.equal(open.length, 0);
  });

  it('is signed out of the console, and an invitation is void', async () => {
    const helper = await server.signIn(['helpdesk']);
    const params = { person: helper.person };
    await server.applyPolicy({ fourEyes: [] });
    const invited = await server.call(directory.admin, 'people/invite', { params });
    await server.applyPolicy({});
    const { code } = invited.body as { code: string };
    const stream = await openStream(server, helper, '/v1/console/stream');
    await directory.patch(`/Users/${helper.person}`, off);
    assert.equal((await server.call(helper, 'people/list')).code, 'CONSOLE_SIGNED_OUT');
    await stream.ended;
    const opened = await server.call(server.anyone, 'console/open-invitation', { body: { code } });
    assert.equal(opened.code, 'ENROLMENT_REFUSED');
  });

  it('comes back with what was enrolled, when the directory says so', async () => {
    const terminal = await server.enrol();
    const clinician = await makeClinician(server);
    const path = `/Users/${clinician.person.id}`;
    await directory.patch(path, off);
    const answer = await directory.patch(path, on);
    assert.partialDeepStrictEqual(answer.body, { active: true });
    await logIn(server, terminal, clinician);
    const kinds = (await eventsWhere(server, 'person', clinician.person.id)).map(({ kind }) => kind);
    assert.ok(kinds.includes('person.resumed'));
  });

  it('stays away when somebody here suspended them, before the directory did or after it', async () => {
    const { admin } = directory;
    const suspend = async (person: string) => {
      const body = { reason: '調査中' };
      assert.equal((await server.call(admin, 'people/suspend', { params: { person }, body })).status, 200);
    };
    const people = await Promise.all(Array.from({ length: 4 }, () => makeClinician(server)));
    const added = await directory.addUser('N-added-inactive', { active: false });
    const [first, second, third, last] = people.map(({ person }) => person.id) as [string, string, string, string];
    await suspend(first);
    await suspend(second);
    await directory.patch(`/Users/${second}`, off);
    await directory.patch(`/Users/${third}`, off);
    await suspend(third);
    await suspend(added.id);
    for (const person of [first, second, third, added.id]) {
      const { body: before } = await directory.send('GET', `/Users/${person}`);
      const named = { op: 'replace', path: 'displayName', value: 'x' };
      const put = { schemas: [scimUrns.user], userName: before['userName'], active: true };
      for (const answer of [
        await directory.patch(`/Users/${person}`, named, on),
        await directory.send('PUT', `/Users/${person}`, put),
      ])
        assert.deepEqual([answer.status, answer.code], [403, 'DIRECTORY_RETURN_REFUSED']);
      const { body: after } = await directory.send('GET', `/Users/${person}`);
      assert.deepEqual(after, before);
      const refusals = (await eventsWhere(server, 'person', person)).filter(({ kind }) => kind === 'request.refused');
      assert.deepEqual(
        refusals.map(({ outcome, reason, detail }) => [outcome, reason, detail['directory']]),
        Array(2).fill(['serious', 'directory-return', directory.name]),
      );
    }
    const told = (await eventsWhere(server, 'person', third)).filter(({ kind }) => kind === 'person.suspended');
    assert.deepEqual(
      told.map(({ reason, actor }) => [reason, actor]),
      [
        ['directory', null],
        ['調査中', admin.person],
      ],
    );
    // Whom somebody here brought back, and the directory took away since, is the directory's again.
    const params = { person: first };
    await server.call(admin, 'people/resume', { params, body: { reason: 'cleared' } });
    await directory.patch(`/Users/${first}`, off);
    for (const person of [first, last]) assert.equal((await directory.patch(`/Users/${person}`, on)).status, 200);
    assert.equal(await stateOf(first), 'active');
  });

  it('comes back without the console session of before', async () => {
    const helper = await server.signIn(['helpdesk']);
    await directory.patch(`/Users/${helper.person}`, off);
    await directory.patch(`/Users/${helper.person}`, on);
    assert.equal(await stateOf(helper.person), 'active');
    assert.equal((await server.call(helper, 'people/list')).code, 'CONSOLE_SIGNED_OUT');
  });

  it('does not come back by the directory with a role that it may not give', async () => {
    for (const role of ['admin', 'auditor', 'operator'] as const) {
      const { person } = await server.signIn([role]);
      await directory.patch(`/Users/${person}`, off);
      assert.equal(await stateOf(person), 'suspended');
      const body = { schemas: [scimUrns.user], userName: person, active: true };
      const patched = await directory.patch(`/Users/${person}`, { op: 'replace', path: 'displayName', value: 'x' }, on);
      const put = await directory.send('PUT', `/Users/${person}`, body);
      assert.deepEqual([patched.code, put.code], ['DIRECTORY_ROLE_REFUSED', 'DIRECTORY_ROLE_REFUSED'], role);
      assert.equal(await stateOf(person), 'suspended');
      const shown = await directory.send('GET', `/Users/${person}`);
      assert.partialDeepStrictEqual(shown.body, { displayName: 'A person' });
    }
  });
});

describe('a person whom the directory removes', () => {
  it('is gone for it, keeps nothing to log in with, and is still in the log', async () => {
    const terminal = await server.enrol();
    const stream = await openStream(server, terminal, '/v1/terminals/stream?after=0&clock=0');
    const clinician = await makeClinician(server);
    const { session } = await logIn(server, terminal, clinician);
    const { id, number } = clinician.person;
    await server.database.query(
      `insert into passkey (id, person, credential_id, public_key, counter, synced, transports, label, enrolled_at)
       values (gen_random_uuid(), $1, $2, '', 0, false, '{}', 'key', now())`,
      [id, Buffer.from(id)],
    );
    const { id: group } = await directory.addGroup(`group of ${number}`, [id]);
    const removed = await directory.send('DELETE', `/Users/${id}`);
    assert.deepEqual([removed.status, removed.body], [204, {}]);
    await stream.next<Order>(({ kind, order }) => kind === 'revocation' && order.person === id);
    stream.close();
    for (const [method, body] of [
      ['GET', undefined],
      ['DELETE', undefined],
      ['PUT', { schemas: [scimUrns.user], userName: 'x' }],
    ] as const) {
      assert.equal((await directory.send(method, `/Users/${id}`, body)).status, 404, method);
    }
    assert.equal((await directory.patch(`/Users/${id}`, on)).status, 404);
    const found = await directory.send('GET', `/Users?filter=${encodeURIComponent(`userName eq "${number}"`)}`);
    assert.equal(found.body.totalResults, 0);
    const left = await directory.send('GET', `/Groups/${group}`);
    assert.equal((left.body as { members?: unknown }).members, undefined);
    const page = await server.call(directory.admin, 'people/show', { params: { person: id } });
    assert.partialDeepStrictEqual(page.body, {
      person: { number, state: 'suspended', roles: [] },
      cards: [{ state: 'revoked' }],
      factors: [],
      passkeys: [],
      sessions: [],
    });
    const ended = await eventsWhere(server, 'session', session);
    assert.equal(ended.filter(({ kind }) => kind === 'session.ended').length, 1);
    const kinds = (await eventsWhere(server, 'person', id)).map(({ kind, reason }) => `${kind} ${reason}`);
    for (const kind of ['person.suspended directory', 'card.revoked directory', 'person.changed person-left']) {
      assert.ok(kinds.includes(kind), kind);
    }
  });

  it('leaves the number and the card to whoever comes next, who inherits nothing', async () => {
    const terminal = await server.enrol();
    const clinician = await makeClinician(server);
    const { id, number } = clinician.person;
    await directory.send('DELETE', `/Users/${id}`);
    const next = await directory.addUser(number, { displayName: '後任' });
    assert.notEqual(next.id, id);
    assert.equal((await begin(server, terminal, clinician.evidence)).code, 'CARD_REFUSED');
    const page = await server.call(directory.admin, 'people/show', { params: { person: next.id } });
    assert.partialDeepStrictEqual(page.body, { cards: [], factors: [] });
    const params = { person: id };
    const resumed = await server.call(directory.admin, 'people/resume', { params, body: { reason: 'a mistake' } });
    assert.equal(resumed.code, 'PERSON_NUMBER_TAKEN');
  });

  it('is removed once, though 200 ask for it while a card is revoked and a PIN is set', async () => {
    const clinician = await makeClinician(server);
    const { id } = clinician.person;
    const answers = await Promise.all([
      ...Array.from({ length: 200 }, async () => (await directory.send('DELETE', `/Users/${id}`)).status),
      server
        .call(directory.admin, 'cards/revoke', { params: { card: clinician.card }, body: { reason: 'lost' } })
        .then(({ status }) => status + 1000),
      setSecret(server.database, server.now(), { person: id, kind: 'pin', secret: {}, step: null }).then(() => 0),
    ]);
    assert.equal(answers.filter((status) => status === 204).length, 1);
    assert.equal(answers.filter((status) => status === 404).length, 199);
    assert.ok(
      answers.every((status) => status % 1000 < 500),
      answers.join(),
    );
  });
});

describe('the last admin', () => {
  it('survives every request of a directory', async () => {
    const { admin } = directory;
    await server.database.query(`update person set state = 'suspended' where 'admin' = any(roles) and id <> $1`, [
      admin.person,
    ]);
    const path = `/Users/${admin.person}`;
    const body = { schemas: [scimUrns.user], userName: 'renamed', active: false };
    for (const answer of [
      await directory.patch(path, { op: 'replace', path: 'displayName', value: 'x' }, off),
      await directory.send('PUT', path, body),
      await directory.send('DELETE', path),
    ]) {
      assert.deepEqual([answer.status, answer.code], [403, 'PERSON_LAST_ADMIN']);
    }
    const shown = await server.call(admin, 'console/me');
    assert.partialDeepStrictEqual(shown.body, { person: { state: 'active', name: 'A person', roles: ['admin'] } });
    const [event] = (await eventsWhere(server, 'person', admin.person)).filter(({ reason }) => reason === 'last-admin');
    assert.deepEqual([event?.outcome, event?.detail], ['serious', { directory: directory.name }]);
    const other = await server.signIn(['admin']);
    const both = await Promise.all([admin, other].map(({ person }) => directory.patch(`/Users/${person}`, off)));
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 403]);
  });
});
