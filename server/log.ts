import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';

/** Members that are never written, wherever they stand. Bodies and headers are not logged in the first place. */
const secret = [
  'secret',
  'pin',
  'password',
  'code',
  'totp',
  'seed',
  'uri',
  'ticket',
  'token',
  'csrf',
  'cookie',
  'identifier',
  'key',
  'authorization',
  'request',
  'connectionString',
  'parameters',
];
const paths = secret.flatMap((name) => [
  `body.${name}`,
  `*.body.${name}`,
  `input.${name}`,
  `headers.${name}`,
  `err.${name}`,
]);

/** JSON Lines on `destination`. What is logged of a request is its method, its path without query, and its sender's address. */
export const createLog = (level: string, destination: DestinationStream): Logger =>
  pino(
    {
      level,
      base: { part: 'server' },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: [...paths, 'body', '*.body', 'headers', '*.headers'], censor: '[not logged]' },
      serializers: {
        req: (request: { method?: string; url?: string; ip?: string }) => ({
          method: request.method,
          path: request.url?.split('?')[0],
          address: request.ip,
        }),
        // A database error carries the values of the row in `detail` and of the statement in `where`.
        err: (problem: Error) => {
          const { type, message, stack, code } = stdSerializers.err(problem) as Record<string, unknown>;
          return { type, message, stack, code };
        },
      },
    },
    destination,
  );
