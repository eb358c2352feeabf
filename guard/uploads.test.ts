import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { JournalRecord } from '#contract/audit.ts';
import { fail, succeed } from '#contract/errors.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import type { Reread } from './journal-folder.ts';
import type { Places, Position } from './position.ts';
import { quiet } from './test-journal.ts';
import { createUploads, type Missing, type Uploads } from './uploads.ts';

const epoch = '11111111-1111-4111-8111-111111111111';
const records: JournalRecord[] = [];
for (let sequence = 1; sequence <= 8; sequence += 1) {
  const previous = records.at(-1)?.hash ?? firstPrevious;
  const facts: JournalRecord['facts'] = { kind: 'link.lost', outcome: 'minor', factors: [], detail: {} };
  records.push(sealRecord({ epoch, sequence, previous, at: '2026-11-22T07:00:00.000Z', facts }));
}

interface Report {
  readonly body: { readonly records: readonly JournalRecord[]; readonly after: number };
}

let stop: (() => Promise<void>) | undefined;
afterEach(() => stop?.());

const whole = (some: readonly JournalRecord[]): Reread => ({ records: some, isWhole: true });

/** A terminal's uploads, with a server that keeps what it is sent and can be put back, and a disk in the test's hand. */
const createTerminal = (uploaded: Places['uploaded'] = {}) => {
  let places: Places = { terminal: null, uploaded, revocation: 0 };
  const position: Position = {
    get: () => places,
    change: (part) => {
      places = { ...places, ...part };
    },
    settled: async () => undefined,
    stop: async () => undefined,
  };
  let stored: number[] = [];
  const sent: { readonly epoch: string; readonly sequence: number }[] = [];
  let disk = async (): Promise<Reread> => whole(records);
  const missing: Missing[] = [];
  let answering = Promise.resolve();
  let asked = Promise.withResolvers<void>();
  const call = async (_name: string, { body }: Report) => {
    // As the server does: behind less than it has told nothing is stored.
    if (body.after > Math.max(0, ...stored)) return fail('SERVER_RESTORED');
    stored = [...new Set([...stored, ...body.records.map(({ sequence }) => sequence)])];
    const last = body.records.at(-1);
    const answer = succeed({ epoch: last?.epoch ?? epoch, sequence: last?.sequence ?? 0 });
    sent.push(answer.value);
    asked.resolve();
    await answering;
    return answer;
  };
  const uploads: Uploads = createUploads({
    call: call as never,
    position,
    reread: () => disk(),
    onMissing: (told) => void missing.push(told),
    incarnation: () => undefined,
    sign: () => '',
    onRestored: () => undefined,
    log: quiet,
    gather: 0,
  });
  stop = uploads.stop;
  return {
    uploads,
    missing,
    stored: () => [...stored],
    /** The last record of each report. */
    sent: () => [...sent],
    uploaded: () => places.uploaded[epoch] ?? 0,
    /** The server has the first so many, and says so. */
    hear(count: number) {
      stored = records.slice(0, count).map(({ sequence }) => sequence);
      uploads.follow(count === 0 ? [] : [{ epoch, sequence: count }]);
      uploads.resume();
    },
    async reaches(count: number) {
      while (places.uploaded[epoch] !== count) await turn();
    },
    setDisk(next: typeof disk) {
      disk = next;
    },
    /** The next answer comes when the test lets it; resolves when the report is stored. */
    holdAnswers() {
      const held = Promise.withResolvers<void>();
      asked = Promise.withResolvers<void>();
      answering = held.promise;
      return { release: held.resolve, stored: asked.promise };
    },
  };
};

const places = (count: number): number[] => records.slice(0, count).map(({ sequence }) => sequence);

test('what a server lacks that was put back goes before what is new, however long the disk takes', {
  timeout: 20_000,
}, async () => {
  const at = createTerminal();
  at.uploads.add(records.slice(0, 5));
  at.hear(0);
  await at.reaches(5);
  const read = Promise.withResolvers<Reread>();
  const asked = Promise.withResolvers<void>();
  at.setDisk(() => {
    asked.resolve();
    return read.promise;
  });
  at.hear(3);
  at.uploads.add(records.slice(5, 7));
  await asked.promise;
  await turn();
  assert.deepEqual([at.stored(), at.uploaded()], [places(3), 3], 'nothing goes over the gap');
  await at.uploads.flush(100);
  assert.deepEqual([at.stored(), at.uploaded()], [places(3), 3], 'nor at the end');
  read.resolve(whole(records.slice(0, 7)));
  await at.reaches(7);
  assert.deepEqual(at.stored(), places(7));
});

test('a disk that cannot be read then is read again', { timeout: 20_000 }, async () => {
  const at = createTerminal();
  at.uploads.add(records.slice(0, 5));
  at.hear(0);
  await at.reaches(5);
  let tries = 0;
  at.setDisk(async () => {
    tries += 1;
    if (tries === 1) throw Object.assign(new Error('EIO'), { code: 'EIO' });
    return whole(records.slice(0, 5));
  });
  at.hear(2);
  await at.reaches(5);
  assert.deepEqual([at.stored(), tries], [places(5), 2]);
});

test('an answer of the server of before the restore confirms nothing', { timeout: 20_000 }, async () => {
  const at = createTerminal();
  at.uploads.add(records.slice(0, 5));
  at.hear(0);
  await at.reaches(5);
  const answer = at.holdAnswers();
  at.uploads.add(records.slice(5, 6));
  await answer.stored;
  at.hear(3);
  answer.release();
  at.uploads.add(records.slice(6, 8));
  await at.reaches(8);
  assert.deepEqual(at.stored(), places(8));
});

test('a server that is put back once more while the disk is read is brought all that it lacks then', {
  timeout: 20_000,
}, async () => {
  const at = createTerminal();
  at.uploads.add(records.slice(0, 5));
  at.hear(0);
  await at.reaches(5);
  const asked = Promise.withResolvers<void>();
  const first = Promise.withResolvers<Reread>();
  at.setDisk(() => {
    asked.resolve();
    at.setDisk(async () => whole(records.slice(0, 5)));
    return first.promise;
  });
  at.hear(4);
  await asked.promise;
  at.hear(1);
  first.resolve(whole(records.slice(0, 5)));
  await at.reaches(5);
  assert.deepEqual(at.stored(), places(5));
});

/** A disk of which the third and fourth record cannot be read for so many times. */
const setPartly = (at: ReturnType<typeof createTerminal>, unreadable: number): (() => number) => {
  let readings = 0;
  at.setDisk(async () => {
    readings += 1;
    if (readings > unreadable) return whole(records.slice(0, 6));
    // Does not wait for the next try.
    setImmediate(at.uploads.resume);
    return { records: [...records.slice(0, 2), ...records.slice(4, 6)], isWhole: false };
  });
  return () => readings;
};

test('where a part of the disk cannot be read the rest goes to a server that was put back, and what is missing is told', {
  timeout: 20_000,
}, async () => {
  const at = createTerminal();
  at.uploads.add(records.slice(0, 6));
  at.hear(0);
  await at.reaches(6);
  const readings = setPartly(at, Number.POSITIVE_INFINITY);
  at.hear(1);
  await at.reaches(6);
  assert.deepEqual([at.stored(), at.missing], [[1, 2, 5, 6], [{ numbers: '3-4', isUnreadable: true }]]);
  assert.ok(readings() > 1, 'it was tried again before');
  at.uploads.add(records.slice(6, 8));
  await at.reaches(8);
  assert.deepEqual([at.stored(), at.missing.length], [[1, 2, 5, 6, 7, 8], 1], 'and what comes later goes on');
});

test('a part of the disk that can be read a moment later is brought too', { timeout: 20_000 }, async () => {
  const at = createTerminal();
  at.uploads.add(records.slice(0, 6));
  at.hear(0);
  await at.reaches(6);
  setPartly(at, 2);
  at.hear(1);
  await at.reaches(6);
  assert.deepEqual([at.stored(), at.missing], [places(6), []]);
});

test('what went from the disk by its age is told as missing, and waits for nothing', { timeout: 20_000 }, async () => {
  const at = createTerminal();
  at.uploads.add(records.slice(0, 6));
  at.hear(0);
  await at.reaches(6);
  at.setDisk(async () => whole(records.slice(3, 6)));
  at.hear(1);
  await at.reaches(6);
  assert.deepEqual([at.stored(), at.missing], [[1, 4, 5, 6], [{ numbers: '2-3', isUnreadable: false }]]);
});

test('what is read late goes to the server also before numbers that it has confirmed, and stays behind nothing', {
  timeout: 20_000,
}, async () => {
  const at = createTerminal();
  at.hear(0);
  at.uploads.add(records.slice(3, 6));
  await at.reaches(6);
  at.uploads.addLate(records.slice(0, 3));
  while (at.stored().length < 6) await turn();
  await turn();
  assert.deepEqual([at.stored(), at.uploaded()], [[4, 5, 6, 1, 2, 3], 6]);
});

test('of more journals than a server tells of those are sent again that began later than what it has', {
  timeout: 20_000,
}, async () => {
  const epochs = Array.from({ length: 25 }, (_, place) => epoch.replace(/^../, String(10 + place)));
  const at = createTerminal(Object.fromEntries(epochs.map((one) => [one, 5])));
  const all = epochs.flatMap((one) => records.slice(0, 5).map((record) => ({ ...record, epoch: one })));
  at.setDisk(async () => whole(all));
  // The backup was made when there were 22 of them.
  at.uploads.follow(epochs.slice(2, 22).map((one) => ({ epoch: one, sequence: 5 })));
  at.uploads.resume();
  while (at.sent().length < 3) await turn();
  await turn();
  assert.deepEqual(
    at.sent().map(({ epoch: one, sequence }) => [one, sequence]),
    epochs.slice(22).map((one) => [one, 5]),
  );
});
