import type { Language } from '#contract/screen.ts';

export const count = (value: number, language: Language): string => value.toLocaleString(language);

/** Whole milliseconds below a second, else seconds with one digit. */
export const duration = (milliseconds: number, language: Language): string =>
  milliseconds < 1000
    ? `${count(Math.round(milliseconds), language)} ms`
    : `${(milliseconds / 1000).toLocaleString(language, { maximumFractionDigits: 1, minimumFractionDigits: 1 })} s`;

/** Parts of a whole, as per cent with one digit. */
export const share = (part: number, whole: number, language: Language): string =>
  whole === 0
    ? '–'
    : (part / whole).toLocaleString(language, { style: 'percent', maximumFractionDigits: 1, minimumFractionDigits: 1 });

/** The change from what it was before, with its sign; undefined where there was nothing. */
export const change = (now: number, before: number, language: Language): string | undefined =>
  before === 0
    ? undefined
    : ((now - before) / before).toLocaleString(language, {
        style: 'percent',
        maximumFractionDigits: 0,
        signDisplay: 'exceptZero',
      });

/** The least of 1, 2, 5, 10, 20, 50 … that is not below it: where a scale ends. */
export const niceTop = (highest: number): number => {
  if (highest <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  const step = [1, 2, 4, 5, 10].find((one) => one * power >= highest) ?? 10;
  return Math.max(1, step * power);
};
