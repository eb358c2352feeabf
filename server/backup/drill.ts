import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import type { Changed } from '#contract/api/console.ts';
import { readKeyRings } from '../key-file.ts';
import { createDatabase } from '../store/database.ts';
import { startEmbedded } from '../store/embedded.ts';
import { record } from '../store/events.ts';
import { checkKeyMarks, ForeignKeys } from '../store/key-marks.ts';
import { type BackupHead, DamagedBackup } from './form.ts';
import { checkBackup, RestoreProblem, restore } from './load.ts';
import { openLines } from './sealed-file.ts';

export interface ToDrill {
  /** Of the server that goes on: its database, and the folder with the keys that belong to the backup too. */
  readonly connectionString: string;
  readonly dataFolder: string;
  readonly path: string;
  /** The key that opens the backup. */
  readonly identity: string;
  /** Who does it, as the machine knows them. */
  readonly by: string;
  /** Where the database lies that is made for it. */
  readonly scratch: string;
  /** Gives it up: no copy of a hospital is left behind. */
  readonly ending: AbortSignal;
}

export interface Drilled {
  readonly of: string;
  readonly rows: number;
}

/** Into a database of its own, which is gone afterwards, and with the keys that would have to open it. */
const putElsewhere = async (given: ToDrill, head: BackupHead): Promise<number> => {
  const rings = readKeyRings(given.dataFolder);
  if (rings === undefined) throw new RestoreProblem(`there is no keys.json in ${given.dataFolder}`);
  const folder = await mkdtemp(join(given.scratch, 'kazasu-drill-'));
  try {
    // Its PostgreSQL may run as another user and must pass through.
    await chmod(folder, 0o711);
    const { connectionString, stop } = await startEmbedded(folder);
    let stopped: Promise<void> | undefined;
    // What goes on in it fails then, and goes the way of all that fails.
    const end = (): Promise<void> => {
      stopped ??= stop();
      return stopped;
    };
    given.ending.addEventListener('abort', end);
    try {
      given.ending.throwIfAborted();
      const { path, identity, by } = given;
      const { rows } = await restore(connectionString, () => openLines(path, identity), { head, now: new Date(), by });
      const database = createDatabase({ connectionString, report: () => undefined });
      await checkKeyMarks(database, rings, new Date()).finally(database.close);
      return rows;
    } finally {
      given.ending.removeEventListener('abort', end);
      await end();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const reasonOf = (problem: unknown): string => {
  if (problem instanceof DamagedBackup) return 'damaged';
  return problem instanceof ForeignKeys ? 'keys-foreign' : 'restore-failed';
};

type Outcome = { readonly done: Drilled } | { readonly of: string | undefined; readonly problem: unknown };

const note = async ({ connectionString, path, by }: ToDrill, outcome: Outcome): Promise<void> => {
  const database = createDatabase({ connectionString, report: () => undefined });
  const detail = { backup: basename(path), by, host: hostname() };
  try {
    await database.transaction(async (tx) => {
      await record(tx, new Date(), {
        kind: 'restore.practised',
        ...('done' in outcome
          ? { outcome: 'success', detail: { ...detail, ...outcome.done } }
          : {
              outcome: 'serious',
              reason: reasonOf(outcome.problem),
              detail: { ...detail, ...(outcome.of === undefined ? {} : { of: outcome.of }) },
            }),
      });
      // With the commit: what is told apart from it would be lost where the command ends.
      for (const what of ['backups', 'events'] satisfies Changed['what'][])
        await tx.query(`select pg_notify('changed', $1)`, [JSON.stringify({ what })]);
    });
  } finally {
    await database.close();
  }
};

/**
 * Practises a restore beside the server, which goes on, and tells the server's log how that went: who did it, when, with
 * which backup. One that fails is told too, and fails the command.
 */
export const drill = async (given: ToDrill): Promise<Drilled> => {
  let of: string | undefined;
  const practise = async (): Promise<Outcome> => {
    try {
      const head = await checkBackup(given.path, given.identity);
      of = head.at;
      return { done: { of, rows: await putElsewhere(given, head) } };
    } catch (problem) {
      return { of, problem };
    }
  };
  const outcome = await practise();
  await note(given, outcome);
  if ('problem' in outcome) throw outcome.problem;
  return outcome.done;
};
