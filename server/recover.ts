/**
 * `node server/recover.ts <staff number>`: the way back for somebody whom the console does not let in any more. Works on
 * the data folder (`KAZASU_DATA`) and database (`DATABASE_URL`, or the embedded one) of the server, running or not.
 */
import { existsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { type Config, listOrigins, parseConfig } from './config.ts';
import { openServerKeys } from './held-keys.ts';
import { beginRecovery, type Recovery, RecoveryProblem } from './recovery.ts';
import { createDatabase, DatabaseAway } from './store/database.ts';
import { EmbeddedDatabaseProblem, reachEmbedded } from './store/embedded.ts';
import { ForeignKeys } from './store/key-marks.ts';

const usage = `node server/recover.ts <staff number>
Prints a link, good once, with which this person sets password and authenticator anew.
Run it on the server's machine, as its user and with its settings (KAZASU_DATA, KAZASU_ORIGIN, DATABASE_URL …).`;

const complain = (line: string): void => void process.stderr.write(`${line}\n`);

/** A folder that is no server's, or another user's: before anything is written or started there. */
const checkFolder = ({ dataFolder, databaseUrl }: Config): string => {
  const folder = resolve(dataFolder);
  const keys = join(folder, 'keys.json');
  if (!existsSync(keys)) {
    throw new RecoveryProblem(`${folder} is not the data folder of a server; name it with KAZASU_DATA`);
  }
  const own = process.getuid?.();
  const { uid } = statSync(keys);
  if (own !== undefined && own !== uid) {
    throw new RecoveryProblem(`run this as the user that the server runs as (user number ${uid})`);
  }
  if (databaseUrl === undefined && !existsSync(join(folder, 'postgres.password'))) {
    throw new RecoveryProblem(`there is no database in ${folder}; name it with DATABASE_URL`);
  }
  return folder;
};

const recover = async (config: Config, number: string): Promise<Recovery> => {
  const folder = checkFolder(config);
  const embedded = config.databaseUrl === undefined ? await reachEmbedded(folder) : undefined;
  try {
    const connectionString = config.databaseUrl ?? embedded?.connectionString ?? '';
    const database = createDatabase({ connectionString, report: () => undefined });
    try {
      const { secrets } = await openServerKeys(database, folder, new Date());
      return await beginRecovery({ database, secrets, now: new Date() }, number, userInfo().username);
    } finally {
      await database.close();
    }
  } finally {
    await embedded?.stop();
  }
};

const show = (config: Config, { person, code, expiresAt }: Recovery): string => {
  const [origin] = listOrigins(config, config.port);
  return [
    `A link for ${person.name} (${person.number}), good once and until ${expiresAt.toISOString()}:`,
    `${origin}/console/#invitation=${code}`,
    'Whoever opens it sets password and authenticator of this person: hand it to them alone.',
    `If your console has another address than ${origin}, put that one in its place.`,
  ].join('\n');
};

const tell = (problem: unknown): string => {
  const { cause } = problem as Error;
  const { message, stack, code } = (problem instanceof DatabaseAway ? cause : problem) as NodeJS.ErrnoException;
  const known = [RecoveryProblem, EmbeddedDatabaseProblem, ForeignKeys].some((kind) => problem instanceof kind);
  if (known) return message;
  // Of the system or of PostgreSQL; neither repeats a password.
  return code === undefined ? String(stack) : `the database cannot be used (${code}) ${message}`;
};

const main = async (): Promise<number> => {
  const [number, ...rest] = process.argv.slice(2);
  if (number === undefined || number.startsWith('-') || rest.length > 0) {
    complain(usage);
    return 2;
  }
  const parsed = parseConfig(process.env);
  if ('problems' in parsed) {
    complain(['The settings cannot be used:', ...parsed.problems.map((problem) => `  ${problem}`)].join('\n'));
    return 2;
  }
  try {
    const recovery = await recover(parsed.config, number);
    process.stdout.write(`${show(parsed.config, recovery)}\n`);
    return 0;
  } catch (problem) {
    complain(`No link was made: ${tell(problem)}`);
    return 1;
  }
};

process.exitCode = await main();
