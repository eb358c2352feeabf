import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import { startTestServer, type TestConsole, type TestServer } from '../testing.ts';
import { giveCard, makeClinician } from '../testing-login.ts';

let server: TestServer;
let admin: TestConsole;
let desk: TestConsole;
let auditor: TestConsole;

before(async () => {
  server = await startTestServer();
  admin = await server.signIn(['admin']);
  desk = await server.signIn(['helpdesk']);
  auditor = await server.signIn(['auditor']);
});
after(() => server.close());

const list = async (by: TestConsole, query: Readonly<Record<string, string>>): Promise<Answer<'people/list'>> => {
  const answered = await server.call(by, 'people/list', { query });
  assert.equal(answered.status, 200, JSON.stringify(answered.body));
  return answered.body as Answer<'people/list'>;
};
const numbersOf = async (by: TestConsole, query: Readonly<Record<string, string>>): Promise<readonly string[]> =>
  (await list(by, { sort: 'number', ...query })).people.map(({ number }) => number);
const add = async (number: string, roles = ['clinician']): Promise<{ readonly id: string }> => {
  const added = await server.call(admin, 'people/add', { body: { number, name: number, roles } });
  return (added.body as Answer<'people/add'>).person;
};

describe('people by their cards', () => {
  it('are asked for since any time that the calendar of the web knows, the year 0 too', async () => {
    const long = '0000-01-01T00:00:00Z';
    await add('Y-1');
    assert.deepEqual(await numbersOf(desk, { search: 'Y-', enrolledSince: long }), []);
    assert.deepEqual(await numbersOf(desk, { search: 'Y-', addedAt: long }), []);
    assert.equal((await server.call(desk, 'cards/list', { query: { since: long } })).status, 200);
  });

  it('are those who have none, or those who have one in force or suspended', async () => {
    await add('P-1');
    const { person: holder, card } = await makeClinician(server, { pin: false, totp: false });
    await server.database.query('update person set number = $2, search = $3 where id = $1', [holder.id, 'P-2', 'p-2']);
    const search = 'P-';
    assert.deepEqual(await numbersOf(desk, { search, cards: 'none' }), ['P-1']);
    assert.deepEqual(await numbersOf(desk, { search, cards: 'held' }), ['P-2']);
    await server.database.query(`update card set state = 'suspended' where id = $1`, [card]);
    assert.deepEqual(await numbersOf(desk, { search, cards: 'held' }), ['P-2']);
    await server.database.query(`update card set state = 'revoked' where id = $1`, [card]);
    assert.deepEqual(await numbersOf(desk, { search, cards: 'none' }), ['P-1', 'P-2']);
  });

  it('want one where whoever asks may enrol it: active people, for helpdesk those without power', async () => {
    await add('W-1');
    await add('W-2', ['clinician', 'auditor']);
    const away = await add('W-3');
    await server.call(admin, 'people/suspend', {
      params: { person: away.id as never },
      body: { reason: 'person-left' },
    });
    const query = { search: 'W-', cards: 'wanted' };
    assert.deepEqual(await numbersOf(desk, query), ['W-1']);
    assert.deepEqual(await numbersOf(admin, query), ['W-1', 'W-2']);
    assert.deepEqual(await numbersOf(auditor, query), ['W-1']);
    assert.deepEqual(await numbersOf(admin, { search: 'W-', cards: 'none' }), ['W-1', 'W-2', 'W-3']);
  });

  it('got theirs since a time that the list itself told', async () => {
    const [one, other] = [await add('G-1'), await add('G-2')];
    await giveCard(server, one as never);
    server.advance(1000);
    const { at } = await list(desk, { search: 'G-' });
    assert.deepEqual(
      await numbersOf(desk, { search: 'G-', enrolledSince: new Date(Date.parse(at) + 1).toISOString() }),
      [],
    );
    await giveCard(server, other as never);
    const got = await numbersOf(desk, { search: 'G-', enrolledSince: at });
    assert.ok(got.includes('G-2'), got.join());
    const cards = await server.call(desk, 'cards/list', { query: { kind: 'own', since: at, search: 'G-' } as never });
    assert.ok((cards.body as Answer<'cards/list'>).cards.every(({ enrolledAt }) => enrolledAt >= at));
  });

  it('are found by their identifiers, and by the import that brought them', async () => {
    const [one, , three] = [await add('I-1'), await add('I-2'), await add('I-3')];
    assert.deepEqual(await numbersOf(desk, { ids: `${one.id},${three.id}` }), ['I-1', 'I-3']);
    for (const ids of ['x', `${one.id},`, '-'.repeat(36)]) {
      assert.equal((await server.call(desk, 'people/list', { query: { ids } as never })).code, 'REQUEST_INVALID', ids);
    }
    const upload = { text: 'number,name\nI-1,I-1\nI-8,x\nI-9,y\n' };
    const seen = await server.call(admin, 'people/preview-import', { body: upload as never });
    const { digest } = (seen.body as Answer<'people/preview-import'>).plan;
    const done = await server.call(admin, 'people/apply-import', { body: { ...upload, digest } as never });
    const { at } = done.body as Answer<'people/apply-import'>;
    assert.deepEqual(await numbersOf(desk, { addedAt: at }), ['I-8', 'I-9']);
  });
});
