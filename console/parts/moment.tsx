import type { ReactNode } from 'react';
import { briefly, clockOf, exactly } from '../data/times.ts';
import { useWords } from '../data/use-words.ts';

/** A time in few characters; the exact one with its offset on hover and for screen readers. */
export const Moment = ({ at, clock = false }: { readonly at: string; readonly clock?: boolean }): ReactNode => {
  const { language } = useWords();
  return (
    <time dateTime={at} title={exactly(at)}>
      {clock ? clockOf(at, language) : briefly(at, language, new Date())}
    </time>
  );
};
