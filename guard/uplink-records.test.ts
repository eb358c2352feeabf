/** How the uplink brings a journal to its server. */
import assert from 'node:assert/strict';
import { randomUUID, verify, X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import type { Pushed } from '#contract/api/terminals.ts';
import type { JournalRecord } from '#contract/audit.ts';
import { sealRecord } from '#core/audit/chain.ts';
import { hello, ok, refuse, type TestServer } from './test-server.ts';
import { createTestUplink, recordsOf, type TestUplink } from './test-uplink.ts';

let at: TestUplink;
let server: TestServer;
beforeEach(async () => {
  at = await createTestUplink({ silence: 250 });
  ({ server } = at);
});
afterEach(() => at.stop());

test('records go up oldest first and once each, however often the server fails', async () => {
  const stored: number[] = [];
  let count = 0;
  server.on('/v1/terminals/report', ({ body }) => {
    const { records } = body as { records: JournalRecord[] };
    count += 1;
    if (count % 2 === 1) return count % 4 === 1 ? 'cut' : refuse(503, 'SERVER_BUSY');
    stored.push(...records.map(({ sequence }) => sequence));
    return ok({ epoch: records[0]?.epoch, sequence: records.at(-1)?.sequence });
  });
  const records = recordsOf(450);
  at.uplink.upload(records.slice(0, 10));
  await at.connect();
  at.uplink.upload(records.slice(10));
  await server.until(() => stored.length >= 450);
  assert.deepEqual(
    stored,
    records.map(({ sequence }) => sequence),
  );
  const { epoch } = records[0] as JournalRecord;
  while (at.position.get().uploaded[epoch] !== 450) await new Promise(setImmediate);
  await at.again();
  at.uplink.upload(records);
  at.events = [];
  await at.connect();
  await at.uplink.stop();
  assert.equal(stored.length, 450, 'what was sent is not sent again');
});

test('a server that was put back from a backup is sent what it lacks, in order, and what comes meanwhile after it', async () => {
  const stored: number[] = [];
  server.on('/v1/terminals/report', ({ body }) => {
    const { records } = body as { records: JournalRecord[] };
    stored.push(...records.map(({ sequence }) => sequence));
    return ok({ epoch: records[0]?.epoch, sequence: records.at(-1)?.sequence });
  });
  const records = recordsOf(40);
  const { epoch } = records[0] as JournalRecord;
  at.stillThere = records;
  at.position.change({ uploaded: { [epoch]: 30 } });
  await at.connect({ ...hello, journals: [{ epoch, sequence: 30 }] } as Pushed);
  server.push({ ...hello, journals: [{ epoch, sequence: 12 }] } as Pushed);
  at.uplink.upload(records.slice(30));
  await server.until(() => stored.length >= 28);
  assert.deepEqual(
    stored.toSorted((a, b) => a - b),
    records.slice(12).map(({ sequence }) => sequence),
  );
  while (at.position.get().uploaded[epoch] !== 40) await new Promise(setImmediate);
});

test('a report goes with the incarnation that was heard, and another server is heard first', async () => {
  const [before, now] = [randomUUID(), randomUUID()];
  const [stored, afters]: [number[], number[]] = [[], []];
  server.on('/v1/terminals/report', ({ body }) => {
    const { after, records, incarnation, signature } = body as {
      after: number;
      records: JournalRecord[];
      incarnation?: string;
      signature: string;
    };
    afters.push(after);
    const last = records.at(-1);
    const text = Buffer.from(`journal.${epoch}.${last?.sequence}.${last?.hash}`);
    const key = { key: new X509Certificate(server.identity.certificate).publicKey, dsaEncoding: 'ieee-p1363' } as const;
    assert.ok(verify('sha256', text, key, Buffer.from(signature, 'base64url')));
    if (incarnation !== now) return refuse(409, 'SERVER_RESTORED');
    stored.push(...records.map(({ sequence }) => sequence));
    return ok({ epoch: records[0]?.epoch, sequence: records.at(-1)?.sequence });
  });
  const records = recordsOf(20);
  const { epoch } = records[0] as JournalRecord;
  at.stillThere = records;
  at.position.change({ uploaded: { [epoch]: 15 } });
  await at.connect({ ...hello, incarnation: before, journals: [{ epoch, sequence: 15 }] } as Pushed);
  at.uplink.upload(records.slice(15));
  // The stream is opened anew by itself.
  await server.until(() => at.asked('/v1/terminals/stream').length >= 2);
  server.push({ ...hello, incarnation: now, journals: [{ epoch, sequence: 4 }] } as Pushed);
  await server.until(() => stored.length >= 16);
  assert.deepEqual(
    stored,
    records.slice(4).map(({ sequence }) => sequence),
  );
  assert.deepEqual([afters[0], afters.find((after) => after !== 15)], [15, 4], 'what the server had told');
});

test('a report is no longer than a server takes, in records and in characters', async () => {
  const sizes: number[] = [];
  server.on('/v1/terminals/report', ({ body }) => {
    const { records } = body as { records: JournalRecord[] };
    assert.ok(JSON.stringify(body).length < 2 * 1024 * 1024 && records.length <= 500);
    sizes.push(records.length);
    return ok({ epoch: records[0]?.epoch, sequence: records.at(-1)?.sequence });
  });
  const long = Object.fromEntries(Array.from({ length: 30 }, (_, place) => [`part${place}`, 'x'.repeat(200)]));
  const records = recordsOf(700).map((record) =>
    record.sequence > 500 ? sealRecord({ ...record, facts: { ...record.facts, detail: long } }) : record,
  );
  at.uplink.upload(records);
  await at.connect();
  await server.until(() => sizes.reduce((sum, size) => sum + size, 0) >= 700);
  assert.equal(sizes[0], 500);
  assert.ok(sizes.length > 2, `${sizes}`);
});
