import { z } from 'zod';

/** What `native/logind/` tells the guard: a word a line. The program itself says what each means. */
export const fromLogind = z.enum(['ready', 'absent', 'sleep', 'woke', 'lock', 'unlock']);
export type FromLogind = z.infer<typeof fromLogind>;

/** The guard's only word to it: the screens are covered, and a sleep may go on. */
export const coveredWord = 'covered';
