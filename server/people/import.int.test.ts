import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ImportPlan } from '#contract/api/imports.ts';
import type { Answer } from '#contract/api/index.ts';
import { startTestServer, type TestConsole, type TestServer } from '../testing.ts';
import { eventsWhere, type LoggedEvent, logIn, makeClinician } from '../testing-login.ts';
import { openStream } from '../testing-stream.ts';

let server: TestServer;
let admin: TestConsole;
before(async () => {
  server = await startTestServer();
  admin = await server.signIn(['admin']);
});
after(() => server.close());

const preview = async (text: string, suspendMissing = false): Promise<ImportPlan> => {
  const answered = await server.call(admin, 'people/preview-import', { body: { text, suspendMissing } });
  assert.equal(answered.status, 200, JSON.stringify(answered.body));
  return (answered.body as Answer<'people/preview-import'>).plan;
};
const apply = (text: string, digest: string, suspendMissing = false) =>
  server.call(admin, 'people/apply-import', { body: { text, suspendMissing, digest } });
const countPeople = async (): Promise<number> =>
  (await server.database.query<{ count: number }>('select count(*) as count from person'))[0]?.count ?? 0;
const lastEvents = (kind: string): Promise<LoggedEvent[]> =>
  server.database.query<LoggedEvent>('select * from event where kind = $1 order by seq desc', [kind]);

describe('an import', () => {
  it('does exactly what its preview said, with an event for each person and one for itself', async () => {
    const clinician = await makeClinician(server);
    const { number } = clinician.person;
    const text = `\ufeff職員番号,氏名,フリガナ,役割\r\nI-1,"取込, 一郎",ﾄﾘｺﾐ ｲﾁﾛｳ,\r\n${number},改姓 花子,,ヘルプデスク\r\n`;
    const plan = await preview(text);
    assert.deepEqual(plan.problems, []);
    assert.deepEqual(
      plan.added.map(({ line, person }) => [line, person.number, person.name, person.kana]),
      [[2, 'I-1', '取込, 一郎', 'トリコミ イチロウ']],
    );
    assert.deepEqual(
      plan.changed.map(({ line, before: was, after: is }) => [line, was.name, is.name, was.roles, is.roles]),
      [[3, '山田 花子', '改姓 花子', ['clinician'], ['helpdesk']]],
    );
    const people = await countPeople();
    const applied = await apply(text, plan.digest);
    const { at, ...sums } = applied.body as Answer<'people/apply-import'>;
    assert.deepEqual(sums, { added: 1, changed: 1, suspended: 0, resumed: 0, unchanged: 0, revocations: [] });
    const rows = await server.database.query('select number from person where created_at = $1', [new Date(at)]);
    assert.deepEqual(rows, [{ number: 'I-1' }]);
    assert.equal(await countPeople(), people + 1);

    const [imported] = await lastEvents('people.imported');
    assert.equal(imported?.actor, admin.person);
    assert.partialDeepStrictEqual(imported?.detail, { added: 1, changed: 1, import: plan.digest.slice(0, 16) });
    const own = (await eventsWhere(server, 'person', clinician.person.id)).slice(-2);
    assert.deepEqual(
      own.map(({ kind, reason, actor, detail }) => [kind, reason, actor, detail]),
      [
        [
          'person.changed',
          'details',
          admin.person,
          { import: plan.digest.slice(0, 16), nameBefore: '山田 花子', name: '改姓 花子' },
        ],
        [
          'person.changed',
          'roles',
          admin.person,
          { import: plan.digest.slice(0, 16), rolesBefore: 'clinician', roles: 'helpdesk' },
        ],
      ],
    );
    const found = await server.call(admin, 'people/list', { query: { search: 'とりこみ' } });
    assert.partialDeepStrictEqual(found.body, { people: [{ number: 'I-1' }] });
    const again = await preview(text);
    assert.deepEqual([again.added, again.changed, again.unchanged], [[], [], 2]);
  });

  it('of leavers ends their sessions at once and tells every terminal by number', async () => {
    const terminal = await server.enrol();
    const stream = await openStream(server, terminal, '/v1/terminals/stream?after=0&clock=0');
    const clinician = await makeClinician(server);
    const { session } = await logIn(server, terminal, clinician);
    const text = `number,name,state\n${clinician.person.number},${clinician.person.name},退職`;
    const plan = await preview(text);
    assert.deepEqual(
      plan.suspended.map(({ line, person }) => [line, person.id]),
      [[2, clinician.person.id]],
    );
    const applied = (await apply(text, plan.digest)).body as Answer<'people/apply-import'>;
    const [revocation] = applied.revocations;
    const { order } = await stream.next<{ kind: string; order: { number: number; person: string } }>(
      (event) => event.kind === 'revocation',
    );
    assert.deepEqual([order.number, order.person], [revocation, clinician.person.id]);
    const events = await eventsWhere(server, 'session', session);
    assert.deepEqual(
      events.filter(({ kind }) => kind === 'session.ended').map(({ reason }) => reason),
      ['revoked'],
    );
    stream.close();
  });

  it('is refused as a whole for a single bad line', async () => {
    const text = 'number,name\nB-1,good\nB-2,\u0000';
    const plan = await preview(text);
    assert.deepEqual(plan.problems, [{ line: 3, column: 'name', rule: 'characters', other: null }]);
    assert.equal((await apply(text, plan.digest)).code, 'IMPORT_PROBLEMS');
    assert.deepEqual((await preview('number,name\nB-1,good')).added.length, 1);
    for (const broken of ['number,name\nB-1,"never ends', 'number,name\nB-1,"a"b', '', '\n\n', '"']) {
      const { problems } = await preview(broken);
      assert.equal(problems.length > 0, true, JSON.stringify(broken));
      assert.equal((await apply(broken, plan.digest)).code, 'IMPORT_PROBLEMS');
    }
  });

  it('is refused when people, file or options are not those of the preview', async () => {
    const text = 'number,name\nT-1,first';
    const { digest } = await preview(text);
    assert.equal((await apply('number,name\nT-1,second', digest)).code, 'IMPORT_STALE');
    assert.equal((await apply(text, '0'.repeat(64))).code, 'IMPORT_STALE');
    assert.equal((await apply(text, digest, true)).code, 'IMPORT_STALE');
    await server.call(admin, 'people/add', { body: { number: 't-1', name: 'other' } });
    assert.equal((await apply(text, digest)).code, 'IMPORT_STALE');
    const clinician = await makeClinician(server);
    const rename = `number,name\n${clinician.person.number},新しい名前`;
    const seen = await preview(rename);
    const params = { person: clinician.person.id };
    await server.call(admin, 'people/change', { params, body: { kana: 'カナ' } });
    assert.equal((await apply(rename, seen.digest)).code, 'IMPORT_STALE');
  });

  it('is carried out once, though 200 ask for it at once', async () => {
    const text = `number,name\n${Array.from({ length: 50 }, (_, number) => `O-${number},once`).join('\n')}`;
    const { digest } = await preview(text);
    const answers = await Promise.all(Array.from({ length: 200 }, () => apply(text, digest)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    const others = new Set(answers.flatMap(({ code }) => code ?? []));
    others.delete('SERVER_BUSY');
    assert.deepEqual([...others], ['IMPORT_STALE']);
    const rows = await server.database.query(`select 1 from person where name = 'once'`);
    assert.equal(rows.length, 50);
    const [imported] = await lastEvents('people.imported');
    assert.equal(imported?.detail['added'], 50);
  });

  it('never takes the rights of who imports, and is an admin’s alone', async () => {
    const text = `number,name,roles,state\n${admin.person},A person,診療職員,退職`;
    const { problems } = await preview(text);
    assert.deepEqual(
      problems.map(({ rule, column }) => [rule, column]),
      [
        ['self', 'state'],
        ['self', 'roles'],
      ],
    );
    for (const role of ['helpdesk', 'auditor', 'operator'] as const) {
      const other = await server.signIn([role]);
      const body = { text: 'number,name\nX-1,x' };
      assert.equal((await server.call(other, 'people/preview-import', { body })).code, 'CONSOLE_ROLE_MISSING');
    }
  });

  it('takes twenty thousand people in one go, and sees twenty thousand unchanged', async () => {
    const rows = Array.from({ length: 20_000 }, (_, number) => `L-${number},職員 ${number},ショクイン`);
    const text = `職員番号,氏名,カナ\n${rows.join('\n')}`;
    const before = await countPeople();
    const plan = await preview(text);
    assert.equal(plan.added.length, 20_000);
    const applied = await apply(text, plan.digest);
    assert.partialDeepStrictEqual(applied.body, { added: 20_000 });
    assert.equal((await countPeople()) - before, 20_000);
    const again = await preview(text);
    assert.deepEqual([again.added.length, again.unchanged], [0, 20_000]);
    const [row] = await server.database.query<{ count: number }>(
      `select count(*) as count from event where kind = 'person.added' and detail->>'import' = $1`,
      [plan.digest.slice(0, 16)],
    );
    assert.equal(row?.count, 20_000);
  });
});
