import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keep } from './keep.ts';
import { run } from './run.ts';
import { createStops } from './stops.ts';

export interface Keyring {
  /** Variables that `keytar` (libsecret) needs. */
  readonly env: { readonly DBUS_SESSION_BUS_ADDRESS: string };
  /** True when the bus and the keyring belong to Kazasu and not to the desktop session. */
  readonly own: boolean;
  stop(): Promise<void>;
}

export interface KeyringOptions {
  /** Folder of the private keyring: its home, its password (0600) and its logs. */
  readonly folder: string;
  /** Where to look for the session's bus; this process's environment when left out. */
  readonly env?: NodeJS.ProcessEnv;
  /** Use a private keyring even when the session has one. */
  readonly own?: boolean;
}

/** The longest path that fits in a unix socket address, sun_path in unix(7). */
const longestSocketPath = 100;

/** The Secret Service of this session when it is unlocked, else a private one that lives in `folder`. */
export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  const env = options.env ?? process.env;
  const session = env['DBUS_SESSION_BUS_ADDRESS'];
  if (options.own !== true && session && (await hasOpenCollection(session))) {
    return { env: { DBUS_SESSION_BUS_ADDRESS: session }, own: false, stop: async () => undefined };
  }
  return openOwnKeyring(options.folder, env);
}

async function openOwnKeyring(folder: string, env: NodeJS.ProcessEnv): Promise<Keyring> {
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const stops = createStops();
  let sockets = folder;
  if (join(folder, 'bus').length > longestSocketPath) {
    sockets = mkdtempSync(join(tmpdir(), 'kazasu-bus-'));
    stops.add(() => rmSync(sockets, { recursive: true, force: true }));
  }
  const socket = join(sockets, 'bus');
  rmSync(socket, { force: true });
  const address = `unix:path=${socket}`;
  const configuration = join(folder, 'bus.xml');
  writeFileSync(configuration, busConfiguration(address));
  const own: NodeJS.ProcessEnv = {
    PATH: env['PATH'],
    LANG: 'C.UTF-8',
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_RUNTIME_DIR: sockets,
    DBUS_SESSION_BUS_ADDRESS: address,
  };
  try {
    const bus = await keep({
      name: 'dbus-daemon',
      command: 'dbus-daemon',
      args: ['--nofork', '--nopidfile', `--config-file=${configuration}`],
      env: own,
      log: join(folder, 'bus.log'),
      ready: { check: async () => (await call(address, 'org.freedesktop.DBus', '/', 'org.freedesktop.DBus.GetId')).ok },
    });
    stops.add(bus.stop);
    const daemon = await keep({
      name: 'gnome-keyring-daemon',
      command: 'gnome-keyring-daemon',
      args: ['--foreground', '--unlock', '--components=secrets', `--control-directory=${join(sockets, 'control')}`],
      env: own,
      input: passwordIn(folder),
      log: join(folder, 'keyring.log'),
      ready: { check: () => hasOpenCollection(address) },
    });
    stops.add(daemon.stop);
  } catch (error) {
    await stops.stop();
    throw error;
  }
  return { env: { DBUS_SESSION_BUS_ADDRESS: address }, own: true, stop: stops.stop };
}

function passwordIn(folder: string): string {
  const file = join(folder, 'password');
  if (!existsSync(file)) {
    // Whole or not at all: a start that is killed here must not leave an empty password behind.
    writeFileSync(`${file}.new`, randomBytes(32).toString('base64url'), { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
  }
  return readFileSync(file, 'utf8');
}

/** True when the default collection exists and is unlocked, so that nothing will ask a person for a password. */
async function hasOpenCollection(address: string): Promise<boolean> {
  const service = 'org.freedesktop.secrets';
  const alias = await call(address, service, '/org/freedesktop/secrets', 'org.freedesktop.Secret.Service.ReadAlias', [
    'string:default',
  ]);
  const path = /object path "(\/[^"]+)"/.exec(alias.out)?.[1];
  if (path === undefined) return false;
  const locked = await call(address, service, path, 'org.freedesktop.DBus.Properties.Get', [
    'string:org.freedesktop.Secret.Collection',
    'string:Locked',
  ]);
  return /boolean false/.test(locked.out);
}

function call(address: string, destination: string, path: string, method: string, args: readonly string[] = []) {
  const words = ['--session', '--print-reply', '--reply-timeout=2000', `--dest=${destination}`, path, method, ...args];
  return run('dbus-send', words, {
    env: { DBUS_SESSION_BUS_ADDRESS: address, PATH: process.env['PATH'] },
    within: 3_000,
  });
}

/** A session bus on one address that starts no services by itself: a second, locked keyring must never answer. */
function busConfiguration(address: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>${address.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;
}
