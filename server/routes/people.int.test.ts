import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { PersonSummary } from '#contract/api/people.ts';
import { policy } from '#contract/policy.ts';
import { startTestServer, type TestConsole, type TestServer } from '../testing.ts';
import { begin, eventsWhere, makeClinician, otherPin, prove } from '../testing-login.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

describe('people', () => {
  let admin: TestConsole;
  let desk: TestConsole;
  before(async () => {
    admin = await server.signIn(['admin']);
    desk = await server.signIn(['helpdesk']);
  });
  const add = (by: TestConsole, person: object) => server.call(by, 'people/add', { body: person });
  const find = async (search: string) =>
    ((await server.call(desk, 'people/list', { query: { search } })).body as { people: PersonSummary[] }).people.map(
      ({ number }) => number,
    );

  it('are found by number, name and kana, whatever width or kana they are typed in', async () => {
    await add(desk, { number: 'K-100', name: '髙橋 みなみ', kana: 'タカハシ ミナミ' });
    await add(desk, { number: 'K-200', name: 'Nguyễn Văn A', kana: 'グエン ヴァン アー' });
    for (const search of [
      'k-100',
      'Ｋ-１００',
      '髙橋',
      '高橋',
      '髙橋みなみ',
      'ﾀｶﾊｼ',
      'たかはし',
      'タカハシミナミ',
      'ハシ ミ',
    ]) {
      assert.deepEqual(await find(search), ['K-100'], search);
    }
    assert.deepEqual(await find('NGUYỄN'), ['K-200']);
    assert.deepEqual(await find('ぐえん'), ['K-200']);
    for (const search of ['%', '_', '\\', "'", '100%', 'K\u0000%']) assert.deepEqual(await find(search), [], search);
    assert.equal((await find('')).at(0), 'K-200');
    assert.deepEqual((await find('K-')).sort(), ['K-100', 'K-200']);
  });

  it('get other roles than clinician from an admin alone', async () => {
    assert.equal(
      (await add(desk, { number: 'K-300', name: 'x', roles: ['clinician', 'admin'] })).code,
      'CONSOLE_ROLE_MISSING',
    );
    assert.deepEqual(await find('K-300'), []);
    assert.equal((await add(admin, { number: 'K-300', name: 'x', roles: ['clinician', 'helpdesk'] })).status, 200);
    assert.equal((await add(desk, { number: 'Ｋ-300', name: 'y' })).code, 'PERSON_NUMBER_TAKEN');
    const refused = (await eventsWhere(server, 'actor', desk.person)).find(({ kind }) => kind === 'request.refused');
    assert.deepEqual([refused?.reason, refused?.outcome], ['role-missing', 'serious']);
  });

  it('have clean names', async () => {
    for (const name of ['a\u0000b', 'a\nb', 'a\u202eb', '   ', '']) {
      assert.equal((await add(desk, { number: randomUUID(), name })).status, 400, JSON.stringify(name));
    }
  });

  it('are unlocked by somebody else, and what is disabled stays so', async () => {
    const clinician = await makeClinician(server);
    const until = new Date(server.now().getTime() + 60_000);
    await server.database.query(
      `update credential set failures = 5, locked_until = $2 where person = $1 and kind = 'pin'`,
      [clinician.person.id, until],
    );
    await server.database.query(
      `update credential set failures = 20, state = 'disabled' where person = $1 and kind = 'totp'`,
      [clinician.person.id],
    );
    const params = { person: clinician.person.id };
    const factors = async () =>
      (
        (await server.call(desk, 'people/show', { params })).body as {
          factors: { kind: string; state: string; lockedUntil: string | null }[];
        }
      ).factors.map(({ kind, state, lockedUntil }) => [kind, state, lockedUntil]);
    assert.deepEqual(await factors(), [
      ['pin', 'locked', until.toISOString()],
      ['totp', 'disabled', null],
    ]);
    assert.equal((await server.call(desk, 'people/unlock', { params })).status, 200);
    assert.deepEqual(await factors(), [
      ['pin', 'active', null],
      ['totp', 'disabled', null],
    ]);
    const written = (await eventsWhere(server, 'person', clinician.person.id)).at(-1);
    assert.deepEqual([written?.kind, written?.reason, written?.actor], ['person.changed', 'unlocked', desk.person]);
    assert.equal((await server.call(desk, 'people/unlock', { params: { person: desk.person } })).code, 'PERSON_SELF');
    assert.equal(
      (await server.call(desk, 'people/unlock', { params: { person: admin.person } })).code,
      'CONSOLE_ROLE_MISSING',
    );
    assert.equal(
      (await server.call(desk, 'people/unlock', { params: { person: randomUUID() } })).code,
      'PERSON_UNKNOWN',
    );
  });
});

describe('lifting a lock', () => {
  it('does not stretch the limit of wrong tries in a row', async () => {
    const desk = await server.signIn(['helpdesk']);
    const terminal = await server.enrol();
    const clinician = await makeClinician(server, { totp: false });
    const { hard } = policy.parse({}).tries;
    let looked = 0;
    for (let round = 0; round < 2 * hard; round += 1) {
      const begun = await begin(server, terminal, clinician.evidence);
      if (begun.status === 200) {
        const { attempt } = begun.body as { attempt: string };
        const { code } = await prove(server, terminal, attempt, 'pin', otherPin);
        assert.match(code ?? '', /^PROOF_(WRONG|LOCKED)$/);
        looked += 1;
      } else {
        await server.call(desk, 'people/unlock', { params: { person: clinician.person.id } });
      }
    }
    assert.equal(looked, hard);
  });
});
