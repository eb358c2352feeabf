import { useEffect, useState } from 'react';
import type { Language } from '#contract/screen.ts';

/** The time now, anew at each full `step` (milliseconds): at the second or minute, not after it. */
export const useNow = (step: number): number => {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const tick = (): void => {
      setNow(Date.now());
      timer = setTimeout(tick, step - (Date.now() % step));
    };
    tick();
    return () => clearTimeout(timer);
  }, [step]);
  return now;
};

/** Full seconds until `endsAt`, never below zero. */
export const secondsLeft = (endsAt: number, now: number): number => Math.max(0, Math.ceil((endsAt - now) / 1000));

/** Hours and minutes as a person reads them. */
export const timeOf = (at: number, language: Language): string =>
  new Date(at).toLocaleTimeString(language === 'ja' ? 'ja-JP' : 'en-GB', { hour: '2-digit', minute: '2-digit' });
