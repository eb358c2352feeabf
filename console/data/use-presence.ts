import { useEffect } from 'react';
import type { Api } from '../api.ts';

/** Milliseconds between two words to the server that somebody is there. */
const every = 60_000;

/** Whoever types or points is there, also while nothing is asked of the server: a long text must not end with the idle limit. */
export const usePresence = (api: Api): void => {
  useEffect(() => {
    let told = Date.now();
    const tell = (): void => {
      if (Math.abs(Date.now() - told) < every) return;
      told = Date.now();
      void api.call('console/me', {});
    };
    const kinds = ['keydown', 'pointerdown'] as const;
    for (const kind of kinds) addEventListener(kind, tell, { capture: true, passive: true });
    return () => {
      for (const kind of kinds) removeEventListener(kind, tell, { capture: true });
    };
  }, [api]);
};
