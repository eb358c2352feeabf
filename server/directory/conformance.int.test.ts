import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { RouteName } from '#contract/api/index.ts';
import { type ScimUser, scimUrns } from '#contract/api/scim.ts';
import { createOpenApi } from '../openapi.ts';
import { startTestServer, type TestServer } from '../testing.ts';
import { connectDirectory, type TestDirectory } from '../testing-directory.ts';

let server: TestServer;
let directory: TestDirectory;
before(async () => {
  server = await startTestServer();
  directory = await connectDirectory(server);
});
after(() => server.close());

const discovery = [
  '/ServiceProviderConfig',
  '/ResourceTypes',
  '/ResourceTypes/Group',
  '/Schemas',
  `/Schemas/${scimUrns.user}`,
];
/** Bodies as `/openapi.json` shows them. */
const exampleOf = (name: RouteName): object => {
  const { paths } = createOpenApi('0.0.0') as { paths: Record<string, Record<string, object>> };
  const found = Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .find((operation) => (operation as { operationId: string }).operationId === name) as {
    requestBody: { content: Record<string, { example: object }> };
  };
  return found.requestBody.content['application/scim+json']?.example ?? assert.fail(name);
};

describe('what the server says of itself', () => {
  it('is neither sorted nor paged, and no filter seems to be applied to it (RFC 7644 4)', async () => {
    for (const path of discovery) {
      const whole = await directory.send('GET', path);
      const asked = await directory.send('GET', `${path}?startIndex=2&count=0&sortBy=id&sortOrder=descending`);
      assert.equal(asked.status, 200, path);
      assert.deepEqual(asked.body, whole.body, path);
      const filtered = await directory.send('GET', `${path}?filter=${encodeURIComponent('id eq "User"')}`);
      assert.deepEqual([filtered.status, filtered.code], [403, 'SCIM_FILTER_REFUSED'], path);
    }
  });

  it('describes each attribute with every characteristic, and every attribute that an answer has', async () => {
    interface Told {
      readonly id: string;
      readonly name: string;
      readonly type: string;
      readonly referenceTypes?: readonly string[];
      readonly attributes?: readonly Told[];
      readonly subAttributes?: readonly Told[];
    }
    const told = ((await directory.send('GET', '/Schemas')).body.Resources ?? []) as unknown as Told[];
    const check = (one: Told): void => {
      for (const member of ['name', 'type', 'multiValued', 'description', 'required', 'mutability', 'returned'])
        assert.ok(member in one, `${one.name} ${member}`);
      if (one.type === 'reference') assert.ok(one.referenceTypes?.length, one.name);
      for (const inner of one.subAttributes ?? []) check(inner);
    };
    for (const { attributes = [] } of told) for (const one of attributes) check(one);
    const find = (schema: string, ...path: string[]): Told | undefined =>
      path.reduce<Told | undefined>(
        (above, name) => (above?.attributes ?? above?.subAttributes)?.find((one) => one.name === name),
        told.find(({ id }) => id === schema),
      );
    assert.deepEqual(find(scimUrns.user, 'groups', '$ref')?.referenceTypes, ['Group']);
    assert.deepEqual(find(scimUrns.group, 'members', '$ref')?.referenceTypes, ['User']);
    const user = await directory.addUser('C-100', { name: { familyName: 'a', givenName: 'b' }, externalId: 'c' });
    await directory.addGroup('Told', [user.id]);
    const { body } = await directory.send('GET', `/Users/${user.id}`);
    const common = ['schemas', 'id', 'externalId', 'meta', scimUrns.staff];
    for (const [name, value] of Object.entries(body)) {
      if (common.includes(name)) continue;
      const inner = ([value].flat() as unknown[]).flatMap((one) =>
        typeof one === 'object' ? Object.keys(one ?? {}) : [],
      );
      assert.ok(find(scimUrns.user, name), name);
      for (const sub of inner) assert.ok(find(scimUrns.user, name, sub), `${name}.${sub}`);
    }
  });
});

describe('a message', () => {
  it('is read by the names of its attributes in any case (RFC 7643 2.1)', async () => {
    const { id } = await directory.addUser('C-200', { displayName: 'Before' });
    const patched = await directory.send('PATCH', `/Users/${id}`, {
      SCHEMAS: [scimUrns.patch],
      operations: [{ OP: 'Replace', Path: 'DISPLAYNAME', Value: 'After' }],
    });
    assert.deepEqual([patched.status, (patched.body as unknown as ScimUser).displayName], [200, 'After']);
    const found = await directory.send('POST', '/Users/.search', {
      Schemas: [scimUrns.search],
      FILTER: 'username eq "c-200"',
      Count: 5,
      excludedattributes: ['DisplayName'],
    });
    assert.deepEqual([found.status, found.body.totalResults], [200, 1]);
    assert.equal(found.body.Resources?.[0]?.displayName, undefined);
    const added = await directory.send('POST', '/Users', {
      Schemas: [scimUrns.user],
      USERNAME: 'C-201',
      NAME: { FAMILYNAME: '山田' },
      Active: false,
    });
    assert.equal(added.status, 201);
    assert.partialDeepStrictEqual(added.body as unknown as ScimUser, { userName: 'C-201', active: false });
    const both = { schemas: [scimUrns.patch], Operations: [{ op: 'replace', value: { active: true } }] };
    const odd = await directory.send('PATCH', `/Users/${id}`, { ...both, OPERATIONS: [{ op: 'nonsense' }] });
    assert.equal(odd.status, 200, 'what has its own spelling counts');
  });

  it('says what it is in any case, and what else it is besides, as Entra ID does', async () => {
    const added = await directory.send('POST', '/Users', {
      schemas: [scimUrns.enterprise, scimUrns.user.toUpperCase()],
      userName: 'C-205',
    });
    assert.equal(added.status, 201, JSON.stringify(added.body));
    const old = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group';
    const group = await directory.send('POST', '/Groups', { schemas: [scimUrns.group, old], displayName: 'C-205' });
    assert.equal(group.status, 201, JSON.stringify(group.body));
  });

  it('that is empty may say of what type it is', async () => {
    const { id } = await directory.addUser('C-210');
    const headers = { 'content-type': 'application/scim+json' };
    assert.equal((await directory.send('GET', `/Users/${id}`, undefined, headers)).status, 200);
    for (const type of ['application/scim+json', 'application/json']) {
      const { id: gone } = await directory.addUser(`C-211 ${type}`);
      const removed = await directory.send('DELETE', `/Users/${gone}`, undefined, { 'content-type': type });
      assert.equal(removed.status, 204, JSON.stringify(removed.body));
    }
    for (const [method, path] of [
      ['POST', '/Users'],
      ['PUT', `/Users/${id}`],
      ['PATCH', `/Users/${id}`],
    ] as const) {
      const answer = await directory.send(method, path, '');
      assert.deepEqual([answer.status, answer.body.scimType], [400, 'invalidSyntax'], method);
    }
  });

  it('is taken as the description of the API shows it', async () => {
    const user = await directory.send('POST', '/Users', exampleOf('scim/add-user'));
    const group = await directory.send('POST', '/Groups', exampleOf('scim/add-group'));
    assert.deepEqual([user.status, group.status], [201, 201], JSON.stringify([user.body, group.body]));
    const [one, other] = [user.body as unknown as ScimUser, group.body as unknown as ScimUser];
    for (const [method, path, name] of [
      ['PUT', `/Users/${one.id}`, 'scim/replace-user'],
      ['POST', '/Users/.search', 'scim/search-users'],
      ['PATCH', `/Users/${one.id}`, 'scim/patch-user'],
      ['PUT', `/Groups/${other.id}`, 'scim/replace-group'],
      ['POST', '/Groups/.search', 'scim/search-groups'],
      ['PATCH', `/Groups/${other.id}`, 'scim/patch-group'],
    ] as const) {
      const answer = await directory.send(method, path, exampleOf(name));
      assert.equal(answer.status, 200, `${name} ${JSON.stringify(answer.body)}`);
      if (path.endsWith('.search')) assert.equal(answer.body.totalResults, 1, name);
    }
  });
});

describe('resources', () => {
  it('are found by the schemas that they have (RFC 7644 3.4.2.2)', async () => {
    const { id } = await directory.addUser('C-300');
    const group = await directory.addGroup('C-300');
    const count = async (path: string, filter: string) => {
      const own = path === '/Users' ? `id eq "${id}"` : `id eq "${group.id}"`;
      const asked = encodeURIComponent(`${own} and ${filter}`);
      return (await directory.send('GET', `${path}?filter=${asked}`)).body.totalResults;
    };
    assert.equal(await count('/Users', `schemas eq "${scimUrns.user}"`), 1);
    assert.equal(await count('/Users', `schemas eq "${scimUrns.staff}"`), 1);
    assert.equal(await count('/Users', 'schemas pr'), 1);
    assert.equal(await count('/Users', `schemas eq "${scimUrns.enterprise}"`), 0);
    assert.equal(await count('/Users', `not (schemas eq "${scimUrns.group}")`), 1);
    assert.equal(await count('/Groups', `schemas eq "${scimUrns.group}"`), 1);
    assert.equal(await count('/Groups', `schemas eq "${scimUrns.user}"`), 0);
  });
});

describe('a refusal', () => {
  it('has the form of RFC 7644 3.12, with the type of the mistake where there is one', async () => {
    const { id } = await directory.addUser('C-400');
    const patch = (operation: object) => [
      'PATCH',
      `/Users/${id}`,
      { schemas: [scimUrns.patch], Operations: [operation] },
    ];
    const user = (more: object) => ({ schemas: [scimUrns.user], ...more });
    const cases: Record<string, unknown[][]> = {
      '400 invalidFilter': [['GET', '/Users?filter=nothing%20eq%20%221%22']],
      '400 invalidPath': [['GET', '/Users?sortBy=nothing'], patch({ op: 'replace', path: 'nothing', value: 1 })],
      '400 invalidSyntax': [
        ['POST', '/Users', '{'],
        ['POST', '/Users', Buffer.from('{"userName":"\xff"}', 'latin1')],
        ['POST', '/Users', { userName: 'x' }],
        ['POST', '/Users', { schemas: [scimUrns.group], userName: 'x' }],
        ['PUT', `/Users/${id}`, { schemas: [scimUrns.staff], userName: 'C-400' }],
        ['POST', '/Groups', { schemas: [scimUrns.user], displayName: 'x' }],
        ['PATCH', `/Users/${id}`, { schemas: ['x'], Operations: [{ op: 'replace', value: { active: false } }] }],
        ['PATCH', `/Users/${id}`, { schemas: [scimUrns.user], Operations: [{ op: 'replace', value: {} }] }],
        ['POST', '/Users/.search', { schemas: [scimUrns.patch] }],
        ['POST', '/Groups/.search', { schemas: [scimUrns.list] }],
        patch({ op: 'turn', value: {} }),
      ],
      '400 invalidValue': [
        ['POST', '/Users', user({})],
        ['POST', '/Users', user({ userName: 'x', active: 'perhaps' })],
      ],
      '400 mutability': [patch({ op: 'replace', path: 'id', value: id }), patch({ op: 'remove', path: 'userName' })],
      '400 noTarget': [patch({ op: 'remove' })],
      '409 uniqueness': [['POST', '/Users', user({ userName: 'c-400' })]],
      '404 undefined': [
        ['GET', '/Users/nobody'],
        ['GET', '/Nothing'],
        ['DELETE', '/Groups/nothing'],
      ],
      '501 undefined': [['GET', '/Me']],
      '412 undefined': [['PUT', `/Users/${id}`, user({ userName: 'C-400' }), { 'if-match': 'W/"other"' }]],
    };
    for (const [expected, sent] of Object.entries(cases)) {
      for (const [method, path, body, headers] of sent as [string, string, unknown, object][]) {
        const answer = await directory.send(method, path, body, headers);
        const what = `${method} ${path} ${JSON.stringify(body)}`;
        assert.equal(`${answer.status} ${answer.body.scimType}`, expected, what);
        assert.deepEqual(answer.body['schemas'], [scimUrns.error], what);
        assert.equal(answer.body['status'], String(answer.status), what);
        assert.equal(answer.headers.get('content-type'), 'application/scim+json', what);
      }
    }
  });
});
