import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { JournalRecord, TerminalEvent } from '#contract/audit.ts';
import { type ChainHead, findFault } from '#core/audit/chain.ts';
import { type Journal, type JournalDeps, openJournal } from './journal.ts';
import { createLog } from './log.ts';
import { unfinishedSession } from './unfinished.ts';

let folder = '';
const quiet = createLog({ level: 'error', now: () => new Date(), write: () => undefined });
const fact = (reason: string): TerminalEvent => ({ kind: 'link.lost', outcome: 'minor', reason });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const openIt = (deps: Partial<JournalDeps> = {}): Promise<Journal> =>
  openJournal({
    folder,
    now: () => new Date(),
    log: quiet,
    onDurable: () => undefined,
    onFailed: () => undefined,
    uploadedOf: () => 0,
    ...deps,
  });
const file = () => join(folder, 'journal.jsonl');
const reasons = (records: readonly JournalRecord[]) => records.map(({ facts }) => facts.reason);

function assertChain(records: readonly JournalRecord[]): void {
  let head: ChainHead | null = null;
  for (const record of records) {
    assert.equal(findFault(record, head), null);
    head = record;
  }
}

test('records are there again after reopening, and the chain goes on', async () => {
  const first = await openIt();
  await first.append(fact('a'));
  await first.append(fact('b'));
  await first.close();
  const second = await openIt();
  await second.append(fact('c'));
  await second.close();
  const third = await openIt();
  assert.equal(third.repaired, null);
  assert.deepEqual(reasons(third.found), ['a', 'b', 'c']);
  assertChain(third.found);
  await third.close();
});

test('two thousand appends at once are all durable, in order, with few flushes', async () => {
  let flushes = 0;
  const durable: JournalRecord[] = [];
  const journal = await openIt({
    onDurable: (records) => durable.push(...records),
    openFile: async (path) => {
      const handle = await open(path, 'a');
      return {
        write: handle.write.bind(handle),
        close: () => handle.close(),
        datasync: () => {
          flushes += 1;
          return handle.datasync();
        },
      };
    },
  });
  const names = Array.from({ length: 2_000 }, (_, index) => String(index));
  const results = await Promise.all(names.map((name) => journal.append(fact(name))));
  await journal.close();
  assert.ok(results.every(({ ok }) => ok));
  assert.ok(flushes < 100, `${flushes} flushes`);
  assert.deepEqual(reasons(durable), names);
  const again = await openIt();
  assert.deepEqual(reasons(again.found), names);
  assertChain(again.found);
  await again.close();
});

test('an append that is asked for by the end of the one before it is written too', async () => {
  const journal = await openIt();
  for (let count = 0; count < 50; count += 1) assert.ok((await journal.append(fact('next'))).ok);
  await journal.close();
});

test('a last line that was never finished is cut off and told', async () => {
  const first = await openIt();
  await first.append(fact('kept'));
  await first.close();
  appendFileSync(file(), '{"epoch":"torn');
  const second = await openIt();
  assert.deepEqual(second.repaired, { journal: 'torn', bytes: 14 });
  assert.deepEqual(reasons(second.found), ['kept']);
  await second.append(fact('after'));
  await second.close();
  const third = await openIt();
  assert.deepEqual(reasons(third.found), ['kept', 'after']);
  assertChain(third.found);
  await third.close();
});

test('a cut at any byte loses at most the record that it cut', async () => {
  const first = await openIt();
  for (const name of ['a', 'b', 'c']) await first.append(fact(name));
  await first.close();
  const whole = readFileSync(file());
  const ends = [...whole.keys()].filter((at) => whole[at] === 0x0a).map((at) => at + 1);
  for (let cut = 0; cut < whole.length; cut += 7) {
    writeFileSync(file(), whole.subarray(0, cut));
    const journal = await openIt();
    assert.equal(journal.found.length, ends.filter((end) => end <= cut).length);
    await journal.close();
  }
});

test('a changed record is found: the file is set aside, what holds is kept, a new epoch begins', async () => {
  const first = await openIt();
  for (const name of ['one', 'two', 'three']) await first.append(fact(name));
  await first.close();
  writeFileSync(file(), readFileSync(file(), 'utf8').replace('"two"', '"TWO"'));
  const second = await openIt();
  assert.deepEqual(second.repaired, { journal: 'damaged', line: 2 });
  assert.deepEqual(reasons(second.found), ['one', 'three']);
  const written = await second.append(fact('four'));
  assert.ok(written.ok && written.value.sequence === 1 && written.value.epoch !== second.found[0]?.epoch);
  await second.close();
  assert.equal(readdirSync(folder).filter((name) => name.endsWith('.damaged.jsonl')).length, 1);
  const third = await openIt();
  assert.equal(third.repaired, null);
  assert.deepEqual(reasons(third.found), ['one', 'three', 'four']);
  await third.close();
});

test('a journal that is shorter than what the server has confirmed is not continued', async () => {
  const first = await openIt();
  await first.append(fact('a'));
  await first.append(fact('b'));
  await first.close();
  const text = readFileSync(file(), 'utf8');
  truncateSync(file(), text.indexOf('\n') + 1);
  const second = await openIt({ uploadedOf: () => 2 });
  assert.deepEqual(second.repaired, { journal: 'rolled-back' });
  const written = await second.append(fact('c'));
  assert.ok(written.ok && written.value.epoch !== second.found[0]?.epoch);
  await second.close();
});

for (const broken of ['write', 'datasync'] as const) {
  test(`after a failed ${broken} nothing is acknowledged any more, and it is told once`, async () => {
    let fails = false;
    let told = 0;
    const journal = await openIt({
      onFailed: () => {
        told += 1;
      },
      openFile: async (path) => {
        const handle = await open(path, 'a');
        const fault = async (): Promise<never> => {
          throw Object.assign(new Error('input/output error'), { code: 'EIO' });
        };
        return {
          write: ((...args: Parameters<typeof handle.write>) =>
            fails && broken === 'write' ? fault() : handle.write(...args)) as typeof handle.write,
          datasync: () => (fails && broken === 'datasync' ? fault() : handle.datasync()),
          close: () => handle.close(),
        };
      },
    });
    assert.ok((await journal.append(fact('before'))).ok);
    fails = true;
    const both = await Promise.all([journal.append(fact('x')), journal.append(fact('y'))]);
    fails = false;
    assert.ok(both.every(({ ok }) => !ok));
    assert.equal((await journal.append(fact('z'))).ok, false);
    assert.equal(told, 1);
    await journal.close();
  });
}

test('a short write is continued until the line is whole', async () => {
  const journal = await openIt({
    openFile: async (path) => {
      const handle = await open(path, 'a');
      return {
        write: ((bytes: Uint8Array, offset: number, length: number) =>
          handle.write(bytes, offset, Math.min(length, 11), null)) as typeof handle.write,
        datasync: () => handle.datasync(),
        close: () => handle.close(),
      };
    },
  });
  assert.ok((await journal.append(fact('piecemeal'))).ok);
  await journal.close();
  const again = await openIt();
  assert.deepEqual(reasons(again.found), ['piecemeal']);
  await again.close();
});

test('a folder that cannot be used gives a journal that has failed', async () => {
  writeFileSync(join(folder, 'taken'), '');
  const told = new Promise<void>((resolve) => {
    void openIt({ folder: join(folder, 'taken'), onFailed: resolve }).then(async (journal) =>
      assert.equal((await journal.append(fact('a'))).ok, false),
    );
  });
  await told;
});

test('every record that was acknowledged before a kill is there after it', async () => {
  const writer = fileURLToPath(new URL('./journal-writer.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [writer, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let acknowledged = 0;
  assert.ok(child.stdout);
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line);
    if (acknowledged === 150) child.kill('SIGKILL');
  }
  await exited;
  const journal = await openIt();
  assert.ok(acknowledged >= 150);
  assert.ok(journal.found.length >= acknowledged, `${journal.found.length} of ${acknowledged}`);
  assertChain(journal.found);
  await journal.close();
});

test('the session whose desktop was open when the journal ended is found', async () => {
  const session = '22222222-2222-4222-8222-222222222222';
  const journal = await openIt();
  await journal.append({ kind: 'screen.opened', outcome: 'success', session });
  await journal.close();
  const second = await openIt();
  assert.equal(unfinishedSession(second.found)?.session, session);
  await second.append({ kind: 'screen.locked', outcome: 'success', session, reason: 'start' });
  await second.close();
  const third = await openIt();
  assert.equal(unfinishedSession(third.found), null);
  await third.close();
});
