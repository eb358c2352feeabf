import { z } from 'zod';

const text = z.string().trim().min(1);

const environment = z.object({
  KAZASU_DATA: text.describe('folder of this terminal'),
  KAZASU_SERVER: text
    .transform((list) => list.split(',').map((origin) => origin.trim()))
    .pipe(z.array(z.url({ protocol: /^https$/ })).max(8))
    .describe('origin of the server; of several processes of it, by commas'),
  KAZASU_AUTHORITY: text.describe('file with the certificate to trust before the terminal is enrolled (PEM)'),
  KAZASU_ENROLMENT_CODE: text.max(100).optional().describe('one-time code; used while not enrolled'),
  KAZASU_GUARD_SOCKET: text.describe('local socket or named pipe for the screen'),
  KAZASU_CURTAIN_SOCKET: text
    .optional()
    .describe('local socket for the curtains; without it the screen covers by itself'),
  KAZASU_CURTAIN_USER: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe('number of the user whose curtains are let in; this one when left out'),
  KAZASU_HOOKS: text.optional().describe('file of what this terminal does when somebody comes or goes'),
  KAZASU_LOGIND: text
    .optional()
    .describe('program that stands between the guard and systemd-logind; without it nothing holds up a sleep'),
  DBUS_SYSTEM_BUS_ADDRESS: text.optional().describe('system bus, where it is not the usual one'),
  KAZASU_BEAT: z.coerce
    .number()
    .int()
    .min(3)
    .max(999)
    .optional()
    .describe('number of an open file into which it writes as long as it runs, for whoever started it'),
  KAZASU_IGNORE_READERS: z.string().default(' SAM ').describe('parts of reader names to leave alone, by commas'),
  KAZASU_LOG: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  KAZASU_PARENT: z.enum(['0', '1']).default('0').describe('1: end when the parent ends'),
  PCSCLITE_CSOCK_NAME: text.optional().describe('socket of the PC/SC service, where it is not the usual one'),
});

export interface Settings {
  readonly data: string;
  /** Of each process of the server; at least one. */
  readonly origins: readonly string[];
  readonly authority: string;
  readonly enrolmentCode: string | undefined;
  readonly socket: string;
  /** Where the curtains are served, and whose they are; undefined where the screen covers by itself. */
  readonly curtain: { readonly socket: string; readonly user: number | undefined } | undefined;
  /** File of what this terminal does when somebody comes or goes; undefined where it does nothing. */
  readonly hooks: string | undefined;
  /** Stands between the guard and systemd-logind; undefined where nothing does. */
  readonly logind: { readonly program: string; readonly environment: Readonly<Record<string, string>> } | undefined;
  /** An open file into which this process writes as long as it runs. */
  readonly beat: number | undefined;
  readonly ignoreReaders: readonly string[];
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly endsWithParent: boolean;
  /** The whole environment of the reader process. */
  readonly readerEnvironment: Readonly<Record<string, string>>;
}

export type Parsed =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads the environment once; every problem is told, not only the first. */
export function parseSettings(env: Readonly<Record<string, string | undefined>>): Parsed {
  const filled = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(filled);
  if (!parsed.success)
    return { ok: false, problems: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) };
  const given = parsed.data;
  const readerEnvironment: Record<string, string> = {};
  for (const name of ['PATH', 'SystemRoot', 'PCSCLITE_CSOCK_NAME', 'NODE_COMPILE_CACHE']) {
    const value = env[name];
    if (value !== undefined) readerEnvironment[name] = value;
  }
  const settings: Settings = {
    data: given.KAZASU_DATA,
    origins: [...new Set(given.KAZASU_SERVER.map((origin) => new URL(origin).origin))],
    authority: given.KAZASU_AUTHORITY,
    enrolmentCode: given.KAZASU_ENROLMENT_CODE,
    socket: given.KAZASU_GUARD_SOCKET,
    curtain:
      given.KAZASU_CURTAIN_SOCKET === undefined
        ? undefined
        : { socket: given.KAZASU_CURTAIN_SOCKET, user: given.KAZASU_CURTAIN_USER },
    hooks: given.KAZASU_HOOKS,
    logind:
      given.KAZASU_LOGIND === undefined
        ? undefined
        : {
            program: given.KAZASU_LOGIND,
            environment:
              given.DBUS_SYSTEM_BUS_ADDRESS === undefined
                ? {}
                : { DBUS_SYSTEM_BUS_ADDRESS: given.DBUS_SYSTEM_BUS_ADDRESS },
          },
    beat: given.KAZASU_BEAT,
    ignoreReaders: given.KAZASU_IGNORE_READERS.split(',').filter((part) => part.trim() !== ''),
    logLevel: given.KAZASU_LOG,
    endsWithParent: given.KAZASU_PARENT === '1',
    readerEnvironment,
  };
  return { ok: true, settings: Object.freeze(settings) };
}
