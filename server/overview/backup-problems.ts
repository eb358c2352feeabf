import type { BackupProblem } from '#contract/api/backups.ts';
import type { BackupFacts } from '../store/backups.ts';

const day = 24 * 3_600_000;
/** A backup that is older is told of (milliseconds). */
export const backupAge = 2 * day;
/** So long it is told that one was missing from its folder. */
const missedFor = 30 * day;

/** A word of a shell's command, as it is (POSIX.1-2017, 2.2.2). */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** Makes a backup as the newest one was made. */
const makeCommand = ({ newest, keep }: BackupFacts, writeOnce: boolean): string => {
  const { folder, recipient } = newest ?? {};
  return [
    'npm run backup -- --to',
    quoted(folder ?? '/mnt/backups'),
    ...(recipient == null ? [] : ['--recipient', quoted(recipient)]),
    '--keep',
    String(keep ?? 14),
    ...(writeOnce ? ['--write-once'] : []),
  ].join(' ');
};

/** A restore beside the server, which goes on, into a database of its own. */
const practiseCommand = ({ newest }: BackupFacts): string => {
  const file = newest?.name == null ? '/mnt/backups/kazasu-….age' : quoted(`${newest.folder}/${newest.name}`);
  return `npm run restore -- ${file} --key backup-key.txt --drill`;
};

export const backupCommands = (facts: BackupFacts) => ({
  make: makeCommand(facts, facts.newest?.stored !== 'not-asked' && facts.newest !== null),
  list: 'npm run backup -- --list',
  practise: practiseCommand(facts),
});

/** What is wrong with the backups, the worst first, each with the command that mends it. */
export const findBackupProblems = (facts: BackupFacts, now: Date): BackupProblem[] => {
  const { newest, keyBeside, lockedUntil, missedAt } = facts;
  const { make } = backupCommands(facts);
  if (newest === null) return [{ kind: 'none', tone: 'bad', at: null, command: make }];
  const problems: BackupProblem[] = [];
  const say = (kind: BackupProblem['kind'], tone: BackupProblem['tone'], at: string | null, command: string): void => {
    problems.push({ kind, tone, at, command });
  };
  if (now.getTime() - Date.parse(newest.at) > backupAge) say('old', 'bad', newest.at, make);
  const forGood = makeCommand(facts, true);
  if (newest.stored === 'failed') say('store-failed', 'bad', newest.at, forGood);
  if (missedAt !== null && now.getTime() - missedAt.getTime() < missedFor)
    say('removed-by-somebody', 'bad', missedAt.toISOString(), make);
  if (newest.stored === 'not-asked') say('store-none', 'warn', newest.at, forGood);
  else if (lockedUntil !== null && lockedUntil <= now)
    say('store-unlocked', 'warn', lockedUntil.toISOString(), forGood);
  if (keyBeside !== null) say('key-beside', 'warn', null, `mv ${quoted(keyBeside)} /media/usb/`);
  return problems;
};
