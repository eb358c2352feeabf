import assert from 'node:assert/strict';
import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { JournalRecord } from '#contract/audit.ts';
import type { JournalFault, JournalState } from './journal.ts';
import { type OpenFile, openOnDisk, type SegmentFile } from './journal-disk.ts';
import { assertChain, createTestFolder, fact, reasonsOf, type TestFolder } from './test-journal.ts';
import { unfinishedSession } from './unfinished.ts';

let at: TestFolder;
beforeEach(() => {
  at = createTestFolder();
});
afterEach(() => at.remove());

/** Files whose calls may be replaced. */
const withFile =
  (change: (file: SegmentFile, path: string) => Partial<SegmentFile>): OpenFile =>
  async (path, flags) => {
    const file = await openOnDisk(path, flags);
    const whole: SegmentFile = {
      write: file.write.bind(file),
      datasync: () => file.datasync(),
      truncate: (length) => file.truncate(length),
      close: () => file.close(),
    };
    return { ...whole, ...change(whole, path) };
  };
const fault = async (code: string): Promise<never> => {
  throw Object.assign(new Error(code), { code });
};

test('records are there again after reopening, and the chain goes on', async () => {
  await at.write('a', 'b');
  await at.write('c');
  const again = await at.open();
  assert.equal(again.repaired, null);
  assert.deepEqual(reasonsOf(again.found), ['a', 'b', 'c']);
  assertChain(again.found);
  await again.close();
});

test('two thousand appends at once are all durable, in order, over several segments, with few flushes', async () => {
  let flushes = 0;
  const durable: JournalRecord[] = [];
  const journal = await at.open({
    onDurable: (records) => durable.push(...records),
    openFile: withFile(({ datasync }) => ({
      datasync() {
        flushes += 1;
        return datasync();
      },
    })),
  });
  const names = Array.from({ length: 2_000 }, (_, index) => String(index));
  const results = await Promise.all(names.map((name) => journal.append(fact(name))));
  await journal.close();
  assert.ok(results.every(({ ok }) => ok));
  assert.ok(flushes < 100, `${flushes} flushes`);
  assert.deepEqual(reasonsOf(durable), names);
  assert.ok(at.segments().length > 5);
  const again = await at.open();
  assert.equal(again.repaired, null);
  assert.deepEqual(reasonsOf(again.found), names);
  assertChain(again.found);
  await again.close();
});

test('an append that is asked for by the end of the one before it is written too', async () => {
  const journal = await at.open();
  for (let count = 0; count < 50; count += 1) assert.ok((await journal.append(fact('next'))).ok);
  await journal.close();
});

test('a segment has its room before its first record, gives back what is left, and leaves no empty one behind', async () => {
  const journal = await at.open();
  await journal.append(fact('a'));
  const [path = ''] = at.segments();
  assert.equal(statSync(path).size, 64 * 1024);
  await journal.close();
  assert.deepEqual(at.segments(), [path]);
  assert.ok(statSync(path).size < 1_000);
});

test('a record that is larger than a segment has one of its own', async () => {
  const detail = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`name ${index}`, 'x'.repeat(200)]));
  const journal = await at.open();
  const all = [fact('before'), { ...fact('large'), detail }, fact('after')];
  const written = await Promise.all(all.map((one) => journal.append(one)));
  assert.ok(written.every(({ ok }) => ok));
  await journal.close();
  const again = await at.open();
  assert.deepEqual(reasonsOf(again.found), ['before', 'large', 'after']);
  await again.close();
});

test('a short write is continued until the line is whole', async () => {
  const journal = await at.open({
    openFile: withFile(({ write }) => ({
      write: ((bytes: Uint8Array, offset: number, length: number, place: number) =>
        write(bytes, offset, Math.min(length, 4_001), place)) as SegmentFile['write'],
    })),
  });
  assert.ok((await journal.append(fact('piecemeal'))).ok);
  await journal.close();
  const again = await at.open();
  assert.deepEqual(reasonsOf(again.found), ['piecemeal']);
  await again.close();
});

for (const broken of ['write', 'datasync'] as const) {
  test(`after a failed ${broken} the same records go to a new segment, and the old one is not written again`, async () => {
    let fails = false;
    const touched: string[] = [];
    const absorbed: JournalFault[] = [];
    const journal = await at.open({
      onAbsorbed: (one) => void absorbed.push(one),
      openFile: withFile((file, path) => {
        if (!path.endsWith('00000001.jsonl')) return {};
        let bad = false;
        const failing = () => {
          fails = false;
          bad = true;
          return fault('EIO');
        };
        return {
          write: ((...args: Parameters<SegmentFile['write']>) => {
            if (bad) touched.push('write');
            return fails && broken === 'write' ? failing() : file.write(...args);
          }) as SegmentFile['write'],
          datasync: () => {
            if (bad) touched.push('datasync');
            return fails && broken === 'datasync' ? failing() : file.datasync();
          },
        };
      }),
    });
    assert.ok((await journal.append(fact('before'))).ok);
    fails = true;
    const both = await Promise.all([journal.append(fact('x')), journal.append(fact('y'))]);
    assert.ok(both.every(({ ok }) => ok));
    assert.ok((await journal.append(fact('z'))).ok);
    assert.deepEqual(touched, []);
    assert.deepEqual(absorbed, [{ step: broken === 'write' ? 'write' : 'flush', code: 'EIO' }]);
    await journal.close();
    assert.equal(at.segments().length, 2);
    const again = await at.open();
    assert.equal(again.repaired, null);
    assert.deepEqual(reasonsOf(again.found), ['before', 'x', 'y', 'z']);
    assertChain(again.found);
    await again.close();
  });
}

test('while no segment can be had nothing is acknowledged, then it goes on by itself without a gap', async () => {
  let fails = false;
  const states: JournalState[] = [];
  const sound = Promise.withResolvers<void>();
  const journal = await at.open({
    retryEvery: 20,
    onState(state) {
      states.push(state);
      if (state === 'sound') sound.resolve();
    },
    openFile: withFile((file) => ({ datasync: () => (fails ? fault('EIO') : file.datasync()) })),
  });
  assert.ok((await journal.append(fact('before'))).ok);
  fails = true;
  const lost = await Promise.all([journal.append(fact('lost')), journal.append(fact('lost too'))]);
  assert.ok(lost.every(({ ok }) => !ok));
  assert.equal((await journal.append(fact('refused at once'))).ok, false);
  fails = false;
  await sound.promise;
  assert.deepEqual(states, ['failed', 'sound']);
  assert.ok((await journal.append(fact('after'))).ok);
  await journal.close();
  const again = await at.open();
  assert.deepEqual(reasonsOf(again.found), ['before', 'after']);
  assertChain(again.found);
  await again.close();
});

test('what an earlier run left is on the disk before anything goes on from it', async () => {
  await at.write('a');
  await at.write('b');
  const [, newest = ''] = at.segments();
  const steps: string[] = [];
  const journal = await at.open({
    openFile: withFile(({ datasync, write }, path) => ({
      datasync() {
        if (path === newest) steps.push('settled');
        return datasync();
      },
      write: ((bytes: Uint8Array, ...rest: [number, number, number]) => {
        if (bytes[0] === '{'.charCodeAt(0)) steps.push('record');
        return write(bytes, ...rest);
      }) as SegmentFile['write'],
    })),
  });
  assert.ok((await journal.append(fact('c'))).ok);
  await journal.close();
  assert.deepEqual(steps, ['settled', 'record']);
});

test('a folder that cannot be used gives a journal that has failed', async () => {
  writeFileSync(join(at.folder, 'taken'), '');
  const told = Promise.withResolvers<JournalState>();
  const journal = await at.open({ folder: join(at.folder, 'taken'), onState: told.resolve });
  assert.equal((await journal.append(fact('a'))).ok, false);
  assert.equal(await told.promise, 'failed');
  assert.deepEqual(readdirSync(at.folder), ['taken']);
});

test('the session whose desktop was open when the journal ended is found, however much was confirmed since', async () => {
  const session = '22222222-2222-4222-8222-222222222222';
  const journal = await at.open();
  await journal.append({ kind: 'screen.opened', outcome: 'success', session });
  for (let count = 0; count < 400; count += 1) void journal.append(fact('noise'));
  await journal.close();
  const second = await at.open({ uploadedOf: () => 400 });
  assert.equal(unfinishedSession(second.found)?.session, session);
  await second.append({ kind: 'screen.locked', outcome: 'success', session, reason: 'start' });
  await second.close();
  const third = await at.open();
  assert.equal(unfinishedSession(third.found), null);
  await third.close();
});

test('a journal that cannot be read at the start is read and goes on as soon as it can be', async () => {
  await at.write('before');
  renameSync(at.folder, `${at.folder}.away`);
  writeFileSync(at.folder, 'a file where the folder should be');
  const states: JournalState[] = [];
  const journal = await at.open({ retryEvery: 5, onState: (state) => void states.push(state) });
  while (states.length === 0) await wait(2);
  assert.equal(journal.isRead, false);
  assert.equal((await journal.append(fact('lost'))).ok, false);
  await wait(20);
  assert.deepEqual(states, ['failed']);
  rmSync(at.folder);
  renameSync(`${at.folder}.away`, at.folder);
  while (states.length === 1) await wait(2);
  assert.deepEqual(states, ['failed', 'sound']);
  assert.ok(journal.isRead);
  assert.deepEqual(reasonsOf(journal.found), ['before']);
  assert.ok((await journal.append(fact('after'))).ok);
  await journal.close();
  const again = await at.open();
  assert.deepEqual(reasonsOf(again.found), ['before', 'after']);
  assertChain(again.found);
  await again.close();
});
