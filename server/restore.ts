/**
 * `npm run restore -- <backup> --key <file> [--replace] [--write-once]`: puts a backup in the place of all that is in the database of the
 * settings, whole or not at all, and begins another incarnation of the server. `keys.json` of its time must be there. With
 * `--write-once` the backup is one of the bucket of the settings, by its name. `npm run restore -- --give-up` goes back to
 * what was there before a restore that was cut short.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BackupHead, DamagedBackup, readBackup } from './backup/form.ts';
import { giveUpRestore, RestoreProblem, restore } from './backup/load.ts';
import { reachDatabase, SettingsProblem } from './backup/reach.ts';
import { openLines } from './backup/sealed-file.ts';
import { keyFileIn } from './key-file.ts';
import { EmbeddedDatabaseProblem } from './store/embedded.ts';
import { WriteOnceProblem } from './write-once/problems.ts';
import { readWriteOnceSettings } from './write-once/settings.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Reads it to its end before anything is given up for it. */
const check = async (path: string, identity: string): Promise<BackupHead> => {
  const nothing = async (): Promise<void> => undefined;
  return (await readBackup(openLines(path, identity), { head: nothing, rows: nothing })).head;
};

const main = async (): Promise<void> => {
  const options = {
    key: { type: 'string' },
    replace: { type: 'boolean' },
    'write-once': { type: 'boolean' },
    'give-up': { type: 'boolean' },
  } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values['give-up'] === true) return giveUp();
  const [named, ...rest] = positionals;
  if (named === undefined || rest.length > 0 || values.key === undefined || !existsSync(values.key))
    throw new SettingsProblem(
      'npm run restore -- <backup> --key <file with AGE-SECRET-KEY-1…> [--replace] [--write-once]',
    );
  const identity = readFileSync(values.key, 'utf8').trim();
  if (values['write-once'] !== true) return putBack(named, identity, values.replace === true);
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-restore-'));
  try {
    const path = join(folder, 'backup.age');
    await fetchFrom(named, path);
    await putBack(path, identity, values.replace === true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Loaded for whoever asks for it alone. */
const fetchFrom = async (name: string, path: string): Promise<void> => {
  const settings = readWriteOnceSettings(process.env);
  const { openWriteOnceStore } = await import('./write-once/store.ts');
  const store = openWriteOnceStore(settings);
  await store.fetch(name, path).finally(store.close);
  say(`${name} has come from ${settings.bucket}.`);
};

const giveUp = async (): Promise<void> => {
  const { connectionString, stop } = await reachDatabase(process.env);
  await giveUpRestore(connectionString).finally(stop);
  say('What was there before the restore that was cut short is there again.');
};

const putBack = async (path: string, identity: string, replace: boolean): Promise<void> => {
  const head = await check(path, identity);
  const { dataFolder, connectionString, stop } = await reachDatabase(process.env, true);
  try {
    if (!existsSync(keyFileIn(dataFolder)))
      throw new RestoreProblem(`put the keys.json of that time into ${dataFolder} first: nothing opens without it`);
    const now = new Date();
    const { rows, incarnation } = await restore(connectionString, () => openLines(path, identity), {
      head,
      now,
      by: userInfo().username,
      replace,
    });
    say(`${rows} rows of ${head.at} are back; the server goes on as incarnation ${incarnation}.`);
    say(`Terminals notice it when they connect. Log: ${head.size} lines of the one before (${join(dataFolder)}).`);
  } finally {
    await stop();
  }
};

try {
  await main();
} catch (problem) {
  const { message, stack, code } = problem as NodeJS.ErrnoException;
  const kinds = [SettingsProblem, RestoreProblem, DamagedBackup, EmbeddedDatabaseProblem, WriteOnceProblem];
  const known = kinds.some((kind) => problem instanceof kind) || code !== undefined;
  process.stderr.write(`Nothing was restored: ${known ? message : stack}\n`);
  process.exitCode = 1;
}
