import type { JournalRecord, TerminalEvent } from '#contract/audit.ts';
import type { PersonId, SessionId } from '#contract/ids.ts';
import type { Former } from './former.ts';
import type { Journal } from './journal.ts';
import { unfinishedSession } from './unfinished.ts';

export interface StartRecordDeps {
  readonly journal: Pick<Journal, 'append' | 'found' | 'isRead' | 'noteTold' | 'repaired' | 'untold'>;
  readonly former: Former | null;
  /** What was kept for times without the server was an older copy. */
  readonly setBack: boolean;
  /** That is in the journal: no later start has to say it. */
  readonly onSetBackTold: () => void;
  /** What was there, once it could be read. */
  readonly onFound: (records: readonly JournalRecord[]) => void;
  /** The guard before this one died while the desktop was open. */
  readonly onLeft: (session: SessionId, person: PersonId | null) => void;
}

/** What a start has to say. What cannot be written is owed until the journal can be again. */
export interface StartRecord {
  /** Writes what is owed. */
  write(): Promise<void>;
}

const owes = (owed: readonly TerminalEvent[], wanted: TerminalEvent['kind']): boolean =>
  owed.some(({ kind }) => kind === wanted);

export function createStartRecord(deps: StartRecordDeps): StartRecord {
  const { former, journal, onFound, onLeft, setBack } = deps;
  let owed: readonly TerminalEvent[] | undefined;
  let writing: Promise<void> = Promise.resolve();

  function begin(): TerminalEvent[] {
    const { found, repaired, untold } = journal;
    const damages = repaired === null || repaired['journal'] === 'torn' ? untold : [...untold, repaired];
    onFound(found);
    const left = unfinishedSession(found);
    if (left !== null) onLeft(left.session, left.person);
    return [
      { kind: 'guard.started', outcome: 'success', detail: { ...former, ...repaired } },
      ...damages.map((detail) => ({ kind: 'journal.damaged', outcome: 'serious', detail }) as const),
      ...(setBack ? [{ kind: 'offline.set-back', outcome: 'serious' } as const] : []),
      ...(left === null ? [] : [{ kind: 'screen.locked', outcome: 'success', reason: 'start', ...left } as const]),
    ];
  }

  async function write(): Promise<void> {
    if (!journal.isRead) return;
    owed ??= begin();
    // Together, so that nothing of what comes next stands between them.
    const before = owed;
    const written = await Promise.all(before.map((facts) => journal.append(facts)));
    const left = before.filter((_, place) => written[place]?.ok !== true);
    const isTold = (kind: TerminalEvent['kind']): boolean => owes(before, kind) && !owes(left, kind);
    if (isTold('offline.set-back')) deps.onSetBackTold();
    // Not forgotten, it is told once more.
    if (isTold('journal.damaged')) await journal.noteTold().catch(() => undefined);
    owed = left;
  }

  return {
    write() {
      writing = writing.then(write);
      return writing;
    },
  };
}
