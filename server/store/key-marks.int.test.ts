import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openServerKeys } from '../held-keys.ts';
import { readKeyRings } from '../key-file.ts';
import { withoutKey } from '../key-ring.ts';
import { createKey } from '../secrets.ts';
import { openTestDatabase, type TestDatabase } from '../testing-cluster.ts';
import { rotateIn } from '../testing-keys.ts';
import { checkKeyMarks, ForeignKeys, noteRetired } from './key-marks.ts';

let given: TestDatabase;
before(async () => {
  given = await openTestDatabase();
});
after(() => given.close());

const now = new Date();
const eventsOf = async () =>
  (
    await given.database.query<{ kind: string; reason: string }>(
      "select kind, reason from event where kind like 'key.%' order by seq",
    )
  ).map(({ kind, reason }) => `${kind} ${reason}`);

describe('a database', () => {
  it('knows its keys again, and is not served with others, whoever makes them first', async () => {
    const folder = join(given.folder, 'ours');
    const opened = await Promise.all([1, 2, 3].map(() => openServerKeys(given.database, folder, now)));
    assert.equal(new Set(opened.map((keys) => keys.trust().authority)).size, 1);
    assert.deepEqual(await eventsOf(), [], 'nobody asked for the first keys');
    await openServerKeys(given.database, folder, now);
    await assert.rejects(openServerKeys(given.database, join(given.folder, 'others'), now), ForeignKeys);
  });

  it('notes a new key and its use once, whichever process sees it first', async () => {
    const folder = join(given.folder, 'ours');
    const waiting = rotateIn(folder, 'pin-pepper', true);
    await Promise.all([1, 2].map(() => checkKeyMarks(given.database, waiting, now)));
    assert.deepEqual(await eventsOf(), ['key.made pin-pepper']);
    const rotated = rotateIn(folder, 'sealing');
    await Promise.all([1, 2].map(() => checkKeyMarks(given.database, rotated, now)));
    assert.deepEqual(await eventsOf(), ['key.made pin-pepper', 'key.made sealing', 'key.put-in-use sealing']);
  });

  it('misses a key that was not retired, and none that was', async () => {
    const rings = readKeyRings(join(given.folder, 'ours'));
    assert.ok(rings);
    const fewer = withoutKey(rings, 'sealing', 1);
    await assert.rejects(checkKeyMarks(given.database, fewer, now), /missing sealing key \(number 1\)/);
    const retire = () =>
      given.database.transaction((tx) =>
        noteRetired(tx, now, { purpose: 'sealing', key: 1, letGo: 0, by: 'somebody' }),
      );
    assert.deepEqual([await retire(), await retire()], [true, false]);
    await checkKeyMarks(given.database, fewer, now);
    assert.deepEqual((await eventsOf()).slice(3), ['key.retired sealing']);
  });

  it('is not served with another key under a number that it knows', async () => {
    const rings = readKeyRings(join(given.folder, 'ours'));
    assert.ok(rings);
    const other = rings.sealing.map((key) => (key.id === 2 ? { ...key, key: createKey('sealing') } : key));
    await assert.rejects(
      checkKeyMarks(given.database, { ...rings, sealing: other }, now),
      /another sealing key \(number 2\)/,
    );
  });
});
