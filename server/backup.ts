/**
 * `npm run backup -- [--to <folder>] [--recipient age1…] [--keep <generations>]`: all that is in the database, sealed for the
 * holder of one key (age), read back before it counts. The server may run. `keys.json` is not in it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { dump } from './backup/dump.ts';
import { reachDatabase, SettingsProblem } from './backup/reach.ts';
import { makeIdentity, recipientOf, writeSealed } from './backup/sealed-file.ts';
import { EmbeddedDatabaseProblem } from './store/embedded.ts';
import { tryWriteNewFile } from './whole-file.ts';

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

const main = async (): Promise<void> => {
  const options = { to: { type: 'string' }, recipient: { type: 'string' }, keep: { type: 'string' } } as const;
  const { values } = parseArgs({ options });
  const keep = Number(values.keep ?? 14);
  if (!Number.isSafeInteger(keep) || keep < 1) throw new SettingsProblem('--keep is a number from 1 on');
  const { dataFolder, connectionString, stop } = await reachDatabase(process.env);
  try {
    const folder = resolve(values.to ?? join(dataFolder, 'backups'));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const recipient = values.recipient ?? (await ownRecipient(dataFolder));
    const at = new Date();
    const written = await writeSealed(dump(connectionString, at), { folder, recipient, keep, at });
    say(`${written.path}: ${written.tables} tables, ${written.rows} rows, read back and whole.`);
    say(`keys.json of ${dataFolder} is not in it: keep a copy of it apart from the backups.`);
  } finally {
    await stop();
  }
};

try {
  await main();
} catch (problem) {
  const { message, stack, code } = problem as NodeJS.ErrnoException;
  const known = problem instanceof SettingsProblem || problem instanceof EmbeddedDatabaseProblem || code !== undefined;
  process.stderr.write(`No backup was made: ${known ? message : stack}\n`);
  process.exitCode = 1;
}
