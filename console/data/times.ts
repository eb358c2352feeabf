import type { Language } from '#contract/screen.ts';
import { timeFormat } from './formats.ts';

const two = (value: number, width = 2): string => String(Math.trunc(Math.abs(value))).padStart(width, '0');

/** Date, time to the millisecond and offset, as a log for inspection has it: `2026-11-22 15:04:05.678 +09:00`. In the hospital's zone, or the reader's. */
export const exactly = (instant: string, zone?: string): string => {
  const at = new Date(instant);
  const parts = timeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(at);
  // The Swedish form is that of ISO 8601; read as if it were UTC it tells the offset.
  const offset = Math.round((Date.parse(`${parts.replace(' ', 'T')}Z`) - at.getTime()) / 60_000);
  return `${parts}.${two(at.getUTCMilliseconds(), 3)} ${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
};

const locale = (language: Language): string => (language === 'ja' ? 'ja-JP' : 'en-GB');

export const dayOf = (instant: string, language: Language, zone?: string): string =>
  timeFormat(locale(language), {
    timeZone: zone,
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    weekday: 'short',
  }).format(new Date(instant));

export const clockOf = (instant: string, language: Language, zone?: string): string =>
  timeFormat(locale(language), {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(new Date(instant));

/** Seconds between two clocks below which nobody needs to know of the difference. */
const tolerated = 2;

/**
 * The terminal's own time of an event, where it is not also the server's: `later` when the record came after the fact,
 * not `later` when the terminal's clock is ahead. With the day when that differs.
 */
export const terminalTime = (
  { at, happenedAt }: { readonly at: string; readonly happenedAt?: string | null | undefined },
  language: Language,
  zone?: string,
): { readonly time: string; readonly later: boolean } | undefined => {
  if (happenedAt == null) return undefined;
  const lag = Date.parse(at) - Date.parse(happenedAt);
  if (Math.abs(lag) <= tolerated * 1000) return undefined;
  const clock = clockOf(happenedAt, language, zone);
  const day = dayOf(happenedAt, language, zone);
  return { time: day === dayOf(at, language, zone) ? clock : `${day} ${clock}`, later: lag > 0 };
};

/** Day and time, also of today: for what is printed or kept. */
export const fully = (instant: string, language: Language, zone?: string): string =>
  timeFormat(locale(language), {
    timeZone: zone,
    year: 'numeric',
    month: language === 'ja' ? 'numeric' : 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  }).format(new Date(instant));

/** The hour of a moment in a zone: `14:00`, `14時`. */
export const hourIn = (instant: string, timeZone: string, language: Language): string => {
  const hour = Number(timeFormat('en-GB', { hour: '2-digit', hourCycle: 'h23', timeZone }).format(new Date(instant)));
  return language === 'ja' ? `${hour}時` : `${two(hour)}:00`;
};

/** A calendar day as people write it. */
export const dayName = (day: string, language: Language): string =>
  timeFormat(locale(language), {
    year: 'numeric',
    month: language === 'ja' ? 'long' : 'short',
    day: 'numeric',
    weekday: 'short',
    timeZone: 'UTC',
  }).format(new Date(`${day}T00:00:00Z`));

/** The calendar day of a moment, YYYY-MM-DD: in the hospital's zone, or the reader's. */
export const dateIn = (at: Date, zone?: string): string => exactly(at.toISOString(), zone).slice(0, 10);

/** So many calendar days later. */
export const daysAfter = (date: string, days: number): string => {
  const [year, month, day] = date.split('-').map(Number);
  return new Date(Date.UTC(year ?? 0, (month ?? 1) - 1, (day ?? 1) + days)).toISOString().slice(0, 10);
};

/** What a clock on the wall of a zone shows, as milliseconds of a clock in UTC that shows the same. */
const wallOf = (at: number, zone?: string): number =>
  Date.parse(`${exactly(new Date(at).toISOString(), zone).slice(0, 23).replace(' ', 'T')}Z`);

/** When a calendar day begins in a zone. Where a change of clocks leaves midnight out, the first moment after it. */
export const startOf = (date: string, zone?: string): Date => {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  const day = 86_400_000;
  const offsets = [midnight - day, midnight + day].map((at) => wallOf(at, zone) - at);
  const begins = offsets.map((offset) => midnight - offset).filter((at) => wallOf(at, zone) >= midnight);
  return new Date(Math.min(...begins));
};

/** First and last day of the month before. */
export const monthBefore = (now: Date, zone?: string): { readonly from: string; readonly to: string } => {
  const to = daysAfter(`${dateIn(now, zone).slice(0, 8)}01`, -1);
  return { from: `${to.slice(0, 8)}01`, to };
};

/** Today only the time, else day and time. */
export const briefly = (instant: string, language: Language, now: Date, zone?: string): string => {
  const [today, that] = [exactly(now.toISOString(), zone), exactly(instant, zone)];
  const at = new Date(instant);
  const time = timeFormat(locale(language), { timeZone: zone, hour: '2-digit', minute: '2-digit' }).format(at);
  if (today.slice(0, 10) === that.slice(0, 10)) return time;
  const day = timeFormat(locale(language), {
    timeZone: zone,
    ...(today.slice(0, 4) === that.slice(0, 4) ? {} : { year: 'numeric' }),
    month: language === 'ja' ? 'numeric' : 'short',
    day: 'numeric',
  }).format(at);
  return `${day} ${time}`;
};
