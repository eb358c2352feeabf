import { useEffect, useRef, useState } from 'react';
import { fragmentOf, type ListFilter, type ListKind } from './place.ts';

/** How long somebody pauses before it is looked for (milliseconds). */
const pause = 200;

/** The filter of a list lives in the address. Who types a search leaves no trail of letters behind. */
export const goToList = (kind: ListKind, filter: ListFilter): void => location.replace(fragmentOf({ kind, filter }));

/** Where somebody goes on whose way back from an empty list is gone with it. */
export const focusSearch = (): void => document.querySelector<HTMLElement>('main input[type="search"]')?.focus();

/** What somebody types; it becomes part of the address once they pause. */
export const useSearchField = (
  kind: ListKind,
  filter: ListFilter,
): readonly [typed: string, setTyped: (typed: string) => void] => {
  const asked = filter.search ?? '';
  const [typed, setTyped] = useState(asked);
  const latest = useRef(filter);
  latest.current = filter;
  const sent = useRef(asked);
  // The address was changed by something else, such as a link or a step back; not by what was typed here a moment ago.
  useEffect(() => {
    if (asked === sent.current) return;
    sent.current = asked;
    setTyped(asked);
  }, [asked]);
  useEffect(() => {
    const wanted = typed.trim();
    if (wanted === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = wanted;
      const { search: _, ...others } = latest.current;
      goToList(kind, wanted === '' ? others : { ...others, search: wanted });
    }, pause);
    return () => clearTimeout(timer);
  }, [kind, typed]);
  return [typed, setTyped];
};
