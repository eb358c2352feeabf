import { type ReactNode, useEffect, useState } from 'react';
import { useWords } from '../data/use-words.ts';

const secondsTo = (until: string): number => Math.max(0, Math.ceil((Date.parse(until) - Date.now()) / 1000));

export const SecondsLeft = ({ until }: { readonly until: string }): ReactNode => {
  const { say } = useWords();
  const [seconds, setSeconds] = useState(() => secondsTo(until));
  useEffect(() => {
    const timer = setInterval(() => setSeconds(secondsTo(until)), 500);
    return () => clearInterval(timer);
  }, [until]);
  return <p className="seconds-left">{say('ceremony.seconds-left', { seconds })}</p>;
};
