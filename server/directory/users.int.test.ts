import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type ScimUser, scimUrns } from '#contract/api/scim.ts';
import { startTestServer, type TestServer } from '../testing.ts';
import { connectDirectory, namesIn, type TestDirectory } from '../testing-directory.ts';
import { eventsWhere } from '../testing-login.ts';

let server: TestServer;
let directory: TestDirectory;
before(async () => {
  server = await startTestServer();
  directory = await connectDirectory(server);
});
after(() => server.close());

const asUser = (body: unknown): ScimUser => body as ScimUser;

describe('a user that is created', () => {
  it('is answered with its place and its version, and is a clinician without card or secret', async () => {
    const answer = await directory.send('POST', '/Users', {
      schemas: [scimUrns.user, scimUrns.staff],
      userName: 'C-100',
      externalId: 'e-100',
      name: { formatted: '山田 花子', familyName: '山田', givenName: '花子' },
      emails: [{ value: 'hanako@example.jp', type: 'work' }],
      [scimUrns.staff]: { kana: 'ヤマダ ハナコ' },
    });
    assert.equal(answer.status, 201);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/scim\+json/);
    const user = asUser(answer.body);
    assert.equal(answer.headers.get('location'), `${server.origin}/scim/v2/Users/${user.id}`);
    assert.equal(answer.headers.get('etag'), user.meta?.version);
    const { meta, id: _, ...rest } = user;
    assert.deepEqual(rest, {
      schemas: [scimUrns.user, scimUrns.staff],
      externalId: 'e-100',
      userName: 'C-100',
      displayName: '山田 花子',
      name: { formatted: '山田 花子', familyName: '山田', givenName: '花子' },
      active: true,
      [scimUrns.staff]: { kana: 'ヤマダ ハナコ' },
    });
    assert.equal(meta?.resourceType, 'User');
    const page = await server.call(directory.admin, 'people/show', { params: { person: user.id } });
    assert.partialDeepStrictEqual(page.body, {
      person: { number: 'C-100', name: '山田 花子', roles: ['clinician'], state: 'active' },
      cards: [],
      factors: [],
    });
    const [added] = await eventsWhere(server, 'person', user.id);
    assert.deepEqual(
      [added?.kind, added?.reason, added?.actor, added?.detail['directory']],
      ['person.added', 'directory', null, directory.name],
    );
  });

  it('is found again under its number in any case and width, and that number is taken once', async () => {
    await directory.addUser('C-200', { displayName: 'x' });
    const again = (userName: string) => directory.send('POST', '/Users', { schemas: [scimUrns.user], userName });
    for (const userName of ['C-200', 'c-200', 'Ｃ-200']) {
      const { status, body, code } = await again(userName);
      assert.deepEqual([status, body.scimType, code], [409, 'uniqueness', 'SCIM_TAKEN'], userName);
    }
    for (const userName of ['c-200', 'Ｃ-200', 'Ｃ－２００', ' C-200　']) {
      const found = await directory.send('GET', `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`);
      assert.deepEqual(namesIn(found.body), ['C-200'], userName);
    }
    const desk = await server.signIn(['helpdesk']);
    const added = await server.call(desk, 'people/add', { body: { number: 'c-200', name: 'y' } });
    assert.equal(added.code, 'PERSON_NUMBER_TAKEN');
  });

  it('is there once, though 200 are sent at once', async () => {
    const userName = `P-${randomUUID()}`;
    const sent = Array.from({ length: 200 }, () =>
      directory.send('POST', '/Users', { schemas: [scimUrns.user], userName }),
    );
    const statuses = (await Promise.all(sent)).map(({ status }) => status);
    assert.deepEqual(
      [statuses.filter((one) => one === 201).length, statuses.filter((one) => one === 409).length],
      [1, 199],
    );
    const rows = await server.database.query('select 1 from person where number = $1', [userName]);
    assert.equal(rows.length, 1);
  });

  it('has a shape, a userName and clean texts, or is refused with the type of the mistake', async () => {
    const refusals: [unknown, string | undefined, string][] = [
      ['{', 'invalidSyntax', 'REQUEST_INVALID'],
      ['', 'invalidSyntax', 'REQUEST_INVALID'],
      ['[]', 'invalidSyntax', 'REQUEST_INVALID'],
      ['null', 'invalidSyntax', 'REQUEST_INVALID'],
      ['{"__proto__":{"admin":true}}', 'invalidSyntax', 'REQUEST_INVALID'],
      [{ userName: 'x' }, 'invalidSyntax', 'REQUEST_INVALID'],
      [{ schemas: [scimUrns.user] }, 'invalidValue', 'SCIM_VALUE_INVALID'],
      [{ schemas: [scimUrns.user], userName: 'a\u0000b' }, 'invalidValue', 'SCIM_VALUE_INVALID'],
      [{ schemas: [scimUrns.user], userName: 'x', displayName: 'a\u202eb' }, 'invalidValue', 'SCIM_VALUE_INVALID'],
      [{ schemas: [scimUrns.user], userName: 'x', active: 'yes' }, 'invalidValue', 'SCIM_VALUE_INVALID'],
    ];
    for (const [body, scimType, code] of refusals) {
      const answer = await directory.send('POST', '/Users', body);
      assert.equal(answer.status, 400, JSON.stringify(body));
      assert.deepEqual([answer.body.scimType, answer.code], [scimType, code], JSON.stringify(body));
      assert.equal((answer.body as { status?: string }).status, '400');
    }
    const huge = { schemas: [scimUrns.user], userName: 'x', nickName: 'x'.repeat(40_000) };
    assert.equal((await directory.send('POST', '/Users', huge)).status, 413);
  });
});

describe('a user that is read', () => {
  it('is there by its identifier alone, with the attributes that were asked for', async () => {
    const { id } = await directory.addUser('R-100', { displayName: 'Reader' });
    const all = asUser((await directory.send('GET', `/Users/${id}`)).body);
    assert.equal(all.userName, 'R-100');
    const few = await directory.send('GET', `/Users/${id}?attributes=userName`);
    assert.deepEqual(few.body, { schemas: all.schemas, id, userName: 'R-100' });
    const without = asUser((await directory.send('GET', `/Users/${id}?excludedAttributes=meta,name`)).body);
    assert.deepEqual([without.meta, without.name, without.displayName], [undefined, undefined, 'Reader']);
    assert.equal((await directory.send('GET', `/Users/${id}?attributes=nothing`)).body.scimType, 'invalidPath');
    for (const wrong of [randomUUID(), '1', "'; drop table person; --", '%00', '..%2f..%2fetc', 'x'.repeat(99)]) {
      const answer = await directory.send('GET', `/Users/${encodeURIComponent(wrong)}`);
      assert.deepEqual([answer.status, answer.code], [404, 'SCIM_RESOURCE_UNKNOWN'], wrong);
    }
  });

  it('is not sent again to who has its version', async () => {
    const { id, meta } = await directory.addUser('R-200');
    const version = meta?.version ?? '';
    const get = (tag: string) => directory.send('GET', `/Users/${id}`, undefined, { 'if-none-match': tag });
    for (const tag of [version, version.slice(2), `"a", ${version}`, '*'])
      assert.equal((await get(tag)).status, 304, tag);
    assert.equal((await get('W/"other"')).status, 200);
    await directory.patch(`/Users/${id}`, { op: 'replace', path: 'displayName', value: 'New' });
    const fresh = await get(version);
    assert.equal(fresh.status, 200);
    assert.notEqual(fresh.headers.get('etag'), version);
  });
});

describe('a user that is changed', () => {
  it('is replaced whole: what is not sent is gone, except state and kana', async () => {
    const { id } = await directory.addUser('U-100', {
      displayName: 'Old',
      externalId: 'old',
      name: { familyName: 'O', givenName: 'L' },
      active: false,
      [scimUrns.staff]: { kana: 'カナ' },
    });
    const answer = await directory.send('PUT', `/Users/${id}`, {
      schemas: [scimUrns.user],
      id,
      userName: 'U-101',
      displayName: 'New',
    });
    assert.equal(answer.status, 200);
    const { userName, displayName, externalId, name, active, [scimUrns.staff]: staff } = asUser(answer.body);
    assert.deepEqual(
      [userName, displayName, externalId, name, active, staff],
      ['U-101', 'New', undefined, { formatted: 'New' }, false, { kana: 'カナ' }],
    );
  });

  it('only in the version that was asked for', async () => {
    const { id, meta } = await directory.addUser('U-200');
    const version = meta?.version ?? '';
    const rename = (tag: string, value: string) =>
      directory.send(
        'PATCH',
        `/Users/${id}`,
        { schemas: [scimUrns.patch], Operations: [{ op: 'replace', path: 'displayName', value }] },
        { 'if-match': tag },
      );
    assert.equal((await rename('W/"other"', 'A')).status, 412);
    const [first, second] = await Promise.all([rename(version, 'B'), rename(version, 'C')]);
    assert.deepEqual([first.status, second.status].sort(), [200, 412]);
    assert.equal((await rename('*', 'D')).status, 200);
    const put = { schemas: [scimUrns.user], userName: 'U-200' };
    assert.equal((await directory.send('PUT', `/Users/${id}`, put, { 'if-match': version })).status, 412);
    assert.equal((await directory.send('DELETE', `/Users/${id}`, undefined, { 'if-match': version })).status, 412);
  });

  it('does not take somebody else’s number, nor half of a change', async () => {
    await directory.addUser('U-300');
    const { id } = await directory.addUser('U-301', { displayName: 'Stays' });
    const taken = await directory.patch(
      `/Users/${id}`,
      { op: 'replace', path: 'displayName', value: 'Changed' },
      { op: 'replace', path: 'userName', value: 'u-300' },
    );
    assert.deepEqual([taken.status, taken.body.scimType], [409, 'uniqueness']);
    const wrong = await directory.patch(
      `/Users/${id}`,
      { op: 'replace', path: 'displayName', value: 'Changed' },
      { op: 'replace', path: 'nothing', value: 1 },
    );
    assert.deepEqual([wrong.status, wrong.body.scimType], [400, 'invalidPath']);
    assert.equal(asUser((await directory.send('GET', `/Users/${id}`)).body).displayName, 'Stays');
  });

  it('as Entra ID and Okta send it, with an event that names the directory and what was before', async () => {
    const { id } = await directory.addUser('U-400', { displayName: '山田 花子' });
    const entra = await directory.patch(
      `/Users/${id}?aadOptscim062020`,
      { op: 'Replace', path: 'displayName', value: '佐藤 花子' },
      { op: 'Add', path: 'emails[type eq "work"].value', value: 'x@example.jp' },
      { op: 'Add', path: `${scimUrns.enterprise}:department`, value: '3東' },
    );
    assert.equal(entra.status, 200);
    const okta = await directory.send('PATCH', `/Users/${id}`, {
      schemas: [scimUrns.patch],
      Operations: [{ op: 'replace', value: { id, externalId: '00u1' } }],
    });
    assert.partialDeepStrictEqual(okta.body, { displayName: '佐藤 花子', externalId: '00u1' });
    const changes = (await eventsWhere(server, 'person', id)).filter(({ kind }) => kind === 'person.changed');
    assert.deepEqual(
      changes.map(({ reason, detail }) => [reason, detail]),
      [
        ['details', { directory: directory.name, nameBefore: '山田 花子', name: '佐藤 花子' }],
        ['details', { directory: directory.name, externalIdBefore: '', externalId: '00u1' }],
      ],
    );
  });

  it('and nothing is written when nothing differs', async () => {
    const { id, meta } = await directory.addUser('U-500', { displayName: 'Same', externalId: 's' });
    const events = (await eventsWhere(server, 'person', id)).length;
    const answer = await directory.patch(`/Users/${id}`, {
      op: 'replace',
      value: { active: true, displayName: 'Same' },
    });
    assert.equal(answer.headers.get('etag'), meta?.version);
    assert.equal((await eventsWhere(server, 'person', id)).length, events);
  });
});

describe('what a directory asks first', () => {
  it('says what is supported and which attributes there are', async () => {
    const config = await directory.send('GET', '/ServiceProviderConfig');
    assert.partialDeepStrictEqual(config.body, {
      patch: { supported: true },
      filter: { supported: true, maxResults: 200 },
      etag: { supported: true },
      sort: { supported: true },
      bulk: { supported: false },
    });
    const types = await directory.send('GET', '/ResourceTypes');
    assert.deepEqual(
      types.body.Resources?.map(({ id }) => id),
      ['User', 'Group'],
    );
    assert.equal((await directory.send('GET', '/ResourceTypes/User')).status, 200);
    const schemas = (await directory.send('GET', '/Schemas')).body.Resources ?? [];
    for (const { id } of schemas) assert.equal((await directory.send('GET', `/Schemas/${id}`)).status, 200);
    assert.equal((await directory.send('GET', '/Schemas/urn:nothing')).status, 404);
    assert.equal((await directory.send('GET', '/Nothing')).code, 'REQUEST_UNKNOWN');
    assert.equal((await directory.send('POST', '/Bulk', { schemas: ['x'] })).status, 404);
  });
});

describe('a name that is rare or hostile', () => {
  it('is kept and answered as it was given', async () => {
    const given = [
      '葛\u{e0101}城 𠮷郎',
      'ア'.repeat(40),
      'שלום محمد',
      '看護 👩‍⚕️',
      '<script>alert(1)</script>',
      '=cmd()',
    ];
    for (const [place, displayName] of given.entries()) {
      const { id } = await directory.addUser(`H-${place}`, { displayName });
      assert.equal(asUser((await directory.send('GET', `/Users/${id}`)).body).displayName, displayName);
      const page = await server.call(directory.admin, 'people/show', { params: { person: id } });
      assert.partialDeepStrictEqual(page.body, { person: { name: displayName } });
    }
  });

  it('is refused where it holds a NUL or turns the direction of what stands beside it', async () => {
    for (const displayName of ['a\u0000b', 'a\u202eb', '\ud800']) {
      const body = { schemas: [scimUrns.user], userName: 'H-NUL', displayName };
      assert.equal((await directory.send('POST', '/Users', body)).status, 400, JSON.stringify(displayName));
    }
  });
});
