import assert from 'node:assert/strict';
import { randomUUID, sign, verify } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import type { JournalRecord } from '#contract/audit.ts';
import { type ChainHead, findFault, firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { createDatabase } from './store/database.ts';
import { storeReports } from './store/reports.ts';
import { startTestServer, type TestServer, type TestTerminal } from './testing.ts';
import { storeRecords } from './testing-journal.ts';
import { logIn, makeClinician } from './testing-login.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const someTime = '2026-11-22T07:00:00.000+09:00';
const journal = (
  count: number,
  facts: JournalRecord['facts'],
  epoch: string = randomUUID(),
  timeOf: (sequence: number) => string = () => someTime,
): JournalRecord[] => {
  const records: JournalRecord[] = [];
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const previous = records.at(-1)?.hash ?? firstPrevious;
    records.push(sealRecord({ epoch, sequence, previous, at: timeOf(sequence), facts }));
  }
  return records;
};
const started: JournalRecord['facts'] = { kind: 'guard.started', outcome: 'success', factors: [], detail: {} };

const storedOf = (terminal: TestTerminal) =>
  server.database.query<{
    sequence: number;
    hash: string;
    chain: string | null;
    person: string | null;
    session: string | null;
  }>(
    `select sequence, hash, detail->>'chain' as chain, person, session from event
     where terminal = $1 and epoch is not null order by seq`,
    [terminal.id],
  );

/** Stores them without what the server makes of a second story. */
const store = (terminal: TestTerminal, records: readonly JournalRecord[]) =>
  server.database.transaction((tx) => storeRecords(tx, server.now(), terminal.id, records));

/** What is to be stored of these records, one after the other. */
const plainly = (sent: readonly JournalRecord[]) => {
  const stored: { sequence: number; hash: string; chain: string | null }[] = [];
  const places = new Map<string, string>();
  const heads = new Map<string, ChainHead>();
  const beside = new Set<string>();
  for (const record of sent) {
    const { epoch, sequence, hash } = record;
    const head = heads.get(epoch) ?? null;
    const there = places.get(`${epoch} ${sequence}`);
    if (there === undefined) stored.push({ sequence, hash, chain: findFault(record, head) });
    else if (there !== hash && !beside.has(hash)) stored.push({ sequence, hash, chain: 'rewritten' });
    if (there === undefined) places.set(`${epoch} ${sequence}`, hash);
    else if (there !== hash) beside.add(hash);
    if (head === null || sequence > head.sequence) heads.set(epoch, { epoch, sequence, hash });
  }
  return stored;
};

describe('a terminal’s journal', () => {
  test('is stored once, in order, however often and from however many connections it is sent', async () => {
    const terminal = await server.enrol();
    const records = journal(20, started);
    const parts = [records.slice(0, 12), records.slice(0, 12), records.slice(5, 20), records];
    for (const part of parts) {
      const answered = await server.call(terminal, 'terminals/report', { body: { records: part } });
      assert.equal(answered.status, 200);
    }
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => server.call(terminal, 'terminals/report', { body: { records } })),
    );
    for (const { body } of answers) assert.deepEqual(body, { epoch: records[0]?.epoch, sequence: 20 });
    const stored = await storedOf(terminal);
    assert.deepEqual(
      stored.map(({ sequence, hash, chain }) => ({ sequence, hash, chain })),
      records.map(({ sequence, hash }) => ({ sequence, hash, chain: null })),
    );
  });

  test('keeps what breaks the chain, marked', async () => {
    const terminal = await server.enrol();
    const records = journal(5, started);
    const changed = records.map((record) =>
      record.sequence === 2 ? { ...record, facts: { ...record.facts, outcome: 'major' as const } } : record,
    );
    const sent = changed.filter(({ sequence }) => sequence !== 4);
    assert.equal((await server.call(terminal, 'terminals/report', { body: { records: sent } })).status, 200);
    assert.deepEqual(
      (await storedOf(terminal)).map(({ sequence, chain }) => [sequence, chain]),
      [
        [1, null],
        [2, 'hash'],
        [3, null],
        [5, 'sequence'],
      ],
    );
  });

  test('keeps what is of a time still to come, marked, as far as the clock of the terminal does not say why', async () => {
    const terminal = await server.enrol();
    const minute = 60_000;
    const at = (ahead: number) => new Date(server.now().getTime() + ahead).toISOString();
    const times = [at(-minute), at(2 * minute), at(90 * minute), at(365 * 24 * 60 * minute), at(0)];
    const timeOf = (sequence: number) => times[sequence - 1] ?? '';
    const marksOf = async () =>
      (
        await server.database.query<{ ahead: number | null; chain: string | null }>(
          `select round((detail->>'aheadSeconds')::numeric / 60)::int as ahead, detail->>'chain' as chain from event
            where terminal = $1 and epoch is not null order by seq`,
          [terminal.id],
        )
      ).map(({ ahead, chain }) => ahead ?? chain);
    const records = journal(5, started, randomUUID(), timeOf);
    assert.equal((await server.call(terminal, 'terminals/report', { body: { records } })).status, 200);
    assert.deepEqual(await marksOf(), [null, null, 90, 365 * 24 * 60, null]);
    await server.database.query('update terminal set clock_offset_ms = $2 where id = $1', [terminal.id, 120 * minute]);
    const later = journal(5, started, randomUUID(), timeOf);
    assert.equal((await server.call(terminal, 'terminals/report', { body: { records: later } })).status, 200);
    assert.deepEqual((await marksOf()).slice(5), [null, null, null, 365 * 24 * 60, null]);
  });

  test('keeps a second story for a place that is filled, once, and beside the first', async () => {
    const terminal = await server.enrol();
    const epoch = randomUUID();
    const first = journal(2, started, epoch);
    const second = journal(2, { ...started, kind: 'guard.stopped' }, epoch);
    await server.call(terminal, 'terminals/report', { body: { records: first } });
    for (const _ of [1, 2]) {
      const { sequence } = await store(terminal, second);
      assert.equal(sequence, 2);
    }
    assert.deepEqual(
      (await storedOf(terminal)).map(({ hash, chain }) => [hash, chain]),
      [...first.map(({ hash }) => [hash, null]), ...second.map(({ hash }) => [hash, 'rewritten'])],
    );
  });

  test('that tells a second story is a clone or was set back: everything of that name is shut out, for somebody to look', async () => {
    const terminal = await server.enrol();
    const epoch = randomUUID();
    const [first, second] = [journal(2, started, epoch), journal(2, { ...started, kind: 'guard.stopped' }, epoch)];
    await server.call(terminal, 'terminals/report', { body: { records: first } });
    // It may be cut off before it hears that what it says is kept.
    await server.call(terminal, 'terminals/report', { body: { records: second } }).catch(() => undefined);
    assert.match(server.logged(), /other records for old places/);
    // Its connections are being cut at this moment, the one that this takes too.
    const report = () => server.call(terminal, 'terminals/report', { body: { records: first } });
    const after = await report().catch(report).catch(report);
    assert.equal(after.code, 'TERMINAL_REVOKED');
    const [event] = await server.database.query<object>(
      `select outcome, reason, actor from event where kind = 'terminal.revoked' and terminal = $1`,
      [terminal.id],
    );
    assert.deepEqual(event, { outcome: 'major', reason: 'journal-rewritten', actor: null });
    assert.equal((await storedOf(terminal)).length, 4);
  });

  test('confirms what came and no more, so that a record far ahead hides nothing', async () => {
    const terminal = await server.enrol();
    const records = journal(3, started);
    const [first, ...others] = records;
    assert.ok(first);
    const { hash: _, ...unsealed } = first;
    const ahead = sealRecord({ ...unsealed, sequence: Number.MAX_SAFE_INTEGER });
    await server.call(terminal, 'terminals/report', { body: { records: [ahead] } });
    const { body } = await server.call(terminal, 'terminals/report', { body: { records: [first] } });
    assert.deepEqual(body, { epoch: first.epoch, sequence: 1 });
    await server.call(terminal, 'terminals/report', { body: { records: others } });
    assert.equal((await storedOf(terminal)).length, 4);
  });

  test('is stored once also when a later month has begun meanwhile, and by whichever server process', async (t) => {
    const terminal = await server.enrol();
    const records = journal(30, started);
    await server.call(terminal, 'terminals/report', { body: { records: records.slice(0, 20) } });
    server.advance(35 * 24 * 3_600_000);
    t.after(() => server.advance(-35 * 24 * 3_600_000));
    const other = createDatabase({ connectionString: server.connectionString, report: () => undefined });
    t.after(other.close);
    await Promise.all(
      [server.database, other, server.database, other].map((database, index) =>
        database.transaction((tx) => storeRecords(tx, server.now(), terminal.id, records.slice(index * 5))),
      ),
    );
    assert.deepEqual(
      (await storedOf(terminal)).map(({ sequence, chain }) => [sequence, chain]),
      records.map(({ sequence }) => [sequence, null]),
    );
  });

  test('is stored once however its epoch is spelt, and by whatever clock of a server it was stored first', async (t) => {
    const terminal = await server.enrol();
    const records = journal(6, started, randomUUID().toUpperCase());
    await store(terminal, records.slice(0, 2));
    // Another server, whose clock is behind.
    server.advance(-2000);
    t.after(() => server.advance(2000));
    await store(terminal, records.slice(2, 4));
    for (const _ of [1, 2]) await store(terminal, records);
    assert.deepEqual(
      (await storedOf(terminal)).map(({ sequence, chain }) => [sequence, chain]),
      records.map(({ sequence }) => [sequence, null]),
    );
  });

  test('that its terminal signed for is stored with the signature; a wrong one is refused as a whole, with an alarm', async () => {
    const [terminal, other] = [await server.enrol(), await server.enrol()];
    const records = journal(6, started);
    const signatureOf = ({ key }: TestTerminal, some: readonly JournalRecord[]): string => {
      const last = some.at(-1);
      const text = `journal.${last?.epoch}.${last?.sequence}.${last?.hash}`;
      return sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    };
    const report = (from: number, to: number, signature: string) =>
      server.call(terminal, 'terminals/report', { body: { records: records.slice(from, to), signature } });
    for (const wrong of [signatureOf(other, records), signatureOf(terminal, records.slice(0, 2)), 'x'])
      assert.deepEqual((await report(0, 6, wrong)).code, 'TERMINAL_OTHER');
    assert.deepEqual(await storedOf(terminal), []);
    const alarms = await server.database.query<{ outcome: string }>(
      `select outcome from event where kind = 'request.refused' and reason = 'signature' and terminal = $1`,
      [terminal.id],
    );
    assert.deepEqual(
      alarms.map(({ outcome }) => outcome),
      ['serious', 'serious', 'serious'],
    );
    assert.equal((await report(0, 4, signatureOf(terminal, records.slice(0, 4)))).status, 200);
    assert.equal((await report(2, 6, signatureOf(terminal, records))).status, 200);
    // Again what was sent before: the newest word stays.
    assert.equal((await report(0, 4, signatureOf(terminal, records.slice(0, 4)))).status, 200);
    const [head] = await server.database.query<{ text: string; signature: string; key: Buffer }>(
      `select 'journal.' || epoch || '.' || signed_sequence || '.' || signed_hash as text, signature, signed_by as key
         from journal_head where terminal = $1`,
      [terminal.id],
    );
    assert.ok(head);
    assert.equal(head.text, `journal.${records[5]?.epoch}.6.${records[5]?.hash}`);
    const key = { key: head.key, format: 'der', type: 'spki', dsaEncoding: 'ieee-p1363' } as const;
    assert.ok(verify('sha256', Buffer.from(head.text), key, Buffer.from(head.signature, 'base64url')));
  });

  test('is not taken by what another incarnation of the server had: what it skips may be lacking here', async () => {
    const terminal = await server.enrol();
    const records = journal(4, started);
    const report = (incarnation: string | undefined) =>
      server.call(terminal, 'terminals/report', { body: { records: records.slice(2), incarnation } });
    const refused = await report(randomUUID());
    assert.deepEqual([refused.status, refused.code], [409, 'SERVER_RESTORED']);
    assert.equal((await storedOf(terminal)).length, 0);
    const [own] = await server.database.query<{ id: string }>('select id from server_incarnation');
    assert.equal((await report(own?.id)).status, 200);
    assert.equal((await storedOf(terminal)).length, 2);
  });

  test('is not taken where the server has less by now than it told: what came between is sent again first', async () => {
    const terminal = await server.enrol();
    const records = journal(6, started);
    const report = (from: number, to: number, after: number) =>
      server.call(terminal, 'terminals/report', { body: { records: records.slice(from, to), after } });
    assert.equal((await report(0, 2, 0)).status, 200);
    const refused = await report(4, 6, 4);
    assert.deepEqual([refused.status, refused.code], [409, 'SERVER_RESTORED']);
    assert.equal((await storedOf(terminal)).length, 2);
    assert.equal((await report(2, 4, 2)).status, 200);
    // What a terminal has lost itself it cannot send: with the word of this server the gap is stored, and marked.
    assert.equal((await report(5, 6, 4)).status, 200);
    assert.equal((await storedOf(terminal)).length, 5);
  });

  test('goes in with those of other terminals, each as if it were alone', async () => {
    const terminals = await Promise.all(Array.from({ length: 5 }, () => server.enrol()));
    const journals = terminals.map(() => journal(9, started));
    const unknown = { terminal: randomUUID() as TestTerminal['id'], records: journal(2, started) };
    const report = (from: number, to: number) =>
      server.database.transaction((tx) =>
        storeReports(tx, server.now(), [
          ...terminals.map(({ id }, place) => ({ terminal: id, records: journals[place]?.slice(from, to) ?? [] })),
          unknown,
        ]),
      );
    assert.deepEqual(
      (await report(0, 6)).map((stored) => (typeof stored === 'string' ? stored : stored.added)),
      [6, 6, 6, 6, 6, 'unknown'],
    );
    assert.deepEqual(
      (await report(3, 9)).map((stored) => (typeof stored === 'string' ? stored : [stored.added, stored.sequence])),
      [[3, 9], [3, 9], [3, 9], [3, 9], [3, 9], 'unknown'],
    );
    for (const [place, terminal] of terminals.entries())
      assert.deepEqual(
        (await storedOf(terminal)).map(({ hash, chain }) => [hash, chain]),
        journals[place]?.map(({ hash }) => [hash, null]),
      );
    const strange = await server.database.query('select 1 from event where terminal = $1', [unknown.terminal]);
    assert.equal(strange.length, 0);
  });

  test('is stored as a plain reading of the rules would have it, whatever is sent in whatever order', async () => {
    const random = (below: number): number => Math.floor(Math.random() * below);
    for (let round = 0; round < 12; round += 1) {
      const terminal = await server.enrol();
      const epochs = [randomUUID(), randomUUID()];
      const stories = epochs.flatMap((epoch) => [
        ...journal(12, started, epoch),
        ...journal(12, { ...started, kind: 'guard.stopped' }, epoch),
      ]);
      const sent: JournalRecord[][] = [];
      for (let report = 0; report < 6; report += 1) {
        const from = random(stories.length);
        const part = stories.slice(from, from + 1 + random(15)).filter(() => random(6) > 0);
        if (part.length > 0) sent.push(random(3) === 0 ? part.reverse() : part);
      }
      for (const records of sent) {
        await store(terminal, records);
      }
      assert.deepEqual(
        (await storedOf(terminal)).map(({ sequence, hash, chain }) => ({ sequence, hash, chain })),
        plainly(sent.flat()),
        JSON.stringify(sent),
      );
    }
  });

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
      (await storedOf(terminal)).map((row) => [row.session, row.person]),
      [
        [session, hanako.person.id],
        [session, null],
        [null, null],
        [null, null],
      ],
    );
    assert.deepEqual(await storedOf(other), []);
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
    assert.deepEqual(await storedOf(other), []);
  });
});
