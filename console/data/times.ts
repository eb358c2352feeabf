import type { Language } from '#contract/screen.ts';

const two = (value: number, width = 2): string => String(Math.trunc(Math.abs(value))).padStart(width, '0');

/** Date, time to the millisecond and offset of the reader's zone, as a log for inspection has it: `2026-11-22 15:04:05.678 +09:00`. */
export const exactly = (instant: string): string => {
  const at = new Date(instant);
  const offset = -at.getTimezoneOffset();
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${two(at.getMilliseconds(), 3)}`;
  return `${day} ${time} ${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
};

const locale = (language: Language): string => (language === 'ja' ? 'ja-JP' : 'en-GB');

export const dayOf = (instant: string, language: Language): string =>
  new Date(instant).toLocaleDateString(locale(language), {
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    weekday: 'short',
  });

export const clockOf = (instant: string, language: Language): string =>
  new Date(instant).toLocaleTimeString(locale(language), { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Today only the time, else day and time. */
export const briefly = (instant: string, language: Language, now: Date): string => {
  const at = new Date(instant);
  const sameDay = at.toDateString() === now.toDateString();
  const time = at.toLocaleTimeString(locale(language), { hour: '2-digit', minute: '2-digit' });
  if (sameDay) return time;
  const sameYear = at.getFullYear() === now.getFullYear();
  const day = at.toLocaleDateString(locale(language), {
    ...(sameYear ? {} : { year: 'numeric' }),
    month: language === 'ja' ? 'numeric' : 'short',
    day: 'numeric',
  });
  return `${day} ${time}`;
};
