/**
 * `npm run restore -- <backup> --key <file> [--replace]`: puts a backup in the place of all that is in the database of the
 * settings, whole or not at all, and begins another incarnation of the server. `keys.json` of its time must be there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BackupHead, DamagedBackup, readBackup } from './backup/form.ts';
import { RestoreProblem, restore } from './backup/load.ts';
import { reachDatabase, SettingsProblem } from './backup/reach.ts';
import { openLines } from './backup/sealed-file.ts';
import { keyFileIn } from './key-file.ts';
import { EmbeddedDatabaseProblem } from './store/embedded.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Reads it to its end before anything is given up for it. */
const check = async (path: string, identity: string): Promise<BackupHead> => {
  const nothing = async (): Promise<void> => undefined;
  return (await readBackup(openLines(path, identity), { head: nothing, rows: nothing })).head;
};

const main = async (): Promise<void> => {
  const options = { key: { type: 'string' }, replace: { type: 'boolean' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [path, ...rest] = positionals;
  if (path === undefined || rest.length > 0 || values.key === undefined || !existsSync(values.key))
    throw new SettingsProblem('npm run restore -- <backup> --key <file with AGE-SECRET-KEY-1…> [--replace]');
  const identity = readFileSync(values.key, 'utf8').trim();
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
      replace: values.replace === true,
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
  const kinds = [SettingsProblem, RestoreProblem, DamagedBackup, EmbeddedDatabaseProblem];
  const known = kinds.some((kind) => problem instanceof kind) || code !== undefined;
  process.stderr.write(`Nothing was restored: ${known ? message : stack}\n`);
  process.exitCode = 1;
}
