/**
 * `npm run restore -- <backup> --key <file> [--replace] [--write-once] [--drill]`: puts a backup in the place of all that is in the database of the
 * settings, whole or not at all, and begins another incarnation of the server. `keys.json` of its time must be there. With
 * `--write-once` the backup is one of the bucket of the settings, by its name. With `--drill` it goes into a database of its
 * own beside the server, which goes on, and the server's log is told how that went. `npm run restore -- --give-up` goes back to
 * what was there before a restore that was cut short.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { drill } from './backup/drill.ts';
import { DamagedBackup } from './backup/form.ts';
import { checkBackup, giveUpRestore, RestoreProblem, restore } from './backup/load.ts';
import { reachDatabase, SettingsProblem } from './backup/reach.ts';
import { openLines } from './backup/sealed-file.ts';
import { keyFileIn } from './key-file.ts';
import { EmbeddedDatabaseProblem } from './store/embedded.ts';
import { ForeignKeys } from './store/key-marks.ts';
import { WriteOnceProblem } from './write-once/problems.ts';
import { readWriteOnceSettings } from './write-once/settings.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const main = async (): Promise<void> => {
  const options = {
    key: { type: 'string' },
    replace: { type: 'boolean' },
    'write-once': { type: 'boolean' },
    drill: { type: 'boolean' },
    'give-up': { type: 'boolean' },
  } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values['give-up'] === true) return giveUp();
  const [named, ...rest] = positionals;
  if (named === undefined || rest.length > 0 || values.key === undefined || !existsSync(values.key))
    throw new SettingsProblem(
      'npm run restore -- <backup> --key <file with AGE-SECRET-KEY-1…> [--replace | --drill] [--write-once]',
    );
  if (values.drill === true && values.replace === true)
    throw new SettingsProblem('a drill replaces nothing: --drill or --replace');
  const identity = readFileSync(values.key, 'utf8').trim();
  const put = (path: string): Promise<void> =>
    values.drill === true ? practise(path, identity) : putBack(path, identity, values.replace === true);
  if (values['write-once'] !== true) return put(named);
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-restore-'));
  try {
    const path = join(folder, basename(named));
    await fetchFrom(named, path);
    await put(path);
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

const practise = async (path: string, identity: string): Promise<void> => {
  const { dataFolder, connectionString, stop } = await reachDatabase(process.env);
  const told = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => told.abort());
  try {
    const by = userInfo().username;
    const { rows, of } = await drill({
      connectionString,
      dataFolder,
      path,
      identity,
      by,
      scratch: tmpdir(),
      ending: told.signal,
    });
    say(`${rows} rows of ${of} were restored into a database of their own, which is gone again. The log has it.`);
  } finally {
    await stop();
  }
};

const putBack = async (path: string, identity: string, replace: boolean): Promise<void> => {
  const head = await checkBackup(path, identity);
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
  const kinds = [
    SettingsProblem,
    RestoreProblem,
    DamagedBackup,
    EmbeddedDatabaseProblem,
    ForeignKeys,
    WriteOnceProblem,
  ];
  const known = kinds.some((kind) => problem instanceof kind) || code !== undefined;
  process.stderr.write(`Nothing was restored: ${known ? message : stack}\n`);
  process.exitCode = 1;
}
