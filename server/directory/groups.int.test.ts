import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { PersonSummary } from '#contract/api/people.ts';
import { type ScimGroup, scimUrns } from '#contract/api/scim.ts';
import { startTestServer, type TestServer } from '../testing.ts';
import { connectDirectory, type TestDirectory } from '../testing-directory.ts';
import { eventsWhere } from '../testing-login.ts';

let server: TestServer;
let directory: TestDirectory;
before(async () => {
  server = await startTestServer();
  directory = await connectDirectory(server);
});
after(() => server.close());

const asGroup = (body: unknown): ScimGroup => body as ScimGroup;
const get = async (id: string, more = ''): Promise<ScimGroup> =>
  asGroup((await directory.send('GET', `/Groups/${id}${more}`)).body);
const membersOf = async (id: string) => ((await get(id)).members ?? []).map(({ value }) => value).sort();
const rolesOf = async (person: string) => {
  const shown = await server.call(directory.admin, 'people/show', { params: { person } });
  return [...(shown.body as { person: PersonSummary }).person.roles].sort();
};
let count = 0;
const newUser = async () => {
  count += 1;
  return (await directory.addUser(`G-${count}`, { displayName: `Member ${count}` })).id;
};

describe('a group', () => {
  it('holds people, and each person names it', async () => {
    const [a, b] = [await newUser(), await newUser()];
    const { id, members } = await directory.addGroup('看護部', [a, b]);
    assert.deepEqual((members ?? []).map(({ value }) => value).sort(), [a, b].sort());
    assert.partialDeepStrictEqual(
      members?.find(({ value }) => value === a),
      {
        $ref: `${server.origin}/scim/v2/Users/${a}`,
        type: 'User',
        display: 'Member 1',
      },
    );
    const user = await directory.send('GET', `/Users/${a}`);
    assert.partialDeepStrictEqual(user.body, { groups: [{ value: id, display: '看護部', type: 'direct' }] });
    assert.equal((await get(id, '?excludedAttributes=members')).members, undefined);
    const again = await directory.send('POST', '/Groups', { schemas: [scimUrns.group], displayName: '看護部' });
    assert.deepEqual([again.status, again.body.scimType], [409, 'uniqueness']);
    assert.equal((await directory.send('DELETE', `/Groups/${id}`)).status, 204);
    assert.equal((await directory.send('GET', `/Groups/${id}`)).status, 404);
    assert.equal((await directory.send('DELETE', `/Groups/${id}`)).status, 404);
  });

  it('takes people in and lets them go, by Entra ID’s and Okta’s requests', async () => {
    const [a, b, c] = [await newUser(), await newUser(), await newUser()];
    const { id } = await directory.addGroup('手術部', [a]);
    await directory.patch(`/Groups/${id}`, { op: 'Add', path: 'members', value: [{ $ref: null, value: b }] });
    await directory.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: c, display: 'x' }] });
    assert.deepEqual(await membersOf(id), [a, b, c].sort());
    await directory.patch(`/Groups/${id}`, { op: 'Remove', path: 'members', value: [{ $ref: null, value: a }] });
    await directory.patch(`/Groups/${id}`, { op: 'remove', path: `members[value eq "${b}"]` });
    assert.deepEqual(await membersOf(id), [c]);
    const put = { schemas: [scimUrns.group], displayName: '手術部', members: [{ value: a }] };
    assert.equal((await directory.send('PUT', `/Groups/${id}`, put)).status, 200);
    assert.deepEqual(await membersOf(id), [a]);
    const okta = await directory.patch(`/Groups/${id}`, { op: 'replace', value: { id, displayName: '手術部 2' } });
    assert.equal(asGroup(okta.body).displayName, '手術部 2');
  });

  it('keeps every member of 50 requests at once', async () => {
    const people = await Promise.all(Array.from({ length: 50 }, newUser));
    const { id } = await directory.addGroup('同時');
    const sent = people.map((value) =>
      directory.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value }] }),
    );
    for (const { status } of await Promise.all(sent)) assert.equal(status, 200);
    assert.deepEqual(await membersOf(id), people.toSorted());
  });

  it('has a version that follows its members', async () => {
    const a = await newUser();
    const { id, meta } = await directory.addGroup('版');
    const version = meta?.version ?? '';
    const read = () => directory.send('GET', `/Groups/${id}`, undefined, { 'if-none-match': version });
    assert.equal((await read()).status, 304);
    await directory.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: a }] });
    assert.equal((await read()).status, 200);
    const late = await directory.send('DELETE', `/Groups/${id}`, undefined, { 'if-match': version });
    assert.equal(late.status, 412);
  });

  it('takes no member that is nobody here, and then nothing of the request', async () => {
    const a = await newUser();
    const { id } = await directory.addGroup('未知');
    for (const value of [randomUUID(), 'x', directory.client]) {
      const answer = await directory.patch(
        `/Groups/${id}`,
        { op: 'replace', path: 'displayName', value: 'changed' },
        { op: 'add', path: 'members', value: [{ value: a }, { value }] },
      );
      assert.deepEqual([answer.status, answer.body.scimType], [400, 'invalidValue'], value);
    }
    assert.partialDeepStrictEqual(await get(id), { displayName: '未知' });
    assert.deepEqual(await membersOf(id), []);
  });

  it('is found by name, member and identifier', async () => {
    const a = await newUser();
    const { id } = await directory.addGroup('Find Me', [a]);
    const find = async (filter: string) => {
      const answer = await directory.send('GET', `/Groups?filter=${encodeURIComponent(filter)}`);
      return answer.body.Resources?.map((group) => group.id) ?? answer.body.scimType;
    };
    for (const filter of [
      'displayName eq "find me"',
      `members.value eq "${a}"`,
      `members[value eq "${a}" and type eq "user"]`,
      `id eq "${id}"`,
      `displayName sw "Find" and not (members[value eq "${randomUUID()}"])`,
    ]) {
      assert.deepEqual(await find(filter), [id], filter);
    }
    assert.deepEqual(await find(`members eq "${randomUUID()}"`), []);
    assert.equal(await find('userName eq "x"'), 'invalidFilter');
    const few = await directory.send('GET', '/Groups?excludedAttributes=members&count=1');
    assert.equal(few.body.Resources?.[0]?.members, undefined);
  });
});

describe('a group with a role', () => {
  it('gives it to who joins and takes it from who leaves, each with an event that names the directory', async () => {
    const [a, b] = [await newUser(), await newUser()];
    const { id } = await directory.addGroup('ヘルプデスク', [a]);
    assert.deepEqual(await rolesOf(a), ['clinician']);
    assert.equal((await directory.giveRole(id, 'helpdesk')).status, 200);
    assert.deepEqual(await rolesOf(a), ['clinician', 'helpdesk']);
    await directory.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: b }] });
    assert.deepEqual(await rolesOf(b), ['clinician', 'helpdesk']);
    await directory.patch(`/Groups/${id}`, { op: 'remove', path: `members[value eq "${b}"]` });
    assert.deepEqual(await rolesOf(b), ['clinician']);
    const events = (await eventsWhere(server, 'person', b)).filter(({ reason }) => reason === 'roles');
    assert.deepEqual(
      events.map(({ actor, detail }) => [actor, detail]),
      [
        [null, { directory: directory.name, rolesBefore: 'clinician', roles: 'clinician helpdesk' }],
        [null, { directory: directory.name, rolesBefore: 'clinician helpdesk', roles: 'clinician' }],
      ],
    );
    assert.equal((await directory.giveRole(id, null)).status, 200);
    assert.deepEqual(await rolesOf(a), ['clinician']);
  });

  it('leaves the role to whoever has it by another group too', async () => {
    const a = await newUser();
    const [one, other] = [await directory.addGroup('一', [a]), await directory.addGroup('二', [a])];
    await directory.giveRole(one.id, 'helpdesk');
    await directory.giveRole(other.id, 'helpdesk');
    await directory.send('DELETE', `/Groups/${one.id}`);
    assert.deepEqual(await rolesOf(a), ['clinician', 'helpdesk']);
    await directory.send('DELETE', `/Groups/${other.id}`);
    assert.deepEqual(await rolesOf(a), ['clinician']);
  });

  it('takes the console from who leaves, at once', async () => {
    const helper = await server.signIn(['helpdesk']);
    const { id } = await directory.addGroup('窓口', [helper.person]);
    await directory.giveRole(id, 'helpdesk');
    assert.equal((await server.call(helper, 'people/list')).status, 200);
    await directory.patch(`/Groups/${id}`, { op: 'remove', path: 'members' });
    assert.equal((await server.call(helper, 'people/list')).code, 'CONSOLE_SIGNED_OUT');
  });

  it('is never admin, auditor or operator unless the policy lets a directory give that', async () => {
    const a = await newUser();
    const { id } = await directory.addGroup('権限', [a]);
    for (const role of ['admin', 'auditor', 'operator'] as const) {
      assert.equal((await directory.giveRole(id, role)).code, 'DIRECTORY_ROLE_REFUSED', role);
    }
    assert.deepEqual(await rolesOf(a), ['clinician']);
    const [refused] = (await eventsWhere(server, 'actor', directory.admin.person)).filter(
      ({ reason }) => reason === 'directory-role',
    );
    assert.deepEqual([refused?.outcome, refused?.detail['roles']], ['serious', 'admin']);
    await server.applyPolicy({ directory: { roles: ['clinician', 'auditor'] } });
    assert.equal((await directory.giveRole(id, 'auditor')).status, 200);
    assert.deepEqual(await rolesOf(a), ['auditor', 'clinician']);
    // The setting is taken back behind the server's back: nobody joins any more, and whoever leaves loses it still.
    await server.applyPolicy({});
    const b = await newUser();
    const joining = await directory.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: b }] });
    assert.deepEqual([joining.status, joining.code], [403, 'DIRECTORY_ROLE_REFUSED']);
    assert.deepEqual(await rolesOf(b), ['clinician']);
    await directory.patch(`/Groups/${id}`, { op: 'remove', path: 'members' });
    assert.deepEqual(await rolesOf(a), ['clinician']);
  });

  it('loses the role, and its members with it, when the policy no longer lets a directory give it', async () => {
    const a = await newUser();
    const { id } = await directory.addGroup('監査', [a]);
    const apply = async (roles: string[]) => {
      const { number, policy } = (await server.call(directory.admin, 'policies/active')).body as {
        number: number;
        policy: object;
      };
      const body = { base: number, policy: { ...policy, directory: { roles } }, note: 'a test' };
      const applied = await server.call(directory.admin, 'policies/apply', { body });
      assert.equal(applied.status, 200, JSON.stringify(applied.body));
    };
    await apply(['auditor']);
    await directory.giveRole(id, 'auditor');
    assert.deepEqual(await rolesOf(a), ['auditor', 'clinician']);
    await apply(['clinician']);
    assert.deepEqual(await rolesOf(a), ['clinician']);
    const { groups } = (await server.call(directory.admin, 'directory-groups/list')).body as {
      groups: { id: string; role: string | null }[];
    };
    assert.equal(groups.find((group) => group.id === id)?.role, null);
    await apply(['clinician', 'helpdesk']);
  });

  it('does not change the rights of the admin who gives it', async () => {
    const { id } = await directory.addGroup('自分', [directory.admin.person]);
    assert.equal((await directory.giveRole(id, 'helpdesk')).code, 'PERSON_SELF');
  });

  it('never takes the last admin, though two directories try at once', async () => {
    await server.database.query(`update person set state = 'suspended' where 'admin' = any(roles) and id <> $1`, [
      directory.admin.person,
    ]);
    const other = await server.signIn(['admin']);
    await server.applyPolicy({ directory: { roles: ['admin'] } });
    const groups = [
      await directory.addGroup('管理者 1', [directory.admin.person]),
      await directory.addGroup('管理者 2', [other.person]),
    ];
    await server.database.query(`update directory_group set role = 'admin' where id = any($1)`, [
      groups.map(({ id }) => id),
    ]);
    const answers = await Promise.all(groups.map(({ id }) => directory.send('DELETE', `/Groups/${id}`)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 403]);
    assert.equal(answers.find(({ status }) => status === 403)?.code, 'PERSON_LAST_ADMIN');
    const left = await server.database.query(`select 1 from person where 'admin' = any(roles) and state = 'active'`);
    assert.equal(left.length, 1);
  });
});
