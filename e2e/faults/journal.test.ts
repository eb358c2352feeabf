import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashOf, readJournal } from './journal.ts';

test('a record in which any bit was changed is none, and the others are read', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-journal-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'journal-00000001.jsonl');
  const records = [1, 2, 3].map((sequence) => {
    const facts = { kind: 'reader.ready', outcome: 'success', factors: [], detail: { b: 'x', a: sequence } };
    const at = '2026-11-29T06:00:00.000Z';
    const record = { epoch: '6f1c2a8e-4f1d-4c3b-9a57-0d8f2b6e1c33', sequence, previous: '0'.repeat(64), at, facts };
    return { ...record, hash: hashOf(record) };
  });
  const lines = records.map((record) => `${JSON.stringify({ ...record, mac: 'x' })}\n`);
  writeFileSync(path, lines.join(''));
  const sequencesIn = (): number[] => readJournal(folder).map(({ sequence }) => sequence);
  assert.deepEqual(sequencesIn(), [1, 2, 3]);
  const whole = readFileSync(path);
  const second = Buffer.byteLength(lines[0] ?? '');
  const end = second + (lines[1] ?? '').lastIndexOf(',"mac"');
  for (let at = second; at < end; at += 1) {
    const spoilt = Buffer.from(whole);
    spoilt[at] = (spoilt[at] ?? 0) ^ (1 << (at % 8));
    writeFileSync(path, spoilt);
    // A line that ends in its middle takes nothing of the next one along.
    assert.deepEqual(sequencesIn(), [1, 3], `byte ${at}`);
  }
});
