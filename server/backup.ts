/**
 * `npm run backup -- [--to <folder>] [--recipient age1…] [--keep <generations>] [--write-once]`: all that is in the database,
 * sealed for the holder of one key (age), read back before it counts; with `--write-once` it goes to the bucket of the
 * settings too, where nobody deletes it for a while. `--list` says what lies there. The server may run. `keys.json` is not in it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { dump } from './backup/dump.ts';
import { noteBackup } from './backup/note.ts';
import { reachDatabase, SettingsProblem } from './backup/reach.ts';
import { makeIdentity, recipientOf, writeSealed } from './backup/sealed-file.ts';
import { EmbeddedDatabaseProblem } from './store/embedded.ts';
import { HalfRestored } from './store/restoring.ts';
import { tryWriteNewFile } from './whole-file.ts';
import { WriteOnceProblem } from './write-once/problems.ts';
import { readWriteOnceSettings } from './write-once/settings.ts';
import type { Generation, WriteOnceStore } from './write-once/store.ts';

/** The backup that was made, also where what was to come after it failed. */
let done: string | undefined;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The recipient of this data folder: that of the key beside it, which is made at the first backup. */
const ownRecipient = async (dataFolder: string): Promise<string> => {
  const path = join(dataFolder, 'backup-recipient.txt');
  if (!existsSync(path)) {
    const identity = await makeIdentity();
    const secret = join(dataFolder, 'backup-key.txt');
    if (!tryWriteNewFile(secret, `${identity}\n`)) throw new SettingsProblem(`${secret} is there without ${path}`);
    tryWriteNewFile(path, `${await recipientOf(identity)}\n`, 0o644);
    say(`${secret} opens the backups. Keep it somewhere else, twice, and take it away from here.`);
  }
  return readFileSync(path, 'utf8').trim();
};

const openStore = async (): Promise<WriteOnceStore> => {
  const settings = readWriteOnceSettings(process.env);
  const { openWriteOnceStore } = await import('./write-once/store.ts');
  return openWriteOnceStore(settings);
};

const describe = ({ name, bytes, lockedUntil, covered }: Generation): string =>
  [
    name,
    `${Math.ceil(bytes / 1024)} KiB`,
    lockedUntil === undefined ? 'not locked' : `locked until ${lockedUntil.toISOString()}`,
    ...(covered ? ['somebody has put something over it; this is what was there first'] : []),
  ].join(', ');

const main = async (): Promise<void> => {
  const options = {
    to: { type: 'string' },
    recipient: { type: 'string' },
    keep: { type: 'string' },
    'write-once': { type: 'boolean' },
    list: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ options });
  // Loaded for whoever asks for it alone, and before anything is written: settings that are wrong are told at once.
  const store = values.list || values['write-once'] ? await openStore() : undefined;
  if (store !== undefined && values.list) {
    for (const line of (await store.list()).map(describe)) say(line);
    return;
  }
  const keep = Number(values.keep ?? 14);
  if (!Number.isSafeInteger(keep) || keep < 1) throw new SettingsProblem('--keep is a number from 1 on');
  const { dataFolder, connectionString, stop } = await reachDatabase(process.env);
  try {
    const folder = resolve(values.to ?? join(dataFolder, 'backups'));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const recipient = values.recipient ?? (await ownRecipient(dataFolder));
    const at = new Date();
    const written = await writeSealed(dump(connectionString, at), { folder, recipient, keep, at });
    done = written.path;
    say(`${written.path}: ${written.tables} tables, ${written.rows} rows, read back and whole.`);
    if (written.before !== undefined)
      say(
        `${written.before} is of a later time: the clock of this machine is behind, or was ahead. Set it; delete by hand what is too much.`,
      );
    let kept: Generation | undefined;
    try {
      kept = await store?.put(written.path, at);
      if (kept !== undefined) say(`Stored for good: ${describe(kept)}`);
    } finally {
      const key = join(dataFolder, 'backup-key.txt');
      await noteBackup(connectionString, {
        ...written,
        name: basename(written.path),
        folder,
        host: hostname(),
        recipient,
        keep,
        keyBeside: existsSync(key) ? key : null,
        stored: store === undefined ? 'not-asked' : kept === undefined ? 'failed' : 'stored',
        lockedUntil: kept?.lockedUntil ?? null,
      });
    }
    say(`keys.json of ${dataFolder} is not in it: keep a copy of it apart from the backups.`);
  } finally {
    await stop();
  }
};

try {
  await main();
} catch (problem) {
  const { message, stack, code } = problem as NodeJS.ErrnoException;
  const kinds = [SettingsProblem, EmbeddedDatabaseProblem, WriteOnceProblem, HalfRestored];
  const known = kinds.some((kind) => problem instanceof kind) || code !== undefined;
  process.stderr.write(
    `${done === undefined ? 'No backup was made' : `${done} was made, and nothing more`}: ${known ? message : stack}\n`,
  );
  process.exitCode = 1;
}
