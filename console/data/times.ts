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

/** Seconds between two clocks below which nobody needs to know of the difference. */
const tolerated = 2;

/**
 * The terminal's own time of an event, where it is not also the server's: `later` when the record came after the fact,
 * not `later` when the terminal's clock is ahead. With the day when that differs.
 */
export const terminalTime = (
  { at, happenedAt }: { readonly at: string; readonly happenedAt?: string | null | undefined },
  language: Language,
): { readonly time: string; readonly later: boolean } | undefined => {
  if (happenedAt == null) return undefined;
  const lag = Date.parse(at) - Date.parse(happenedAt);
  if (Math.abs(lag) <= tolerated * 1000) return undefined;
  const clock = clockOf(happenedAt, language);
  const day = dayOf(happenedAt, language);
  return { time: day === dayOf(at, language) ? clock : `${day} ${clock}`, later: lag > 0 };
};

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
