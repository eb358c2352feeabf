import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';

/** Members that are never written. Nothing logs them on purpose; this holds when somebody logs a whole object. */
const secret = ['secret', 'pin', 'password', 'totp', 'seed', 'uri', 'ticket', 'token', 'csrf', 'cookie', 'identifier'];
const whole = ['body', 'headers', 'input', 'connectionString', 'parameters'];
const paths = [...secret, ...whole].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** A database error carries the values of the row in `detail`, and one about data (SQLSTATE class 22) also in its message. */
const describeProblem = (problem: Error): object => {
  const { type, message, stack, code } = stdSerializers.err(problem) as Record<string, unknown>;
  const isAboutData = 'severity' in problem && typeof code === 'string' && code.startsWith('22');
  if (!isAboutData) return { type, message, stack, code };
  const frames = typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at /.test(line)) : [];
  return { type, code, stack: frames.join('\n') };
};

/** The last words of a server that ends on a bug: what and where, and nothing of anybody's data. */
export const describeBug = (problem: unknown): string => {
  if (!(problem instanceof Error)) return `somebody threw a ${typeof problem}`;
  const { type, message, code, stack } = describeProblem(problem) as Record<string, unknown>;
  return message === undefined ? `${type} ${code}\n${stack}` : String(stack);
};

/** JSON Lines on `destination`. What is logged of a request is its method, its path without query, and its sender's address. */
export const createLog = (level: string, destination: DestinationStream): Logger =>
  pino(
    {
      level,
      base: { part: 'server' },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths, censor: '[not logged]' },
      serializers: {
        req: (request: { method?: string; url?: string; ip?: string }) => ({
          method: request.method,
          path: request.url?.split('?')[0],
          address: request.ip,
        }),
        err: describeProblem,
      },
    },
    destination,
  );
