import { useCallback, useEffect, useRef, useState } from 'react';
import type { Failure, Result } from '#contract/errors.ts';
import { saveFile } from './save-file.ts';

/** How far something has come on its way into a file. */
export type Saving =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly count: number }
  | { readonly kind: 'saved'; readonly count: number; readonly name: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** A page of what is saved: its text, how many things are in it, and where the next one goes on. */
export interface SavedPage<Place> {
  readonly text: string;
  readonly count: number;
  readonly next: Place | null;
}

export interface FileToSave<Place> {
  readonly name: string;
  readonly type: 'text/csv' | 'application/jsonl';
  /** What stands in front of the first page. */
  readonly head: string;
  readonly fetch: (after: Place | null) => Promise<Result<SavedPage<Place>>>;
}

export interface UseSaving {
  readonly state: Saving;
  readonly begin: <Place>(file: FileToSave<Place>) => Promise<void>;
  readonly stop: () => void;
}

/** Fetches a list page by page and saves it as one file. Leaving the page, or `stop`, ends it. */
export const useSaving = (): UseSaving => {
  const [state, setState] = useState<Saving>({ kind: 'none' });
  const run = useRef(0);
  useEffect(
    () => () => {
      run.current += 1;
    },
    [],
  );
  const begin = useCallback(async <Place>({ name, type, head, fetch }: FileToSave<Place>) => {
    run.current += 1;
    const mine = run.current;
    // The browser keeps what is large on its disk.
    const parts: Blob[] = [new Blob([head])];
    let count = 0;
    let after: Place | null = null;
    do {
      setState({ kind: 'running', count });
      const reply: Result<SavedPage<Place>> = await fetch(after);
      if (run.current !== mine) return;
      if (!reply.ok) return setState({ kind: 'failed', failure: reply.failure });
      parts.push(new Blob([reply.value.text]));
      count += reply.value.count;
      after = reply.value.next;
    } while (after !== null);
    saveFile(name, new Blob(parts, { type }));
    setState({ kind: 'saved', count, name });
  }, []);
  const stop = useCallback(() => {
    run.current += 1;
    setState({ kind: 'none' });
  }, []);
  return { state, begin, stop };
};
