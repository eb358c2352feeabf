import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { scimUrns } from '#contract/api/scim.ts';
import { startTestServer, type TestServer } from '../testing.ts';
import { connectDirectory, namesIn, type TestDirectory } from '../testing-directory.ts';

let server: TestServer;
let directory: TestDirectory;
before(async () => {
  server = await startTestServer();
  directory = await connectDirectory(server);
});
after(() => server.close());

describe('users that are searched for', () => {
  before(async () => {
    for (const [number, name, more] of [
      ['S-1', 'Abe', { externalId: 'Ext-1', name: { familyName: 'Abe' } }],
      ['S-2', 'ito', { active: false, [scimUrns.staff]: { kana: 'ｲﾄｳ' } }],
      ['S-3', '100%_\\', {}],
    ] as const) {
      await directory.addUser(number, { displayName: name, ...more });
    }
  });
  const ours = 'userName sw "s-"';
  const find = async (filter: string, more = '') => {
    const answer = await directory.send('GET', `/Users?filter=${encodeURIComponent(filter)}${more}`);
    return answer.status === 200 ? namesIn(answer.body).sort() : (answer.body.scimType ?? answer.status);
  };

  it('fit the filter', async () => {
    const answers: Record<string, string[]> = {
      [ours]: ['S-1', 'S-2', 'S-3'],
      'userName eq "S-1"': ['S-1'],
      'USERNAME Eq "s-1"': ['S-1'],
      'userName sw "Ｓ－"': ['S-1', 'S-2', 'S-3'],
      [`${ours} and userName co "－３"`]: ['S-3'],
      'userName ne "Ｓ-1" and userName sw "S"': ['S-2', 'S-3'],
      'userName sw "S-1 "': [],
      [`${scimUrns.staff}:kana eq "ｲﾄｳ"`]: ['S-2'],
      [`${scimUrns.staff}:kana ew "ﾄｳ"`]: ['S-2'],
      [`${ours} and displayName eq " abe "`]: ['S-1'],
      [`${scimUrns.user}:userName eq "S-1"`]: ['S-1'],
      'externalId eq "Ext-1"': ['S-1'],
      'externalId eq "ext-1"': [],
      [`${ours} and active eq false`]: ['S-2'],
      [`${ours} and active eq "False"`]: ['S-2'],
      [`${ours} and not (active eq false)`]: ['S-1', 'S-3'],
      [`${ours} and externalId pr`]: ['S-1'],
      [`${ours} and not (externalId pr)`]: ['S-2', 'S-3'],
      [`${ours} and externalId ne "Ext-1"`]: ['S-2', 'S-3'],
      [`${ours} and externalId eq null`]: ['S-2', 'S-3'],
      [`${ours} and not (externalId eq "Ext-1")`]: ['S-2', 'S-3'],
      [`${ours} and not (externalId co "x")`]: ['S-2', 'S-3'],
      [`${ours} and displayName co "0%_"`]: ['S-3'],
      [`${ours} and displayName co "%"`]: ['S-3'],
      [`${ours} and displayName ew "\\\\"`]: ['S-3'],
      [`${ours} and displayName gt "abd"`]: ['S-1', 'S-2'],
      [`${ours} and displayName le "ABE"`]: ['S-1', 'S-3'],
      [`${ours} and (name.familyName eq "abe" or displayName eq "ITO")`]: ['S-1', 'S-2'],
      [`userName eq "S-1" or userName eq "S-2" and active eq true`]: ['S-1'],
      [`(userName eq "S-1" or userName eq "S-2") and active eq false`]: ['S-2'],
      [`${ours} and meta.created gt "2020-01-01T00:00:00Z"`]: ['S-1', 'S-2', 'S-3'],
      [`${ours} and meta.lastModified lt "2020-01-01T00:00:00+09:00"`]: [],
      [`${ours} and emails.value eq "x"`]: [],
      [`${ours} and emails[type eq "work"]`]: [],
      [`${ours} and not (emails pr)`]: ['S-1', 'S-2', 'S-3'],
      [`${ours} and groups pr`]: [],
      'userName eq "a\\u0000b"': [],
      'userName eq "\\ud800"': [],
      'userName eq "\' or 1=1 --"': [],
      [`id eq "${randomUUID()}"`]: [],
      'id co "zz"': [],
    };
    for (const [filter, expected] of Object.entries(answers)) assert.deepEqual(await find(filter), expected, filter);
  });

  it('or the filter is refused', async () => {
    for (const filter of [
      'userName',
      'nothing eq "x"',
      'userName eq 1',
      'active gt true',
      'active eq "x"',
      'meta.created co "2020"',
      'meta.created gt "yesterday"',
      'meta.version eq "x"',
      'userName[value eq "x"]',
      'groups[nothing eq "x"]',
      'userName gt null',
    ]) {
      assert.equal(await find(filter), 'invalidFilter', filter);
    }
    assert.equal(await find('x'.repeat(2001)), 'invalidSyntax');
  });

  it('come in an order and page by page, nobody twice and nobody left out', async () => {
    const ask = async (query: string) =>
      (await directory.send('GET', `/Users?filter=${encodeURIComponent(ours)}&${query}`)).body;
    assert.deepEqual(namesIn(await ask('sortBy=displayName')), ['S-3', 'S-1', 'S-2']);
    assert.deepEqual(namesIn(await ask('sortBy=displayName&sortOrder=descending')), ['S-2', 'S-1', 'S-3']);
    assert.deepEqual(namesIn(await ask('sortBy=externalId')).at(0), 'S-1');
    const seen: (string | undefined)[] = [];
    for (const startIndex of [1, 2, 3]) {
      const page = await ask(`startIndex=${startIndex}&count=1`);
      assert.deepEqual([page.totalResults, page.startIndex, page.itemsPerPage], [3, startIndex, 1]);
      seen.push(...namesIn(page));
    }
    assert.deepEqual(seen.sort(), ['S-1', 'S-2', 'S-3']);
    const odd = await ask('startIndex=-5&count=-1');
    assert.deepEqual([odd.totalResults, odd.startIndex, odd.itemsPerPage], [3, 1, 0]);
    const beyond = await ask('startIndex=9000000000000000&count=5000');
    assert.deepEqual([beyond.totalResults, beyond.itemsPerPage], [3, 0]);
    assert.equal((await ask('sortBy=nothing')).scimType, 'invalidPath');
    assert.equal((await ask('sortOrder=sideways')).scimType, 'invalidValue');
    assert.equal((await ask('count=many')).scimType, 'invalidSyntax');
  });

  it('by a POST too', async () => {
    const body = { schemas: [scimUrns.search], filter: ours, attributes: ['userName'], sortBy: 'userName', count: 2 };
    const answer = await directory.send('POST', '/Users/.search', body);
    assert.equal(answer.status, 200);
    assert.equal(answer.body.totalResults, 3);
    const [first] = answer.body.Resources ?? [];
    assert.deepEqual(Object.keys(first ?? {}).sort(), ['id', 'schemas', 'userName']);
  });
});
