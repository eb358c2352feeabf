import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cookieFor, type Display, openDisplay } from '#setup/display.ts';
import { keep } from '#setup/keep.ts';
import { root } from '#setup/paths.ts';
import { run } from '#setup/run.ts';
import { createStops } from '#setup/stops.ts';

/** A display whose heads a test can plug and turn, as xrandr(1) does it. */
export interface Heads extends Display {
  xrandr(...words: readonly string[]): Promise<void>;
}

/** What the X server of a terminal is told, and here to look for no devices. Of several such sections the first alone counts. */
const flags = readFileSync(join(root, 'native', 'curtain', 'session', '10-kazasu.conf'), 'utf8').replace(
  'EndSection',
  '  Option "AutoAddDevices" "false"\n  Option "AutoAddGPU" "false"\nEndSection',
);
/** Xorg with heads that are there for nobody: dummy(4). */
const configuration = `${flags}
Section "Device"
  Identifier "heads"
  Driver "dummy"
  VideoRam 131072
EndSection
Section "Monitor"
  Identifier "monitor"
  HorizSync 5-1000
  VertRefresh 5-200
EndSection
Section "Screen"
  Identifier "screen"
  Device "heads"
  Monitor "monitor"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Modes "1280x800"
    Virtual 2560 1600
  EndSubSection
EndSection
`;

interface Pluggable extends Heads {
  /** File of what the server says. */
  readonly log: string;
  plug(): Promise<void>;
  unplug(): Promise<void>;
}

/** One head of 1280x800; `plug` puts another one beside it. */
export async function openPluggable(folder: string): Promise<Pluggable> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'xorg.conf'), configuration);
  const heads = await startServer('Xorg', folder, process.env, [
    ...['-config', join(folder, 'xorg.conf'), '-configdir', join(folder, 'none')],
    ...['-novtswitch', '-sharevts', '-logfile', join(folder, 'xorg.log')],
  ]);
  await heads.xrandr('--newmode', 'beside', ...'100 1280 1281 1282 1300 800 801 802 820'.split(' '));
  await heads.xrandr('--addmode', 'DUMMY1', 'beside');
  return {
    ...heads,
    log: join(folder, 'xorg.log'),
    plug: () => heads.xrandr('--output', 'DUMMY1', '--mode', 'beside', '--right-of', 'DUMMY0'),
    // As a cable does: the desktop shrinks with it.
    unplug: () => heads.xrandr('--output', 'DUMMY1', '--off', '--fb', '1280x800'),
  };
}

/** One head that can be turned: Xephyr on a display of its own. */
export async function openTurnable(folder: string): Promise<Heads> {
  const stops = createStops();
  const under = await openDisplay({
    folder: join(folder, 'under'),
    virtual: true,
    size: '1600x1600x24',
    windowManager: false,
  });
  stops.add(under.stop);
  try {
    const heads = await startServer('Xephyr', folder, { ...process.env, ...under.env }, ['-screen', '1280x800']);
    stops.add(heads.stop);
    return { ...heads, stop: stops.stop };
  } catch (error) {
    await stops.stop();
    throw error;
  }
}

/** Two screens of one X server: DISPLAY and DISPLAY.1, 1280x800 and 1024x768. */
export const openTwoScreens = (folder: string): Promise<Display> =>
  startServer('Xvfb', folder, process.env, ['-screen', '0', '1280x800x24', '-screen', '1', '1024x768x24']);

async function startServer(
  name: string,
  folder: string,
  env: NodeJS.ProcessEnv,
  words: readonly string[],
): Promise<Heads> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const authority = join(folder, 'heads.xauth');
  writeFileSync(authority, cookieFor(randomBytes(16)), { mode: 0o600 });
  const server = await keep({
    name,
    command: name,
    args: ['-displayfd', '1', '-noreset', '-nolisten', 'tcp', '-auth', authority, ...words],
    env,
    log: join(folder, `${name}.log`),
    ready: { line: /^\d+$/ },
    restart: false,
  });
  const drawing = { DISPLAY: `:${server.match()?.[0]}`, XAUTHORITY: authority };
  return {
    env: drawing,
    virtual: true,
    stop: server.stop,
    async xrandr(...given) {
      const { ok, error } = await run('xrandr', given, { env: { ...process.env, ...drawing } });
      if (!ok) throw new Error(`xrandr ${given.join(' ')}: ${error}`);
    },
  };
}
