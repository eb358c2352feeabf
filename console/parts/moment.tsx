import type { ReactNode } from 'react';
import { briefly, clockOf, exactly, fully } from '../data/times.ts';
import { useZone } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';

/** A time in few characters; the exact one with its offset on hover and for screen readers. */
export const Moment = ({
  at,
  clock = false,
  full = false,
}: {
  readonly at: string;
  readonly clock?: boolean;
  /** With the day, also of today. */
  readonly full?: boolean;
}): ReactNode => {
  const { language } = useWords();
  const zone = useZone();
  return (
    <time dateTime={at} title={exactly(at, zone)}>
      {full ? fully(at, language, zone) : clock ? clockOf(at, language, zone) : briefly(at, language, new Date(), zone)}
    </time>
  );
};
