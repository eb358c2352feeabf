/** Codes that are typed at a terminal instead of holding a card: helpdesk's, and the sealed ones. */
export type CodeKind = 'substitute' | 'emergency';

/** Wrong or unfinished codes in a row at one terminal, and when the last one was (epoch milliseconds). */
export interface CodeTries {
  readonly failures: number;
  readonly lastAt: number;
}

interface CodeRules {
  /** How many may be typed before the terminal pauses. */
  readonly free: number;
  /** The first pause (milliseconds); each further one is twice as long, up to the longest. */
  readonly first: number;
  readonly longest: number;
}

/** The sealed ones need no further secret, so they are tried less often. */
const rules: Readonly<Record<CodeKind, CodeRules>> = {
  substitute: { free: 5, first: 30_000, longest: 3_600_000 },
  emergency: { free: 3, first: 60_000, longest: 3_600_000 },
};

/** A night without a wrong one ends the count. */
const forgetAfter = 12 * 3_600_000;

const stillCounted = (tries: CodeTries, now: number): number => (now - tries.lastAt > forgetAfter ? 0 : tries.failures);

/** Until when a terminal takes no code of this kind (epoch milliseconds); 0 when it does. */
export function codesPausedUntil(kind: CodeKind, tries: CodeTries, now: number): number {
  const { free, first, longest } = rules[kind];
  const over = stillCounted(tries, now) - free;
  if (over < 0) return 0;
  const until = tries.lastAt + Math.min(first * 2 ** Math.min(over, 30), longest);
  return until > now ? until : 0;
}

/**
 * The count in which a code is *reserved*, before it is looked at: wrong until it has opened something, so that however
 * many come at once no more than the limit are looked at. Undefined while the terminal pauses.
 */
export function reserveCode(kind: CodeKind, tries: CodeTries, now: number): CodeTries | undefined {
  if (codesPausedUntil(kind, tries, now) > now) return undefined;
  return { failures: stillCounted(tries, now) + 1, lastAt: now };
}

/** Wrong codes of one kind within an hour, at all terminals together, from which on it is an alarm. */
export const alarmingCodes: Readonly<Record<CodeKind, number>> = { substitute: 20, emergency: 6 };
export const alarmWindow = 3_600_000;
