import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import type { JournalRecord } from '#contract/audit.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { findSentAgain } from './sent-again.ts';

const epoch = randomUUID();
const seal = (sequence: number, previous: string, seconds = 0): JournalRecord =>
  sealRecord({
    epoch,
    sequence,
    previous,
    at: '2026-12-01T09:00:00.000+09:00',
    facts: { kind: 'link.restored', outcome: 'success', factors: [], detail: { seconds } },
  });
const journal: JournalRecord[] = [];
for (let sequence = 1; sequence <= 12; sequence += 1)
  journal.push(seal(sequence, journal.at(-1)?.hash ?? firstPrevious));
const at = (sequence: number): JournalRecord => journal[sequence - 1] as JournalRecord;
const headAt = (sequence: number, whole = true) => ({ sequence, hash: at(sequence).hash, whole });
const found = (records: readonly JournalRecord[], head = headAt(8)): readonly number[] =>
  [...findSentAgain(records, head).keys()].sort((one, other) => one - other);

describe('records that were sent again', () => {
  test('are known by the head to which they lead, and what is new is not among them', () => {
    assert.deepEqual(found(journal.slice(4)), [5, 6, 7, 8]);
    assert.deepEqual(found(journal), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert.deepEqual(found(journal.slice(4, 8)), [5, 6, 7, 8]);
    assert.deepEqual(found(journal.slice(8)), []);
    assert.equal(findSentAgain(journal, headAt(8)).get(6), at(6).hash);
  });

  test('are not known where they do not lead up to the head, or lead to another', () => {
    assert.deepEqual(found(journal.slice(2, 7)), []);
    assert.deepEqual(found([...journal.slice(0, 7), seal(8, at(7).hash, 1), ...journal.slice(8)]), []);
  });

  test('are not known in a journal that is not whole: what lacks there may be among them', () => {
    assert.deepEqual(found(journal, headAt(8, false)), []);
  });

  test('are known down to the first that is another, and no further, whatever it calls itself', () => {
    const changed = (record: JournalRecord): readonly JournalRecord[] =>
      journal.map((one) => (one.sequence === record.sequence ? record : one));
    assert.deepEqual(found(changed(seal(6, at(5).hash, 1))), [7, 8]);
    const facts = { ...at(6).facts, outcome: 'major' as const };
    assert.deepEqual(found(changed({ ...at(6), facts })), [7, 8]);
    assert.deepEqual(found(changed({ ...at(6), previous: at(4).hash })), [7, 8]);
    assert.deepEqual(found(journal.filter(({ sequence }) => sequence !== 6)), [7, 8]);
    assert.deepEqual(found([...journal.slice(0, 6), at(6), ...journal.slice(6)]), [6, 7, 8]);
  });
});
