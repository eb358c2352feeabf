import type { TerminalId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import { countAtTerminal, type TerminalTries, terminalPausedUntil } from '#core/policy/tries.ts';

/** Terminals that are remembered; the one that was quiet longest is forgotten first. */
const most = 10_000;

/**
 * Wrong tries in a row at each terminal, counted before the secret is looked at. Kept by each server process for itself:
 * it spares people locks that a stranger at a terminal would bring upon them, and no guess depends on it.
 */
export const createPauses = (rules: () => Policy['tries']) => {
  const known = new Map<TerminalId, TerminalTries>();
  return {
    /** Seconds for which the terminal has to wait before its next try; undefined when it may go on. */
    wait: (terminal: TerminalId, now: number): number | undefined => {
      const tries = known.get(terminal);
      const until = tries === undefined ? 0 : terminalPausedUntil(tries, rules(), now);
      return until > now ? Math.ceil((until - now) / 1000) : undefined;
    },
    /** A secret is about to be looked at: wrong until it was right. */
    count: (terminal: TerminalId, now: number): void => {
      const tries = known.get(terminal) ?? { failures: 0, lastAt: now };
      known.delete(terminal);
      known.set(terminal, countAtTerminal(tries, now));
      const oldest = known.keys().next();
      if (known.size > most && !oldest.done) known.delete(oldest.value);
    },
    /** A try there was right. */
    clear: (terminal: TerminalId): void => void known.delete(terminal),
  };
};
export type Pauses = ReturnType<typeof createPauses>;
