import { succeed } from '#contract/errors.ts';
import type { ServerDeps } from '../deps.ts';
import { backupCommands, findBackupProblems } from '../overview/backup-problems.ts';
import { listBackups, readBackupFacts } from '../store/backups.ts';
import type { Handlers } from './handlers.ts';
import { refuseCursor } from './listed.ts';

export const createBackupRoutes = ({ database, now }: Pick<ServerDeps, 'database' | 'now'>) =>
  ({
    'backups/list': async ({ query }) => {
      const at = now();
      const listed = await listBackups(database, at, query);
      if (listed === undefined) return refuseCursor();
      const facts = await readBackupFacts(database, at);
      const { newest, kept, locked, goesNext, restored, practised } = facts;
      const { rows: backups, next, total } = listed;
      return succeed({
        backups,
        next,
        total,
        newest,
        kept,
        locked,
        goesNext: [...goesNext],
        restored: restored && { ...restored, at: restored.at.toISOString() },
        practised: practised && { ...practised, at: practised.at.toISOString() },
        problems: findBackupProblems(facts, at),
        commands: backupCommands(facts),
      });
    },
  }) satisfies Partial<Handlers>;
