import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { JournalState } from './journal.ts';
import { type OpenFile, openOnDisk } from './journal-disk.ts';
import { assertChain, createTestFolder, fact, reasonsOf, type TestFolder } from './test-journal.ts';

/** A disk that can be filled, and emptied again. */
interface SmallDisk {
  readonly how: string;
  readonly openFile: OpenFile;
  fill(): void;
  empty(): void;
  leave(): void;
}

/** A real one of a megabyte; undefined where this user may not mount one. */
function tryMount({ folder }: TestFolder): SmallDisk | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'kazasu-test', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const ballast = join(folder, 'ballast');
  return {
    how: 'tmpfs',
    openFile: openOnDisk,
    fill() {
      assert.throws(() => writeFileSync(ballast, Buffer.alloc(1024 * 1024)), { code: 'ENOSPC' });
    },
    empty: () => rmSync(ballast),
    leave: () => execFileSync('umount', [folder]),
  };
}

/** No file can be made in it while it is full. */
function pretend(): SmallDisk {
  let full = false;
  return {
    how: 'pretended',
    openFile: async (path, flags) => {
      if (full && flags === 'wx') throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      return openOnDisk(path, flags);
    },
    fill() {
      full = true;
    },
    empty() {
      full = false;
    },
    leave: () => undefined,
  };
}

test('a start on a full disk has the reserve that was left, where policy lets it be used', async (t) => {
  const at = createTestFolder();
  const disk = tryMount(at) ?? pretend();
  t.diagnostic(disk.how);
  t.after(async () => {
    await journal.close();
    disk.leave();
    at.remove();
  });
  const before = await at.open({ openFile: disk.openFile });
  assert.ok((await before.append(fact('before'))).ok);
  await before.close();
  assert.equal(statSync(join(at.folder, 'reserve')).size, 64 * 1024);
  disk.fill();
  const states: JournalState[] = [];
  const journal = await at.open({
    openFile: disk.openFile,
    retryEvery: 20,
    onState: (state) => void states.push(state),
  });
  assert.equal((await journal.append(fact('strict'))).ok, false);
  journal.allowReserve(true);
  while (states.at(-1) !== 'reserve') await wait(5);
  assert.ok((await journal.append(fact('emergency'))).ok);
  assert.deepEqual(states, ['full', 'reserve']);
  disk.empty();
  while (states.at(-1) !== 'sound') await wait(5);
  await journal.close();
  const again = await at.open();
  assert.deepEqual(reasonsOf(again.found), ['before', 'emergency']);
  await again.close();
});

for (const whenFull of ['strict', 'emergency'] as const) {
  test(`a disk that is full and has room again loses nothing that was acknowledged (${whenFull})`, async (t) => {
    const at = createTestFolder();
    const disk = tryMount(at) ?? pretend();
    t.diagnostic(disk.how);
    t.after(async () => {
      await journal.close();
      disk.leave();
      at.remove();
    });
    const states: JournalState[] = [];
    let sound = Promise.withResolvers<void>();
    const journal = await at.open({
      openFile: disk.openFile,
      retryEvery: 20,
      onState(state) {
        states.push(state);
        if (state === 'sound') sound.resolve();
      },
    });
    journal.allowReserve(whenFull === 'emergency');
    const acknowledged: string[] = [];
    const append = async (): Promise<boolean> => {
      const reason = String(acknowledged.length);
      const { ok } = await journal.append(fact(reason));
      if (ok) acknowledged.push(reason);
      return ok;
    };
    assert.ok(await append());
    for (let round = 0; round < 2; round += 1) {
      states.length = 0;
      sound = Promise.withResolvers();
      const reserve = join(at.folder, 'reserve');
      while (statSync(reserve, { throwIfNoEntry: false })?.size !== 64 * 1024) assert.ok(await append());
      for (let count = 0; count < 20; count += 1) assert.ok(await append());
      disk.fill();
      while (await append());
      assert.deepEqual(states, whenFull === 'strict' ? ['full'] : ['reserve', 'full']);
      disk.empty();
      await sound.promise;
      assert.ok(await append());
    }
    await journal.close();
    const again = await at.open();
    assert.equal(again.repaired, null);
    assert.deepEqual(reasonsOf(again.found), acknowledged);
    assertChain(again.found);
    await again.close();
  });
}
