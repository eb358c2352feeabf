import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { openPosition } from './position.ts';
import { quiet } from './test-journal.ts';

test('a place that cannot be written is written as soon as it can be, the newest one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-position-'));
  const path = join(folder, 'position.json');
  try {
    mkdirSync(path);
    const position = await openPosition(path, quiet, 5);
    position.change({ revocation: 3 });
    await position.settled();
    position.change({ revocation: 4 });
    await position.settled();
    rmSync(path, { recursive: true });
    while (!existsSync(path)) await wait(2);
    assert.equal((await openPosition(path, quiet)).get().revocation, 4);
    await position.stop();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
