import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { TerminalId } from '#contract/ids.ts';
import { setFormerAside } from './former.ts';
import { type Journal, openJournal } from './journal.ts';
import { createLog } from './log.ts';
import { openPosition } from './position.ts';

const log = createLog({ level: 'error', now: () => new Date(), write: () => undefined });
const [one, other] = ['0190a000-0000-7000-8000-000000000001', '0190a000-0000-7000-8000-000000000002'] as [
  TerminalId,
  TerminalId,
];
const now = () => new Date('2026-11-22T06:00:00.000Z');
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-former-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const openPlaces = () => openPosition(join(folder, 'position.json'), log);
const open = async (): Promise<Journal> =>
  openJournal({
    folder: join(folder, 'journal'),
    now,
    log,
    onDurable: () => undefined,
    onState: () => undefined,
    onAbsorbed: () => undefined,
    key: null,
    outside: { head: null, restored: false },
    uploadedOf: () => 0,
  });
/** A journal of three records of which the server has one. */
const write = async (): Promise<void> => {
  const journal = await open();
  for (let count = 0; count < 3; count += 1) await journal.append({ kind: 'link.lost', outcome: 'minor' });
  await journal.close();
  const [first] = (await open()).found;
  assert.ok(first);
  const position = await openPlaces();
  position.change({ terminal: one, uploaded: { [first.epoch]: 1 }, revocation: 7 });
  await position.settled();
};
const setAside = async (terminal: TerminalId | null) =>
  setFormerAside({ folder, position: await openPlaces(), terminal, now });

test('the same terminal, and one that is nobody for a while, goes on with its journal', async () => {
  await write();
  assert.equal(await setAside(one), null);
  assert.equal(await setAside(null), null);
  assert.equal((await open()).found.length, 3);
});

test('another terminal begins a journal of its own; the one before is kept, and what the server never got is counted', async () => {
  await write();
  assert.deepEqual(await setAside(other), {
    former: one,
    journal: 'journal.before-2026-11-22T060000000Z',
    unsent: 2,
  });
  assert.equal((await open()).found.length, 0);
  assert.ok(readdirSync(join(folder, 'journal.before-2026-11-22T060000000Z')).some((name) => name.endsWith('.jsonl')));
  assert.deepEqual((await openPlaces()).get(), { terminal: other, uploaded: {}, revocation: 0 });
  assert.equal(await setAside(other), null);
});

test('a start that was cut between the two goes on', async () => {
  await write();
  rmSync(join(folder, 'journal'), { recursive: true });
  assert.partialDeepStrictEqual(await setAside(other), { former: one, unsent: 0 });
  assert.equal((await openPlaces()).get().terminal, other);
});
