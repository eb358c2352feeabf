import { z } from 'zod';

/** What `native/logind/` tells the guard: a word a line. The program itself says what each means. */
export const fromLogind = z.enum(['ready', 'absent', 'sleep', 'woke', 'lock', 'unlock']);
export type FromLogind = z.infer<typeof fromLogind>;

/**
 * What the guard tells it. `covered`: the screens are covered, and a sleep may go on. `locked`, `open`: what logind's
 * `LockedHint` is to say of the session from now on.
 */
export type ToLogind = 'covered' | 'locked' | 'open';
