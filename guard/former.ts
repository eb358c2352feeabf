import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { TerminalId } from '#contract/ids.ts';
import { syncFolder } from './journal-file.ts';
import { joinSegments, listSegments, readAll } from './journal-folder.ts';
import { codeOf } from './log.ts';
import type { Position } from './position.ts';

export interface FormerDeps {
  readonly folder: string;
  readonly position: Position;
  /** Who this terminal is now. */
  readonly terminal: TerminalId | null;
  readonly now: () => Date;
}

/** For the event of the start: where the records are of the terminal that it was, and how many the server never got. */
export type Former = Readonly<Record<'former' | 'journal' | 'unsent', string | number>>;

/**
 * Where this terminal was enrolled as another one, journal and position belong to the one that it was: the journal is kept
 * under another name, the position begins anew. Cut short at any moment, the next start goes on with it.
 */
export async function setFormerAside({ folder, position, terminal, now }: FormerDeps): Promise<Former | null> {
  const { terminal: former, uploaded } = position.get();
  if (former === null || terminal === null || former === terminal) return null;
  const name = `journal.before-${now().toISOString().replaceAll(/[:.]/g, '')}`;
  const { records } = joinSegments(await readAll(await tryList(join(folder, 'journal')), null));
  const unsent = records.filter(({ epoch, sequence }) => sequence > (uploaded[epoch] ?? 0)).length;
  await rename(join(folder, 'journal'), join(folder, name)).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
  await syncFolder(folder);
  position.change({ terminal, uploaded: {}, revocation: 0 });
  await position.settled();
  return { former, journal: name, unsent };
}

const tryList = (folder: string): ReturnType<typeof listSegments> =>
  listSegments(folder).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
    return [];
  });
