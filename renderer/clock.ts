import { useEffect, useState } from 'react';

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
