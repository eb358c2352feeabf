import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keep } from './keep.ts';
import { run } from './run.ts';
import { createStops } from './stops.ts';

export interface Display {
  /** Variables that a program needs in order to draw here. */
  readonly env: { readonly DISPLAY: string; readonly XAUTHORITY?: string };
  /** True when nobody sits in front of it. */
  readonly virtual: boolean;
  stop(): Promise<void>;
}

export interface DisplayOptions {
  /** Folder for the access cookie and the logs. */
  readonly folder: string;
  /** Where to look for a display; this process's environment when left out. */
  readonly env?: NodeJS.ProcessEnv;
  /** Start a virtual one even when a real one works. */
  readonly virtual?: boolean;
  /** Width x height x depth of a virtual display. */
  readonly size?: string;
  /** Folder in which a virtual display keeps its picture, as `Xvfb_screen0` in XWD format. */
  readonly picture?: string;
  /** Start a window manager on a virtual display; true when left out. */
  readonly windowManager?: boolean;
}

/** The display of this session when it works, else a virtual one (Xvfb) on a free number. */
export async function openDisplay(options: DisplayOptions): Promise<Display> {
  const env = options.env ?? process.env;
  const { DISPLAY, XAUTHORITY } = env;
  if (options.virtual !== true && DISPLAY && (await answers(env))) {
    return { env: { DISPLAY, ...(XAUTHORITY ? { XAUTHORITY } : {}) }, virtual: false, stop: async () => undefined };
  }
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const authority = join(options.folder, 'xauthority');
  writeFileSync(authority, cookieFor(randomBytes(16)), { mode: 0o600 });
  const stops = createStops();
  const server = await keep({
    name: 'Xvfb',
    command: 'Xvfb',
    args: [
      '-displayfd',
      '1',
      '-screen',
      '0',
      options.size ?? '1920x1080x24',
      '-nolisten',
      'tcp',
      '-auth',
      authority,
      '-noreset',
      ...(options.picture === undefined ? [] : ['-fbdir', options.picture]),
    ],
    env,
    log: join(options.folder, 'xvfb.log'),
    ready: { line: /^\d+$/ },
    restart: false,
  });
  stops.add(server.stop);
  const drawing = { DISPLAY: `:${server.match()?.[0]}`, XAUTHORITY: authority };
  try {
    if (options.windowManager !== false) {
      const manager = await keep({
        name: 'openbox',
        command: 'openbox',
        args: ['--sm-disable'],
        env: { ...env, ...drawing },
        log: join(options.folder, 'openbox.log'),
        ready: { check: async () => (await run('xdotool', ['get_num_desktops'], { env: { ...env, ...drawing } })).ok },
      });
      stops.add(manager.stop);
    }
  } catch (error) {
    await stops.stop();
    throw error;
  }
  return { env: drawing, virtual: true, stop: stops.stop };
}

async function answers(env: NodeJS.ProcessEnv): Promise<boolean> {
  return (await run('xdotool', ['getdisplaygeometry'], { env, within: 3_000 })).ok;
}

/** One Xauthority record of family FamilyWild (65535) and no number: it fits whichever display number is free. */
export function cookieFor(cookie: Buffer): Buffer {
  const field = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const empty = field(Buffer.alloc(0));
  return Buffer.concat([
    Buffer.from([0xff, 0xff]),
    empty,
    empty,
    field(Buffer.from('MIT-MAGIC-COOKIE-1')),
    field(cookie),
  ]);
}
