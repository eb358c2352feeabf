import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalRecord } from '#contract/audit.ts';
import { openJournal } from '#guard/journal.ts';
import { createLog } from '#guard/log.ts';
import { killWriter } from '#guard/test-kills.ts';
import { type Figure, figure, figureAtLeast, percentile } from './figure.ts';

const count = 3_000;
/** So many first: a rate is that of code that has been compiled. */
const warm = 3_000;
const block = 1024 * 1024;

/** Writes these lines to a file that has its room already, each with a flush of its own: what the disk itself can do. */
async function writeBare(path: string, lines: readonly Buffer[]): Promise<number[]> {
  const file = await open(path, 'wx');
  const times: number[] = [];
  await file.write(Buffer.alloc(block), 0, block, 0);
  await file.datasync();
  let at = 0;
  for (const line of lines) {
    const since = performance.now();
    await file.write(line, 0, line.length, at);
    await file.datasync();
    times.push(performance.now() - since);
    at += line.length;
  }
  await file.close();
  return times;
}

/** One event after the other, each durable before the next: what a login waits for. In turns with the bare disk. */
export async function measureAppend(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-bench-'));
  const records: JournalRecord[] = [];
  const journal = await openJournal({
    folder: join(folder, 'journal'),
    key: Buffer.alloc(32, 7),
    outside: { head: null, restored: false },
    now: () => new Date(),
    log: createLog({ level: 'error', now: () => new Date(), write: () => undefined }),
    onDurable: (durable) => records.push(...durable),
    onState: () => undefined,
    onAbsorbed: () => undefined,
    uploadedOf: () => 0,
  });
  const own: number[] = [];
  const bare: number[] = [];
  try {
    for (let round = 0; round * 100 < count + warm; round += 1) {
      for (let each = 0; each < 100; each += 1) {
        const since = performance.now();
        const written = await journal.append({
          kind: 'screen.opened',
          outcome: 'success',
          session: '22222222-2222-4222-8222-222222222222',
          factors: ['card', 'pin'],
        });
        own.push(performance.now() - since);
        if (!written.ok) throw new Error('the journal failed');
      }
      // As long as the lines of the journal, with the proof that stands in each.
      const lines = records
        .splice(0)
        .map((record) => Buffer.from(`${JSON.stringify({ ...record, mac: 'x'.repeat(43) })}\n`));
      bare.push(...(await writeBare(join(folder, `bare-${round}`), lines)));
    }
    await journal.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const [mine, floor] = [own.slice(warm), bare.slice(warm)];
  const rate = (times: readonly number[]): number => (1000 * times.length) / times.reduce((sum, time) => sum + time, 0);
  return [
    figure({
      name: 'journal-append',
      value: percentile(mine, 0.99),
      unit: 'ms',
      floor: percentile(floor, 0.99),
      goal: 2,
      how: `p99 of ${mine.length} events, each on the disk before the next (median ${percentile(mine, 0.5).toFixed(2)}, bare ${percentile(floor, 0.5).toFixed(2)}); floor: write and fdatasync of the same bytes`,
    }),
    figureAtLeast({
      name: 'journal-rate',
      value: (100 * rate(mine)) / rate(floor),
      unit: '%',
      floor: 100,
      goal: 80,
      how: `${rate(mine).toFixed(0)} events a second one after the other, of ${rate(floor).toFixed(0)} bare writes with fdatasync of the same bytes into room that was there before, in turns of 100`,
    }),
  ];
}

/** The writer of a journal is killed again and again; what was acknowledged must be there, once. */
export async function measureKills(kills: number): Promise<Figure> {
  const lanes = await Promise.all([killWriter(kills / 2), killWriter(kills / 2)]);
  const sum = (of: (lane: (typeof lanes)[number]) => number): number => lanes.reduce((all, lane) => all + of(lane), 0);
  return figure({
    name: 'journal-kills',
    value: sum(({ lost, doubled }) => lost.length + doubled),
    unit: '×',
    floor: null,
    goal: 0,
    how: `events lost or doubled of ${sum(({ acknowledged }) => acknowledged)} that were acknowledged by a writer that was killed ${kills} times`,
  });
}
