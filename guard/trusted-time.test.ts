import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { quiet } from './test-journal.ts';
import { openTrustedTime } from './trusted-time.ts';

const begin = Date.parse('2026-11-22T06:00:00Z');
const hour = 3_600_000;
let folder = '';
let [up, wall, boot] = [0, 0, 'one'];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-time-'));
  [up, wall, boot] = [1_000, begin, 'one'];
});
afterEach(() => rmSync(folder, { recursive: true }));
const open = () =>
  openTrustedTime({
    path: join(folder, 'time.json'),
    key: Buffer.alloc(32, 7),
    keychain: { tryRead: async () => undefined, write: async () => undefined },
    account: 'time',
    upTime: () => up,
    boot,
    wall: () => wall,
    log: quiet,
  });

test('a beat that lay there while the machine slept puts no time back; a fresh hello does', async () => {
  const time = await open();
  time.observe(begin, true);
  up += 20 * hour;
  time.observe(begin + 5_000, false);
  assert.equal(time.now(), begin + 20 * hour);
  time.observe(begin + hour, true);
  assert.equal(time.now(), begin + hour, 'the clock of the server was put right');
});

test('beats that are let through more slowly than they are sent stretch no hour; what is ahead counts', async () => {
  const time = await open();
  time.observe(begin, true);
  for (let beat = 1; beat <= 1_000; beat += 1) {
    up += 11_900;
    time.observe(begin + beat * 5_000, false);
  }
  assert.equal(time.now(), begin + 1_000 * 11_900);
  time.observe(begin + 5 * hour, false);
  assert.equal(time.now(), begin + 5 * hour);
});

test('where no time can be believed, what may have lain somewhere is not believed either', async () => {
  const time = await open();
  time.observe(begin, false);
  assert.equal(time.now(), null);
  time.observe(begin, true);
  await time.keep();
  [up, wall, boot] = [1_000, begin - hour, 'two'];
  const again = await open();
  again.observe(begin + 5_000, false);
  assert.equal(again.now(), null);
  again.observe(begin + 5_000, true);
  assert.equal(again.now(), begin + 5_000);
});
