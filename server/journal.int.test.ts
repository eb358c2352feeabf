import assert from 'node:assert/strict';
import { randomUUID, sign, verify } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { JournalRecord } from '#contract/audit.ts';
import { type ChainHead, findFault, sealRecord } from '#core/audit/chain.ts';
import { createDatabase } from './store/database.ts';
import { storeReports } from './store/reports.ts';
import { startTestServer, type TestServer, type TestTerminal } from './testing.ts';
import { asSent, journal, started, storedOf, storeRecords } from './testing-journal.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

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
    const stored = await storedOf(server, terminal);
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
      (await storedOf(server, terminal)).map(({ sequence, chain }) => [sequence, chain]),
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
      (await storedOf(server, terminal)).map(({ hash, chain }) => [hash, chain]),
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
    assert.equal((await storedOf(server, terminal)).length, 4);
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
    assert.equal((await storedOf(server, terminal)).length, 4);
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
      (await storedOf(server, terminal)).map(({ sequence, chain }) => [sequence, chain]),
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
      (await storedOf(server, terminal)).map(({ sequence, chain }) => [sequence, chain]),
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
    assert.deepEqual(await storedOf(server, terminal), []);
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

  test('that lacked a record gets it when it comes, whichever version of the server went on with it meanwhile', async () => {
    for (const before of [false, true]) {
      const terminal = await server.enrol();
      const records = journal(8, started);
      await store(terminal, records.slice(0, 4));
      await store(terminal, records.slice(5, 7));
      // A server of the version before moves the head and says nothing of what lacks.
      if (before)
        await server.database.query('update journal_head set whole_to = 4 where terminal = $1', [terminal.id]);
      await store(terminal, records.slice(2));
      assert.deepEqual(
        (await storedOf(server, terminal)).map(({ sequence, chain }) => [sequence, chain]),
        [...[1, 2, 3, 4].map((sequence) => [sequence, null]), [6, 'sequence'], [7, null], [5, 'sequence'], [8, null]],
      );
    }
  });

  test('is not taken by what another incarnation of the server had: what it skips may be lacking here', async () => {
    const terminal = await server.enrol();
    const records = journal(4, started);
    const report = (incarnation: string | undefined) =>
      server.call(terminal, 'terminals/report', { body: { records: records.slice(2), incarnation } });
    const refused = await report(randomUUID());
    assert.deepEqual([refused.status, refused.code], [409, 'SERVER_RESTORED']);
    assert.equal((await storedOf(server, terminal)).length, 0);
    const [own] = await server.database.query<{ id: string }>('select id from server_incarnation');
    assert.equal((await report(own?.id)).status, 200);
    assert.equal((await storedOf(server, terminal)).length, 2);
  });

  test('is not taken where the server has less by now than it told: what came between is sent again first', async () => {
    const terminal = await server.enrol();
    const records = journal(6, started);
    const report = (from: number, to: number, after: number) =>
      server.call(terminal, 'terminals/report', { body: { records: records.slice(from, to), after } });
    assert.equal((await report(0, 2, 0)).status, 200);
    const refused = await report(4, 6, 4);
    assert.deepEqual([refused.status, refused.code], [409, 'SERVER_RESTORED']);
    assert.equal((await storedOf(server, terminal)).length, 2);
    assert.equal((await report(2, 4, 2)).status, 200);
    // What a terminal has lost itself it cannot send: with the word of this server the gap is stored, and marked.
    assert.equal((await report(5, 6, 4)).status, 200);
    assert.equal((await storedOf(server, terminal)).length, 5);
  });

  test('goes in with those of other terminals, each as if it were alone', async () => {
    const terminals = await Promise.all(Array.from({ length: 5 }, () => server.enrol()));
    const journals = terminals.map(() => journal(9, started));
    const unknown = { terminal: randomUUID() as TestTerminal['id'], records: journal(2, started) };
    const report = (from: number, to: number) =>
      server.database.transaction((tx) =>
        storeReports(tx, server.now(), [
          ...terminals.map(({ id }, place) =>
            asSent({ terminal: id, records: journals[place]?.slice(from, to) ?? [] }),
          ),
          asSent(unknown),
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
        (await storedOf(server, terminal)).map(({ hash, chain }) => [hash, chain]),
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
        (await storedOf(server, terminal)).map(({ sequence, hash, chain }) => ({ sequence, hash, chain })),
        plainly(sent.flat()),
        JSON.stringify(sent),
      );
    }
  });
});
