import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { JournalRecord, TerminalEvent } from '#contract/audit.ts';
import { fail, succeed } from '#contract/errors.ts';
import type { Repaired } from './journal-recovery.ts';
import { createStartRecord } from './start-record.ts';
import { createTestFolder } from './test-journal.ts';

const session = randomUUID();
/** A journal that ends while the desktop is open. */
async function openedRecords(): Promise<readonly JournalRecord[]> {
  const at = createTestFolder();
  try {
    const journal = await at.open();
    await journal.append({ kind: 'screen.opened', outcome: 'success', session });
    await journal.close();
    const again = await at.open();
    await again.close();
    return again.found;
  } finally {
    at.remove();
  }
}

/** A journal that takes nothing until it is told to. */
function createJournal(found: readonly JournalRecord[], repaired: Repaired | null, untold: readonly Repaired[] = []) {
  const written: TerminalEvent[] = [];
  return {
    isRead: false,
    takes: 0,
    found,
    repaired,
    untold,
    written,
    told: 0,
    async noteTold() {
      this.told += 1;
    },
    async append(facts: TerminalEvent) {
      if (this.takes === 0) return fail('INTERNAL');
      this.takes -= 1;
      written.push(facts);
      return succeed({} as JournalRecord);
    },
  };
}

test('what a start has to say is written once, in its order, as soon as the journal takes it', async () => {
  const found = await openedRecords();
  const journal = createJournal(found, { journal: 'rolled-back', missing: '8-9' });
  const [seen, left]: [number[], string[]] = [[], []];
  let told = 0;
  const record = createStartRecord({
    journal,
    former: null,
    setBack: true,
    onSetBackTold: () => {
      told += 1;
    },
    onFound: ({ length }) => void seen.push(length),
    onLeft: (its) => void left.push(its),
  });
  await record.write();
  assert.deepEqual([seen, left], [[], []], 'nothing is known before it could be read');
  journal.isRead = true;
  await record.write();
  assert.deepEqual([seen, left], [[1], [session]], 'that a session is over waits for no disk');
  assert.equal(journal.written.length, 0);
  journal.takes = 2;
  await record.write();
  assert.deepEqual(
    journal.written.map(({ kind }) => kind),
    ['guard.started', 'journal.damaged'],
  );
  assert.equal(told, 0);
  journal.takes = 9;
  await Promise.all([record.write(), record.write()]);
  assert.deepEqual(
    journal.written.map(({ kind }) => kind),
    ['guard.started', 'journal.damaged', 'offline.set-back', 'screen.locked'],
  );
  assert.partialDeepStrictEqual(journal.written, [{}, { detail: journal.repaired }, {}, { session }]);
  assert.deepEqual([seen, left], [[1], [session]]);
  assert.equal(told, 1);
});

test('what starts before found wrong and did not tell is told with what this one found, and forgotten when both are written', async () => {
  const [before, now] = [{ journal: 'damaged', missing: '3' }, { journal: 'rolled-back' }];
  for (const repaired of [now, { journal: 'torn', bytes: 3 }, null]) {
    const journal = createJournal([], repaired, [before]);
    journal.isRead = true;
    const nothing = () => undefined;
    const record = createStartRecord({
      journal,
      former: null,
      setBack: false,
      onSetBackTold: nothing,
      onFound: nothing,
      onLeft: nothing,
    });
    journal.takes = 1;
    await record.write();
    assert.equal(journal.told, 0);
    journal.takes = 9;
    await record.write();
    await record.write();
    const damages = journal.written.filter(({ kind }) => kind === 'journal.damaged').map(({ detail }) => detail);
    assert.deepEqual([damages, journal.told], [repaired === now ? [before, now] : [before], 1]);
  }
});
