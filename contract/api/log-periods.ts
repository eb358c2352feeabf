/** Times of the log that move with the days; `week`: the last seven days, today among them. */
export const logPeriods = ['today', 'yesterday', 'week', 'month'] as const;
export type LogPeriod = (typeof logPeriods)[number];
