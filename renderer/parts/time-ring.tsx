import { useRef } from 'react';
import { secondsLeft, useNow } from '../clock.ts';
import { fill, type Words } from '../words.ts';

const round = 2 * Math.PI * 20;
const nearEnd = 10;

/** Time left, as a ring and as words. */
export const TimeRing = ({ words, endsAt }: { readonly words: Words; readonly endsAt: number }) => {
  const left = secondsLeft(endsAt, useNow(1000));
  const first = useRef({ endsAt, total: Math.max(left, 1) });
  if (first.current.endsAt !== endsAt) first.current = { endsAt, total: Math.max(left, 1) };
  const share = Math.min(1, left / first.current.total);
  return (
    <span className={left <= nearEnd ? 'time-ring near' : 'time-ring'} role="timer">
      <svg viewBox="0 0 48 48" aria-hidden="true" focusable="false">
        <circle cx="24" cy="24" r="20" />
        <circle className="left" cx="24" cy="24" r="20" strokeDasharray={`${round * share} ${round}`} />
      </svg>
      {fill(words.secret.timeLeft, { seconds: left })}
    </span>
  );
};
