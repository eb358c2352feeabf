export type Level = 'debug' | 'info' | 'warn' | 'error';
export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Structured lines for operations. Callers pass codes, names and counts; never a card, a secret or what was typed. */
export interface Log {
  readonly debug: (event: string, fields?: Fields) => void;
  readonly info: (event: string, fields?: Fields) => void;
  readonly warn: (event: string, fields?: Fields) => void;
  readonly error: (event: string, fields?: Fields) => void;
}

const weights: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** One JSON document a line: `time`, `from`, `level`, `event`, then the fields. JSON escapes what could forge a line. */
export function createLog(deps: {
  readonly level: Level;
  readonly now: () => Date;
  readonly write: (line: string) => void;
}): Log {
  const at =
    (level: Level) =>
    (event: string, fields: Fields = {}) => {
      if (weights[level] < weights[deps.level]) return;
      deps.write(`${JSON.stringify({ time: deps.now().toISOString(), from: 'guard', level, event, ...fields })}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** What may be said of a thrown error: its code or class, not its message, which may quote data. */
export function codeOf(error: unknown): string {
  if (error instanceof Error) {
    const { code } = error as { code?: unknown };
    return typeof code === 'string' ? code : error.name;
  }
  return typeof error;
}

/** Where an error was thrown, without its message. */
export const placesOf = (error: Error): string =>
  (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n');
