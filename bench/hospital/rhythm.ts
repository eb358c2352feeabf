import type { Hours } from './names.ts';

const hour = 3_600_000;
/** Japan has no summer time. */
const offset = 9 * hour;

/** How much goes on in each hour of a day in Japan: rounds, changes of shift, the quiet of the night. */
const shapes: Readonly<Record<Hours, readonly number[]>> = {
  always: [6, 4, 3, 3, 3, 4, 7, 10, 16, 14, 12, 11, 8, 12, 12, 11, 13, 14, 9, 8, 8, 8, 7, 7],
  day: [0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.5, 4, 15, 16, 14, 13, 8, 13, 14, 13, 12, 9, 4, 2, 1, 0.6, 0.3, 0.2],
  office: [0, 0, 0, 0, 0, 0, 0.2, 3, 16, 18, 17, 15, 7, 14, 15, 13, 10, 5, 1, 0.3, 0, 0, 0, 0],
};
/** From Sunday on. */
const weekdays: Readonly<Record<Hours, readonly number[]>> = {
  always: [0.78, 1.06, 1.04, 1.02, 1.02, 1.04, 0.82],
  day: [0.12, 1.1, 1.05, 1.05, 1.05, 1.1, 0.25],
  office: [0.02, 1.15, 1.1, 1.05, 1.05, 1.1, 0.3],
};

/** How much goes on in this hour where it is used so. */
export const bustle = (hours: Hours, at: number): number => {
  const local = new Date(at + offset);
  return (shapes[hours][local.getUTCHours()] ?? 0) * (weekdays[hours][local.getUTCDay()] ?? 0);
};

export const isNight = (at: number): boolean => {
  const clock = new Date(at + offset).getUTCHours();
  return clock >= 20 || clock < 7;
};
