import { useCallback, useEffect, useRef, useState } from 'react';
import type { Failure } from '#contract/errors.ts';
import { saveFile } from './save-file.ts';
import { useConsole } from './use-console.ts';

/** How far the log has come on its way into a file. */
export type Export =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly done: number; readonly size: number }
  | { readonly kind: 'saved'; readonly name: string; readonly size: number }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** Fetches the whole log page by page and saves it as one file. Leaving the page, or `stop`, ends it. */
export const useExport = (): { readonly state: Export; readonly begin: () => void; readonly stop: () => void } => {
  const { api } = useConsole();
  const [state, setState] = useState<Export>({ kind: 'none' });
  const run = useRef(0);
  const stop = useCallback(() => {
    run.current += 1;
    setState({ kind: 'none' });
  }, []);
  useEffect(
    () => () => {
      run.current += 1;
    },
    [],
  );
  const begin = useCallback(async () => {
    run.current += 1;
    const mine = run.current;
    setState({ kind: 'running', done: 0, size: 0 });
    // The browser keeps what is large on its disk.
    const parts: Blob[] = [];
    let place: { next: number; size: number } | undefined;
    for (;;) {
      const reply = await api.call('log/export', { query: { from: 0, ...place } });
      if (run.current !== mine) return;
      if (!reply.ok) return setState({ kind: 'failed', failure: reply.failure });
      const { text, next, size } = reply.value;
      parts.push(new Blob([text]));
      if (next === null) {
        const name = `kazasu-log-${size}.jsonl`;
        saveFile(name, new Blob(parts, { type: 'application/jsonl' }));
        return setState({ kind: 'saved', name, size });
      }
      place = { next, size };
      setState({ kind: 'running', done: next, size });
    }
  }, [api]);
  return { state, begin: () => void begin(), stop };
};
