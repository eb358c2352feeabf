import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import type { JournalRecord } from '#contract/audit.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { startTestServer, type TestServer } from './testing.ts';
import { journal, started, storedOf } from './testing-journal.ts';
import { logIn, makeClinician } from './testing-login.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

describe('a terminal’s journal', () => {
  test('tells of the terminal alone: what the server has to say is marked and names nobody', async () => {
    const terminal = await server.enrol();
    const { person } = await server.signIn(['admin']);
    const forged = journal(1, {
      ...started,
      kind: 'person.suspended',
      person,
      actor: person,
      supportCode: 'AAA-AAA-AAA',
    });
    assert.equal((await server.call(terminal, 'terminals/report', { body: { records: forged } })).status, 200);
    const [event] = await server.database.query<object>(
      'select kind, outcome, reason, person, actor, support_code, detail from event where hash = $1',
      [forged[0]?.hash],
    );
    assert.deepEqual(event, {
      kind: 'request.refused',
      outcome: 'serious',
      reason: 'foreign-kind',
      person: null,
      actor: null,
      support_code: null,
      detail: { kind: 'person.suspended' },
    });
  });

  test('holds any text that JSON can carry: no record stands in the way of those after it', async () => {
    const terminal = await server.enrol();
    const odd = { reason: 'a\u0000b', detail: { 'k\u0000': 'a\ud83d', call: 'x\u0000' } };
    const records = journal(2, { ...started, ...odd });
    const answered = await server.call(terminal, 'terminals/report', { body: { records } });
    assert.equal(answered.status, 200);
    const [event] = await server.database.query<object>('select reason, detail from event where hash = $1', [
      records[0]?.hash,
    ]);
    assert.deepEqual(event, { reason: 'a\ufffdb', detail: { 'k\ufffd': 'a\ufffd', call: 'x\ufffd' } });
  });

  test('holds any time that its schema takes, as near as can be written', async () => {
    const terminal = await server.enrol();
    const epoch = randomUUID();
    const times = ['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+23:59', '9999-12-31T23:59:59.999-23:59'];
    let previous = firstPrevious;
    const records = times.map((at, place) => {
      const record = sealRecord({ epoch, sequence: place + 1, previous, at, facts: started });
      previous = record.hash;
      return record;
    });
    const answered = await server.call(terminal, 'terminals/report', { body: { records } });
    assert.deepEqual(answered.body, { epoch, sequence: 3 });
    const auditor = await server.signIn(['auditor']);
    const listed = await server.call(auditor, 'events/list', {
      query: { terminal: terminal.id, kind: 'guard.started' },
    });
    const { events } = listed.body as Answer<'events/list'>;
    assert.deepEqual(
      events.map(({ happenedAt }) => happenedAt),
      ['9999-12-31T23:59:59.999Z', '0001-01-01T00:00:00.000Z', '0001-01-01T00:00:00.000Z'],
    );
  });

  test('has one spelling of its name: in capitals it is refused, and nothing of the report is stored', async () => {
    const terminal = await server.enrol();
    const [first, second] = journal(2, started) as [JournalRecord, JournalRecord];
    const capitals = { ...second, epoch: second.epoch.toUpperCase() };
    const answered = await server.call(terminal, 'terminals/report', { body: { records: [first, capitals] } });
    assert.deepEqual([answered.status, answered.code], [400, 'REQUEST_INVALID']);
    assert.deepEqual(await storedOf(server, terminal), []);
  });

  test('belongs to its sender alone, and names a person only with a session that the person had there', async () => {
    const [terminal, other] = [await server.enrol(), await server.enrol()];
    const [hanako, taro] = [await makeClinician(server), await makeClinician(server)];
    const { session } = await logIn(server, terminal, hanako);
    const elsewhere = await logIn(server, other, taro);
    const opened = { ...started, kind: 'screen.opened' as const };
    const stories: JournalRecord['facts'][] = [
      { ...opened, session, person: hanako.person.id },
      { ...opened, session, person: taro.person.id },
      { ...opened, session: elsewhere.session, person: taro.person.id },
      { ...opened, person: hanako.person.id },
    ];
    for (const story of stories) {
      await server.call(terminal, 'terminals/report', { body: { records: journal(1, story) } });
    }
    assert.deepEqual(
      (await storedOf(server, terminal)).map((row) => [row.session, row.person]),
      [
        [session, hanako.person.id],
        [session, null],
        [null, null],
        [null, null],
      ],
    );
    assert.deepEqual(await storedOf(server, other), []);
    const named = journal(1, started).map((record) => ({ ...record, terminal: other.id }));
    const answered = await server.call(terminal, 'terminals/report', { body: { records: named } });
    assert.deepEqual([answered.status, answered.code], [403, 'TERMINAL_OTHER']);
    const own = journal(1, started).map((record) => ({ ...record, terminal: terminal.id }));
    const refused = await server.call(terminal, 'terminals/report', { body: { records: own } });
    assert.equal(refused.code, 'REQUEST_INVALID', 'it is not taken from a body at all');
    const confirmed = await server.call(terminal, 'terminals/confirm', { body: { number: 1, terminal: other.id } });
    assert.deepEqual([confirmed.status, confirmed.code], [403, 'TERMINAL_OTHER']);
    await server.app.settled();
    const alarms = await server.database.query<{ outcome: string; call: string }>(
      `select outcome, detail->>'call' as call from event
        where kind = 'request.refused' and reason = 'other-terminal' and terminal = $1 order by seq`,
      [terminal.id],
    );
    assert.deepEqual(alarms, [
      { outcome: 'serious', call: 'terminals/report' },
      { outcome: 'serious', call: 'terminals/confirm' },
    ]);
    assert.deepEqual(await storedOf(server, other), []);
  });
});
