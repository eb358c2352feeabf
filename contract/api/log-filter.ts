import { z } from 'zod';
import { eventKind } from '../audit.ts';
import { personId, terminalId } from '../ids.ts';
import { logPeriods } from './log-periods.ts';

const isReal = (local: string): boolean => {
  const at = new Date(`${local}${local.length === 10 ? 'T00:00' : ''}Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(local);
};
/** A day, or a day and a minute, by the clocks of the hospital. */
const localTime = z
  .string()
  .regex(/^(?:19|20|21)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]):[0-5]\d)?$/)
  .refine(isReal, 'no such day')
  .meta({ description: 'a day or minute in the hospital’s zone' });

/** What the log is narrowed by; all that is given holds at once. */
export const logFilter = z.strictObject({
  person: personId.optional(),
  terminal: terminalId.optional(),
  kind: eventKind.optional(),
  supportCode: z.string().max(16).optional(),
  /** Days of the hospital’s zone, by when the server wrote the lines. */
  period: z.enum(logPeriods).optional(),
  from: localTime.optional(),
  /** This day or minute is the last one. */
  to: localTime.optional(),
});
export type LogFilter = z.infer<typeof logFilter>;
