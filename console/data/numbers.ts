import type { Language } from '#contract/screen.ts';
import { numberFormat } from './formats.ts';

export const count = (value: number, language: Language): string => numberFormat(language, {}).format(value);

/** Whole milliseconds below a second, else seconds with one digit. */
export const duration = (milliseconds: number, language: Language): string =>
  milliseconds < 1000
    ? `${count(Math.round(milliseconds), language)} ms`
    : `${numberFormat(language, { maximumFractionDigits: 1, minimumFractionDigits: 1 }).format(milliseconds / 1000)} s`;

/** Bytes in the unit that keeps them short. */
export const size = (bytes: number, language: Language): string => {
  const power = Math.min(3, Math.max(1, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = numberFormat(language, { maximumFractionDigits: 1 }).format(bytes / 1024 ** power);
  return `${value} ${['KiB', 'MiB', 'GiB'][power - 1]}`;
};

/** How long ago, in whole days, hours or minutes. */
export const ago = (instant: string, now: Date, language: Language): string => {
  const minutes = Math.max(0, Math.floor((now.getTime() - Date.parse(instant)) / 60_000));
  const words = new Intl.RelativeTimeFormat(language, { numeric: 'always' });
  if (minutes < 60) return words.format(-minutes, 'minute');
  return minutes < 48 * 60
    ? words.format(-Math.floor(minutes / 60), 'hour')
    : words.format(-Math.floor(minutes / 1440), 'day');
};

/** Parts of a whole, as per cent with one digit. */
export const share = (part: number, whole: number, language: Language): string =>
  whole === 0
    ? '–'
    : numberFormat(language, { style: 'percent', maximumFractionDigits: 1, minimumFractionDigits: 1 }).format(
        part / whole,
      );

/** The change from what it was before, with its sign; undefined where there was nothing. */
export const change = (now: number, before: number, language: Language): string | undefined =>
  before === 0
    ? undefined
    : numberFormat(language, { style: 'percent', maximumFractionDigits: 0, signDisplay: 'exceptZero' }).format(
        (now - before) / before,
      );

/** The least of 1, 2, 5, 10, 20, 50 … that is not below it: where a scale ends. */
export const niceTop = (highest: number): number => {
  if (highest <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  const step = [1, 2, 4, 5, 10].find((one) => one * power >= highest) ?? 10;
  return Math.max(1, step * power);
};
