/** Disks that forget: what a terminal has written is cut, changed, taken away or put back from an older copy. */
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type FoundRecord, readSegment, segmentsIn } from '../journal.ts';
import { createRandom, type Random } from '../random.ts';
import type { Fault, Strike } from './fault.ts';

const folderOf = ({ site, terminal }: Strike): string => site.terminals[terminal].ward.folder;
const randomOf = ({ dice }: Strike): Random => createRandom(Math.floor(dice * 1e6), 'disk');

/** Does it while the guard stands still, and lets it die then: it never sees it happen. */
const whileStill = (strike: Strike, spoil: () => void): void => {
  const guard = strike.site.terminals[strike.terminal].ward.guard();
  guard.kill('SIGSTOP');
  try {
    spoil();
  } finally {
    guard.kill('SIGKILL');
  }
};

/** The newest file that holds records, of those whose damage has not been told before. */
const newestRecords = (strike: Strike): FoundRecord[] => {
  const fresh = segmentsIn(join(folderOf(strike), 'journal')).filter((path) => !path.includes('.damaged'));
  return (
    fresh
      .reverse()
      .map(readSegment)
      .find((records) => records.length > 0) ?? []
  );
};

const overwrite = (path: string, at: number, change: (bytes: Buffer) => Buffer, length: number): void => {
  const file = openSync(path, 'r+');
  try {
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, at);
    const changed = change(bytes);
    writeSync(file, changed, 0, changed.length, at);
  } finally {
    closeSync(file);
  }
};

const noteSpoilt = ({ site, terminal }: Strike, records: readonly FoundRecord[], noticed: string | null): void =>
  site.account.write({
    kind: 'spoilt',
    terminal,
    records: records.map(({ epoch, sequence }) => ({ epoch, sequence })),
    noticed,
  });

/** A write that was never finished: the beginning of a record behind the last one. */
export const journalTorn: Fault = (strike) => {
  whileStill(strike, () => {
    const last = newestRecords(strike).at(-1);
    if (last === undefined) return;
    const length = randomOf(strike).whole(1, last.length - 2);
    const line = readFileSync(last.path).subarray(last.offset, last.offset + length);
    overwrite(last.path, last.offset + last.length + 1, () => line, length);
  });
  return undefined;
};

/** One bit of one record. */
export const journalFlipped: Fault = (strike) => {
  whileStill(strike, () => {
    const random = randomOf(strike);
    const records = newestRecords(strike);
    if (records.length === 0) return;
    const record = random.pick(records);
    const at = record.offset + random.whole(0, record.length - 1);
    overwrite(record.path, at, (byte) => Buffer.of((byte[0] ?? 0) ^ (1 << random.whole(0, 7))), 1);
    noteSpoilt(strike, [record], 'journal.damaged');
  });
  return undefined;
};

/** How far a journal is known outside its folder: to `head.json`, or to the server as it has confirmed. */
const knownOutside = (folder: string, epoch: string): number => {
  const read = (name: string): Record<string, unknown> => {
    const path = join(folder, name);
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  };
  const head = read('head.json')['head'] as { epoch: string; sequence: number } | null | undefined;
  const uploaded = read('position.json')['uploaded'] as Record<string, number> | undefined;
  return Math.max(head?.epoch === epoch ? head.sequence : 0, uploaded?.[epoch] ?? 0);
};

/** The newest records go without a trace, as soon as they are known elsewhere: that is within a second of quiet. */
export const journalShortened: Fault = async (strike) => {
  const guard = strike.site.terminals[strike.terminal].ward.guard();
  const random = randomOf(strike);
  for (let tries = 0; tries < 20; tries += 1) {
    guard.kill('SIGSTOP');
    const records = newestRecords(strike);
    const last = records.at(-1);
    if (last !== undefined && knownOutside(folderOf(strike), last.epoch) >= last.sequence) {
      const gone = random.next() < 0.3 ? records : records.slice(-random.whole(1, 3));
      const from = gone[0]?.offset ?? 0;
      overwrite(last.path, from, (bytes) => Buffer.alloc(bytes.length), last.offset + last.length + 1 - from);
      noteSpoilt(strike, gone, 'journal.damaged');
      guard.kill('SIGKILL');
      return undefined;
    }
    guard.kill('SIGCONT');
    await delay(150);
  }
  return undefined;
};

/** A folder in the place of the newest file that holds records; where the guard has set it aside, the file is put back. */
export const segmentUnreadable: Fault = (strike) => {
  let path = '';
  let bytes = Buffer.alloc(0);
  whileStill(strike, () => {
    const records = newestRecords(strike);
    path = records[0]?.path ?? '';
    if (path === '') return;
    noteSpoilt(strike, records, 'journal.damaged');
    bytes = readFileSync(path);
    rmSync(path);
    mkdirSync(path);
  });
  if (path === '') return undefined;
  const aside = path.replace(/\.jsonl$/, '.damaged.jsonl');
  return async () => {
    for (let tries = 0; tries < 200 && !existsSync(aside); tries += 1) await delay(100);
    const place = existsSync(aside) ? aside : path;
    rmSync(place, { recursive: true });
    writeFileSync(place, bytes);
  };
};

/** What a terminal keeps for the times without the server is put back as it was some seconds ago. */
export const offlinePutBack: Fault = (strike) => {
  const path = join(folderOf(strike), 'offline.json');
  if (!existsSync(path)) return undefined;
  const before = `${path}.before`;
  copyFileSync(path, before);
  return () =>
    whileStill(strike, () => {
      const isOther = !readFileSync(before).equals(readFileSync(path));
      copyFileSync(before, path);
      rmSync(before);
      if (isOther) noteSpoilt(strike, [], 'offline.set-back');
    });
};

/** Where a terminal stands with its server is forgotten. */
export const positionLost: Fault = (strike) => {
  whileStill(strike, () => rmSync(join(folderOf(strike), 'position.json'), { force: true }));
  return undefined;
};

const replaceable = ['position.json', 'head.json', 'offline.json', 'time.json', 'log-witness.json'] as const;

/** A folder in the place of a file, and the guard begins anew before it. */
export const fileReplaced: Fault = (strike) => {
  const path = join(folderOf(strike), randomOf(strike).pick(replaceable));
  whileStill(strike, () => {
    rmSync(path, { force: true });
    mkdirSync(path);
  });
  return () => rmSync(path, { recursive: true, force: true });
};
