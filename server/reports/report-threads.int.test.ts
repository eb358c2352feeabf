import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPublicKey, randomUUID, sign } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { JournalRecord } from '#contract/audit.ts';
import type { Policy } from '#contract/policy.ts';
import { DatabaseAway } from '../store/database.ts';
import { startTestServer, type TestServer, type TestTerminal } from '../testing.ts';
import { journal, started, storedOf } from '../testing-journal.ts';
import type { ReportBody, SentBody } from './report-store.ts';
import { type ReportThreads, startReportThreads } from './report-threads.ts';

let server: TestServer;
let terminal: TestTerminal;
let thread: ReportThreads;
const problems: unknown[] = [];
const open = (): ReportThreads =>
  startReportThreads({
    connectionString: server.connectionString,
    policy: server.policies.active,
    report: (problem) => void problems.push(problem),
  });
before(async () => {
  server = await startTestServer();
  terminal = await server.enrol();
  thread = open();
});
after(async () => {
  await thread.close();
  await server.close();
});

const publicKeyOf = ({ key }: TestTerminal): Buffer => createPublicKey(key).export({ type: 'spki', format: 'der' });
const signedBy = ({ key }: TestTerminal, records: readonly JournalRecord[]): ReportBody => {
  const last = records.at(-1);
  const text = Buffer.from(`journal.${last?.epoch}.${last?.sequence}.${last?.hash}`);
  return {
    records: [...records],
    signature: sign('sha256', text, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url'),
  };
};
const sent = (body: SentBody['body'], from = terminal): SentBody => ({
  terminal: from.id,
  publicKey: publicKeyOf(from),
  body,
});
const bytes = (body: unknown): Uint8Array => Buffer.from(JSON.stringify(body));

describe('a thread of its own', () => {
  test('stores what terminals send at the same time, each record once, as it came and as its schema has it', async () => {
    const others = await Promise.all(Array.from({ length: 12 }, () => server.enrol()));
    const journals = others.map(() => journal(40, started));
    await Promise.all(
      others.map(async (other, place) => {
        const records = journals[place] ?? [];
        const body = signedBy(other, records);
        const as = place % 2 === 0 ? bytes(body) : body;
        const [one, two] = await Promise.all([thread.store(sent(as, other)), thread.store(sent(as, other))]);
        const { epoch } = records[0] ?? assert.fail();
        assert.deepEqual(one, { kind: 'stored', epoch, sequence: 40, added: 40, rewritten: 0 });
        assert.deepEqual(two, { kind: 'stored', epoch, sequence: 40, added: 0, rewritten: 0 });
      }),
    );
    for (const [place, other] of others.entries())
      assert.deepEqual(
        (await storedOf(server, other)).map(({ hash, chain }) => [hash, chain]),
        (journals[place] ?? []).map(({ hash }) => [hash, null]),
      );
  });

  test('leaves the bytes that it was given to whoever gave them', async () => {
    const body = bytes({ records: journal(3, started) });
    const copy = Buffer.from(body);
    await thread.store(sent(body));
    assert.deepEqual(Buffer.from(body), copy);
  });

  test('says what it cannot store', async () => {
    const records = journal(2, started);
    const unread = [Buffer.alloc(0), Buffer.from('{"records":'), Buffer.from([0xff]), bytes({ records: [] })];
    for (const one of unread) assert.deepEqual(await thread.store(sent(one)), { kind: 'unread' });
    const stranger = await server.enrol();
    assert.deepEqual(await thread.store(sent(bytes(signedBy(stranger, records)))), { kind: 'foreign', records: 2 });
    const nobody = { ...terminal, id: randomUUID() as TestTerminal['id'] };
    assert.deepEqual(await thread.store(sent(bytes({ records }), nobody)), { kind: 'unknown' });
    const ofOther = { records, incarnation: randomUUID() };
    assert.deepEqual(await thread.store(sent(bytes(ofOther))), { kind: 'restored' });
    assert.ok((await storedOf(server, terminal)).every(({ hash }) => records.every((record) => record.hash !== hash)));
  });

  test('goes by the policy that is in force when a report comes, and a bug there is one here', async () => {
    let active: Policy | null = null;
    const own = startReportThreads({
      connectionString: server.connectionString,
      policy: () => active as Policy,
      report: () => undefined,
    });
    const records = journal(1, started);
    const isBug = (problem: unknown) => problem instanceof Error && !(problem instanceof DatabaseAway);
    await assert.rejects(own.store(sent(bytes({ records }))), isBug);
    active = server.policies.active();
    assert.equal((await own.store(sent(bytes({ records })))).kind, 'stored');
    await own.close();
  });

  test('answers at once that the database is away, and goes on when it is there again', async () => {
    const records = journal(1, started);
    thread.setAway(true);
    await assert.rejects(thread.store(sent(bytes({ records }))), DatabaseAway);
    thread.setAway(false);
    assert.equal((await thread.store(sent(bytes({ records })))).kind, 'stored');
  });

  test('says that the database is away where it does not answer', async () => {
    const nowhere = startReportThreads({
      connectionString: 'postgres://kazasu@127.0.0.1:1/kazasu',
      policy: server.policies.active,
      report: () => undefined,
    });
    await assert.rejects(nowhere.store(sent(bytes({ records: journal(1, started) }))), DatabaseAway);
    await nowhere.close();
  });

  test('ends when all that it was asked is answered, and takes nothing after that', async () => {
    const own = open();
    const asked = Array.from({ length: 5 }, () => own.store(sent(bytes({ records: journal(10, started) }))));
    const closing = own.close();
    await assert.rejects(own.store(sent(bytes({ records: journal(1, started) }))), DatabaseAway);
    assert.deepEqual(
      (await Promise.all(asked)).map(({ kind }) => kind),
      asked.map(() => 'stored'),
    );
    await closing;
    await own.close();
    assert.deepEqual(problems, []);
  });

  test('takes the process with it when it ends by itself', async () => {
    const program = `
      import { startReportThreads } from ${JSON.stringify(new URL('./report-threads.ts', import.meta.url).href)};
      startReportThreads({ connectionString: undefined, policy: () => ({}), report: () => undefined }, new URL('data:text/javascript,throw new Error("torn")'));
      setTimeout(() => process.exit(0), 20_000);`;
    const ended = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]).then(
      () => assert.fail('it went on'),
      (problem: { code: number; stderr: string }) => problem,
    );
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /torn/);
  });
});
