import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import type { JournalRecord } from '#contract/audit.ts';
import { type ChainHead, findFault } from '#core/audit/chain.ts';
import { openServerKeys } from '#server/held-keys.ts';
import { readHeader, readPage } from '#server/log-tree/export.ts';
import { createSeenInMemory } from '#server/log-tree/seen.ts';
import { verifyExport } from '#server/log-tree/verify.ts';
import { findEnd } from '#server/store/log-tree.ts';
import { openTestDatabase, type TestDatabase } from '#server/testing-cluster.ts';
import { type FillDeps, type Filled, fillHospital, fingerprintOf, NotEmpty } from './fill.ts';

const size = { people: 300, cards: 500, terminals: 120, events: 9000, days: 3 };
const given = { seed: 7, until: new Date('2026-11-27T03:00:00Z'), size };
let held: TestDatabase;
let filled: Filled;
let deps: FillDeps;
const shares: number[] = [];

before(async () => {
  held = await openTestDatabase();
  const { database, folder } = held;
  const keys = await openServerKeys(database, join(folder, 'server'), new Date());
  const progress = (_: string, share: number) => void shares.push(share);
  deps = { ...given, database, keys, seen: createSeenInMemory(), log: pino({ level: 'silent' }), progress };
  filled = await fillHospital(deps);
});
after(() => held?.close());

const count = async (text: string): Promise<number> =>
  (await held.database.query<{ count: number }>(`select count(*) as count from ${text}`))[0]?.count ?? -1;

test('a made hospital has what was asked for, in every state, and its events in their order', async () => {
  assert.equal(await count('person'), size.people);
  assert.equal(await count('card'), size.cards);
  const terminals = await count('terminal');
  assert.ok(terminals <= size.terminals && terminals > size.terminals * 0.98, `${terminals} terminals`);
  assert.ok(Math.abs(filled.events - size.events) < size.events * 0.02, `${filled.events} events`);
  assert.equal(await count('event'), filled.events);
  for (const state of ['active', 'suspended', 'revoked']) assert.ok((await count(`card where state = '${state}'`)) > 0);
  assert.ok((await count("card where kind = 'loan'")) > 0);
  assert.equal(await count('(select at < lag(at) over (order by seq) as late from event) e where late'), 0);
  assert.equal(await count("terminal where state = 'active' and connected_at is null and last_seen_at is null"), 0);
  assert.deepEqual(Object.keys(filled.signIns), ['admin', 'helpdesk', 'auditor', 'operator']);
  assert.deepEqual([shares.at(0), shares.at(-1)], [0, 1]);
});

test('every line of it has its place in the log, and an export of it verifies', async () => {
  const { background } = held.database;
  const { size: placed } = await background.transaction(findEnd);
  assert.equal(placed, filled.events);
  const read = async (): Promise<string> =>
    background.transaction(async (tx) => (await readHeader(tx, 0, placed)) + (await readPage(tx, 0, placed)));
  const verdict = await verifyExport(
    (async function* () {
      yield Buffer.from(await read());
    })(),
    { believed: [], witnessed: [] },
  );
  assert.ok(verdict.ok, JSON.stringify(verdict));
});

test('the journal of each terminal is one chain', async () => {
  interface Row extends Omit<JournalRecord, 'at' | 'facts'> {
    readonly terminal: string;
    readonly happened_at: Date;
    readonly [name: string]: unknown;
  }
  const rows = await held.database.query<Row>(
    `select terminal, epoch, sequence, previous, hash, happened_at, kind, outcome, person, attempt, session, factors, reason, detail
       from event where epoch is not null order by terminal, sequence`,
  );
  const heads = new Map<string, ChainHead>();
  for (const { terminal, epoch, sequence, previous, hash: own, happened_at: at, ...columns } of rows) {
    const facts = Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null));
    const record = { epoch, sequence, previous, hash: own, at: at.toISOString(), facts } as unknown as JournalRecord;
    const fault = findFault(record, heads.get(terminal) ?? null, (text) => hash('sha256', text, 'hex'));
    assert.equal(fault, null, `${terminal} ${sequence}`);
    heads.set(terminal, record);
  }
  assert.ok(heads.size > 50);
});

test('the same seed makes the same hospital, another one another', () => {
  assert.equal(fingerprintOf(given), fingerprintOf(given));
  assert.notEqual(fingerprintOf(given), fingerprintOf({ ...given, seed: 8 }));
});

test('a database with people in it is left alone', async () => {
  await assert.rejects(fillHospital(deps), NotEmpty);
  assert.equal(await count('person'), size.people);
});
