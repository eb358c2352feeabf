import { useEffect, useRef, useSyncExternalStore } from 'react';

const onHash = (listener: () => void): (() => void) => {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
};

/** The whole fragment of the address, as it changes. */
export const useFragment = (): string => useSyncExternalStore(onHash, () => location.hash);

/**
 * Opens what the address asks for (`#/people?do=add`), once: it is taken out of the address, so that a reload or a step
 * back opens nothing. What opens is a form; nothing is done before somebody sends it.
 */
export const useAsked = (openers: Readonly<Record<string, (() => void) | undefined>>): void => {
  const fragment = useFragment();
  const latest = useRef(openers);
  latest.current = openers;
  useEffect(() => {
    const [path, search = ''] = fragment.split('?');
    const asked = new URLSearchParams(search).get('do');
    if (asked === null) return;
    history.replaceState(null, '', path);
    latest.current[asked]?.();
  }, [fragment]);
};
