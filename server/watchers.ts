import { setTimeout as wait } from 'node:timers/promises';
import type { Changed } from '#contract/api/console.ts';

/** One open stream of a console page. */
export interface Watcher {
  readonly session: string;
  hear(what: Changed): void;
  /** Nothing to say: keeps the connection from looking dead. */
  keepAlive(): void;
  end(): void;
}

/** Of these console sessions, those that may still be shown what changes. */
export type FindOpen = (sessions: readonly string[]) => Promise<ReadonlySet<string>>;

/** What comes within this time is told together (milliseconds): a busy morning is no more work than a quiet one. */
const gather = 100;

/**
 * The streams of console pages. Whoever signed out, or lost the right to see it, hears nothing of what came afterwards:
 * each end of a session is an event, so that there is something to tell, and who is told is looked up anew each time.
 */
export const createWatchers = (findOpen: FindOpen) => {
  const watchers = new Set<Watcher>();
  const waiting = new Set<Changed['what']>();
  let telling = false;

  const tellNow = async (): Promise<void> => {
    const [asked, told] = [[...watchers], [...waiting]];
    waiting.clear();
    if (asked.length === 0) return;
    try {
      const open = await findOpen(asked.map(({ session }) => session));
      for (const watcher of asked) {
        if (!open.has(watcher.session)) watcher.end();
        else if (watchers.has(watcher)) for (const what of told) watcher.hear({ what });
      }
    } catch {
      // The database is away for a moment: what was to be told waits with what comes next.
      for (const what of told) waiting.add(what);
    }
  };

  return {
    all: (): Watcher[] => [...watchers],
    add: (watcher: Watcher): (() => void) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    tell: async ({ what }: Changed): Promise<void> => {
      waiting.add(what);
      if (telling) return;
      telling = true;
      while (waiting.size > 0) {
        await tellNow();
        await wait(gather, undefined, { ref: false });
      }
      telling = false;
    },
    close: (): void => {
      for (const watcher of watchers) watcher.end();
      watchers.clear();
    },
  };
};
