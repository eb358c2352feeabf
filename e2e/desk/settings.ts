import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** What a person can put right, in their words. */
export class DeskProblem extends Error {}

export interface DeskSettings {
  readonly home: string;
  /** Given explicitly, or undefined: the usual one or the next that is free. */
  readonly port: number | undefined;
  /** The tray's virtual reader, or what is plugged into this machine. */
  readonly reader: 'tray' | 'system';
  /** The lock screen covers the display, as on a ward. */
  readonly kiosk: boolean;
  readonly display: { readonly DISPLAY: string; readonly XAUTHORITY?: string };
  /** Enrols this terminal anew with a code from the console. */
  readonly code: string | undefined;
  /** Open a port for a test to look at the windows. */
  readonly debug: boolean;
}

/** Sockets lie in folders under this one, and the address of a socket has 108 bytes: unix(7). */
const longestHome = 72;

/** Reads the environment; all problems are told together. */
export function readSettings(env: NodeJS.ProcessEnv): DeskSettings {
  const problems: string[] = [];
  const data = env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share');
  const home = resolve(
    env['KAZASU_HOME'] || (process.getuid?.() === 0 ? '/var/lib/kazasu/desk' : join(data, 'kazasu')),
  );
  if (Buffer.byteLength(home) > longestHome)
    problems.push(`${home} is too long for sockets (${longestHome} bytes at most): set KAZASU_HOME to a shorter one`);
  const port = env['KAZASU_PORT'] ? Number(env['KAZASU_PORT']) : undefined;
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
    problems.push('KAZASU_PORT must be a port: 1 to 65535');
  const reader = env['KAZASU_READER'] || 'tray';
  if (reader !== 'tray' && reader !== 'system') problems.push('KAZASU_READER must be tray or system');
  const { DISPLAY, XAUTHORITY } = env;
  if (!DISPLAY) problems.push('DISPLAY is not set: there is no display to start on. `npm run tour` needs none');
  if (problems.length > 0 || !DISPLAY) throw new DeskProblem(problems.join('\n'));
  return {
    home,
    port,
    reader: reader === 'system' ? 'system' : 'tray',
    kiosk: env['KAZASU_KIOSK'] === '1',
    display: { DISPLAY, ...(XAUTHORITY ? { XAUTHORITY } : {}) },
    code: env['KAZASU_ENROLMENT_CODE'] || undefined,
    debug: env['KAZASU_DEBUG'] === '1',
  };
}
