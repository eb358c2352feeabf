/**
 * The command for the server's keys, on the data folder (`KAZASU_DATA`) and database (`DATABASE_URL`, or the embedded one,
 * running or not) that the server has: `list`, `rotate <purpose>`, `retire <purpose> <number>`. docs/keys.md explains it.
 */
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type KeyPurpose, keyPurposes } from '#contract/api/keys.ts';
import { parseConfig } from './config.ts';
import {
  checkDatabase,
  type KeyCommandDeps,
  KeyProblem,
  NotYet,
  readRings,
  retireKey,
  rotateKey,
} from './key-commands.ts';
import { foreignOwner } from './key-file.ts';
import { listKeys } from './key-list.ts';
import { createDatabase } from './store/database.ts';
import { EmbeddedDatabaseProblem, reachEmbedded } from './store/embedded.ts';
import { ForeignKeys } from './store/key-marks.ts';
import { migrate } from './store/migrate.ts';
import { HalfRestored, refuseHalfRestored } from './store/restoring.ts';

const usage = `node server/keys.ts list
node server/keys.ts rotate <purpose> [--wait <seconds>]
node server/keys.ts retire <purpose> <number> [--let-go <rows>] [--wait <seconds>]
purposes: ${keyPurposes.join(', ')}`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const complain = (line: string): void => void process.stderr.write(`${line}\n`);

class UsageProblem extends Error {}

const parseWhole = (text: string | undefined, what: string): number => {
  if (text === undefined || !/^\d{1,9}$/.test(text)) throw new UsageProblem(`${what} must be a whole number`);
  return Number(text);
};

const parsePurpose = (text: string | undefined): KeyPurpose => {
  const purpose = keyPurposes.find((one) => one === text);
  if (purpose === undefined) throw new UsageProblem(`${text ?? 'nothing'} is no purpose`);
  return purpose;
};

interface Asked {
  readonly waitSeconds: number;
  run(deps: KeyCommandDeps): Promise<void>;
}

const parseCommand = (args: string[]): Asked => {
  const options = { wait: { type: 'string' }, 'let-go': { type: 'string' } } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const [command, purpose, number, ...rest] = positionals;
  const waitSeconds = values.wait === undefined ? 600 : parseWhole(values.wait, '--wait');
  if (rest.length > 0) throw new UsageProblem('too many words');
  if (values['let-go'] !== undefined && command !== 'retire') throw new UsageProblem('--let-go is for retire');
  switch (command) {
    case 'list':
      if (purpose !== undefined) throw new UsageProblem('too many words');
      return { waitSeconds, run: listKeys };
    case 'rotate': {
      const what = parsePurpose(purpose);
      if (number !== undefined) throw new UsageProblem('rotate makes the number itself');
      return { waitSeconds, run: (deps) => rotateKey(deps, what) };
    }
    case 'retire': {
      const what = parsePurpose(purpose);
      const id = parseWhole(number, 'the number of the key');
      const letGo = values['let-go'] === undefined ? 0 : parseWhole(values['let-go'], '--let-go');
      return { waitSeconds, run: (deps) => retireKey(deps, what, id, letGo) };
    }
    default:
      throw new UsageProblem(command === undefined ? 'what is to be done?' : `${command} is no command`);
  }
};

const main = async (): Promise<void> => {
  const asked = parseCommand(process.argv.slice(2));
  const parsed = parseConfig(process.env);
  if ('problems' in parsed) throw new KeyProblem(parsed.problems.join('\n'));
  const dataFolder = resolve(parsed.config.dataFolder);
  const { databaseUrl } = parsed.config;
  const facts = { dataFolder, now: () => new Date(), say, by: userInfo().username, patience: asked.waitSeconds * 1000 };
  // Before anything is started: a folder without keys is the wrong one.
  readRings({ dataFolder });
  const owner = foreignOwner(dataFolder);
  if (owner !== undefined) throw new KeyProblem(`run this as the user that the server runs as (user number ${owner})`);
  const embedded = databaseUrl === undefined ? await reachEmbedded(dataFolder) : undefined;
  try {
    const connectionString = databaseUrl ?? embedded?.connectionString ?? '';
    await refuseHalfRestored(connectionString);
    await migrate(connectionString, () => undefined);
    const database = createDatabase({ connectionString, report: () => undefined });
    try {
      const deps = { ...facts, database: { ...database, ...database.background } };
      await checkDatabase(deps);
      await asked.run(deps);
    } finally {
      await database.close();
    }
  } finally {
    await embedded?.stop();
  }
};

try {
  await main();
} catch (problem) {
  const { message, stack, code } = problem as NodeJS.ErrnoException;
  const isUsage = problem instanceof UsageProblem || code?.startsWith('ERR_PARSE_ARGS') === true;
  const known = [KeyProblem, ForeignKeys, EmbeddedDatabaseProblem, HalfRestored].some(
    (kind) => problem instanceof kind,
  );
  if (isUsage) complain(`${message}\n\n${usage}`);
  else if (problem instanceof NotYet) complain(`Not yet: ${message}\nGive the same command again to go on.`);
  else complain(known ? message : (stack ?? message));
  process.exitCode = isUsage ? 2 : problem instanceof NotYet ? 3 : 1;
}
