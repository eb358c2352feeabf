import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { JournalRecord } from '#contract/audit.ts';
import type { TerminalId } from '#contract/ids.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { createDatabase, DatabaseAway } from '../store/database.ts';
import { listHeads } from '../store/journal-heads.ts';
import { findIncarnation } from '../store/log-tree.ts';
import { storeReports } from '../store/reports.ts';
import { createUuid } from '../store/uuid.ts';
import { openTestDatabase, type TestDatabase } from '../testing-cluster.ts';
import { asSent } from '../testing-journal.ts';
import { dump } from './dump.ts';
import { readBackup } from './form.ts';
import { restore } from './load.ts';
import { makeIdentity, openLines, recipientOf, writeSealed } from './sealed-file.ts';

/** Terminals go on sending while their server's database is put back, and put back again. */
const terminals = Array.from({ length: 4 }, () => createUuid(new Date()) as TerminalId);
const recordsEach = 400;
const epoch = '6f1c2a8e-4f1d-4c3b-9a57-0d8f2b6e1c33';
const journal: JournalRecord[] = [];
for (let sequence = 1; sequence <= recordsEach; sequence += 1)
  journal.push(
    sealRecord({
      epoch,
      sequence,
      previous: journal.at(-1)?.hash ?? firstPrevious,
      at: '2026-11-29T06:00:00.000Z',
      facts: { kind: 'link.lost', outcome: 'minor', factors: [], reason: 'unreachable', detail: { sequence } },
    }),
  );

let opened: TestDatabase;
before(async () => {
  opened = await openTestDatabase();
  await opened.database.query(
    `insert into terminal (id, name, place, state, announced_at, enrolled_at)
     select id, 'ward ' || id, '', 'active', now(), now() from unnest($1::uuid[]) as id`,
    [terminals],
  );
});
after(() => opened.close());

/** What a terminal heard last: how far the server has its journal, and which incarnation said so. */
const hear = (database: TestDatabase['database'], terminal: TerminalId) =>
  database.transaction(async (tx) => ({
    incarnation: (await findIncarnation(tx)).id,
    stored: (await listHeads(tx, [terminal])).get(terminal)?.[0]?.sequence ?? 0,
  }));

test('a journal that is sent while a backup is put back is stored once and whole, whatever fell together', async (t) => {
  const { connectionString } = opened;
  const folder = join(opened.folder, 'backups');
  await mkdir(folder);
  const identity = await makeIdentity();
  const recipient = await recipientOf(identity);
  const nothing = async (): Promise<void> => undefined;
  const backUp = async (): Promise<string> =>
    (await writeSealed(dump(connectionString, new Date()), { folder, recipient, keep: 9, at: new Date() })).path;
  const putBack = async (path: string): Promise<void> => {
    const open = () => openLines(path, identity);
    const { head } = await readBackup(open(), { head: nothing, rows: nothing });
    await restore(connectionString, open, { head, now: new Date(), by: 'operator', replace: true });
  };

  let over = false;
  let [refused, sent] = [0, 0];
  /** Sends on by what it heard last; hears anew when it is told to, or when it was cut off. */
  const upload = async (terminal: TerminalId, place: number): Promise<void> => {
    const database = createDatabase({ connectionString, patience: 10, report: () => undefined });
    t.after(database.close);
    let heard: Awaited<ReturnType<typeof hear>> | undefined;
    for (let round = 0; !over; round += 1) {
      try {
        heard ??= await hear(database, terminal);
        const { incarnation, stored } = heard;
        // Some of it again, as after an answer that was lost.
        const from = Math.max(0, stored - ((round + place) % 7));
        const records = journal.slice(from, Math.max(stored + 3, 1));
        if (records.length === 0) {
          heard = undefined;
          continue;
        }
        const [outcome] = await database.background.transaction((tx) =>
          storeReports(tx, new Date(), [asSent({ terminal, records, incarnation })]),
        );
        if (outcome === undefined || typeof outcome === 'string') {
          refused += 1;
          heard = undefined;
          continue;
        }
        sent += 1;
        heard = { incarnation, stored: Math.max(stored, outcome.sequence) };
      } catch (problem) {
        // What was laid aside is dropped under whoever looks at it: a server would answer that it is busy.
        const code = (problem as { code?: string }).code ?? '';
        if (!(problem instanceof DatabaseAway) && !/^(42|XX|3F|55)/.test(code)) throw problem;
        heard = undefined;
      }
    }
  };
  const uploads = terminals.map(upload);
  const paths: string[] = [];
  try {
    for (let round = 0; round < 5; round += 1) {
      const before = sent;
      while (sent < before + 40) await new Promise((resolve) => setTimeout(resolve, 5));
      paths.push(await backUp());
      const more = sent;
      while (sent < more + 20) await new Promise((resolve) => setTimeout(resolve, 5));
      await putBack(paths[Math.floor(round / 2)] ?? '');
    }
  } finally {
    over = true;
    await Promise.all(uploads);
  }
  assert.ok(refused > 0, 'no upload ever met a restore');

  const { database } = opened;
  for (const terminal of terminals) {
    for (;;) {
      const { incarnation, stored } = await hear(database, terminal);
      if (stored >= recordsEach) break;
      const records = journal.slice(stored, stored + 100);
      await database.transaction((tx) => storeReports(tx, new Date(), [asSent({ terminal, records, incarnation })]));
    }
    const rows = await database.query<{ sequence: number; chain: string | null }>(
      `select sequence, detail->>'chain' as chain from event where terminal = $1 and epoch is not null order by seq`,
      [terminal],
    );
    assert.deepEqual(
      rows.map(({ sequence, chain }) => [sequence, chain]),
      journal.map(({ sequence }) => [sequence, null]),
    );
  }
});
