import { useEffect, useRef, useSyncExternalStore } from 'react';
import { fragmentOf, type Place } from './place.ts';

const onHash = (listener: () => void): (() => void) => {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
};

/** The whole fragment of the address, as it changes. */
export const useFragment = (): string => useSyncExternalStore(onHash, () => location.hash);

/**
 * Opens what the address asks for (`#/people?do=add`), once: it is taken out of the address, so that a reload or a step
 * back opens nothing. What opens is a form; nothing is done before somebody sends it. A page that is about to be left sees
 * the address of the next one, and leaves it alone.
 */
export const useAsked = (here: Place, openers: Readonly<Record<string, (() => void) | undefined>>): void => {
  const fragment = useFragment();
  const own = fragmentOf(here);
  const latest = useRef(openers);
  latest.current = openers;
  useEffect(() => {
    const [path, search = ''] = fragment.split('?');
    const asked = new URLSearchParams(search).get('do');
    if (asked === null || path !== own) return;
    history.replaceState(null, '', path);
    latest.current[asked]?.();
  }, [fragment, own]);
};
