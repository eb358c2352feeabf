import { spawnSync } from 'node:child_process';
import { command } from './command.mjs';
import { Problem } from './problem.mjs';

/** Debian packages, by what needs them. */
const needed = {
  'the screen (Electron)': ['libgtk-3-0', 'libnss3', 'libasound2', 'libgbm1', 'fonts-noto-cjk'],
  'a display without a monitor': ['xvfb', 'xauth', 'openbox', 'xdotool'],
  'the console in a browser': ['chromium'],
  'card readers': ['pcscd', 'libpcsclite1', 'libpcsclite-dev', 'vsmartcard-vpcd'],
  'secrets in a keyring': ['dbus', 'gnome-keyring', 'libsecret-1-0', 'libsecret-1-dev'],
  'compiling the keyring binding and the virtual reader': ['build-essential', 'pkg-config', 'python3'],
  'the curtain (compiled here)': [
    'build-essential',
    'pkg-config',
    'fonts-noto-cjk',
    'libfreetype-dev',
    'libssl-dev',
    'libxcb1-dev',
    'libxcb-composite0-dev',
    'libxcb-damage0-dev',
    'libxcb-randr0-dev',
    'libxcb-res0-dev',
    'libxcb-screensaver0-dev',
    'libxcb-shm0-dev',
    'libxcb-xtest0-dev',
  ],
  'holding up a sleep until the screen is covered (compiled here)': ['build-essential', 'pkg-config', 'libsystemd-dev'],
  'ending child processes with their parent': ['util-linux'],
  'the tests: a second opinion on certificates': ['openssl'],
  'the tests: heads that are plugged and turned': [
    'xserver-xorg-core',
    'xserver-xorg-video-dummy',
    'xserver-xephyr',
    'x11-xserver-utils',
  ],
};

/** Later Debian releases gave some libraries a new name (64-bit time). */
const otherNames = /** @type {Record<string, string>} */ ({
  'libgtk-3-0': 'libgtk-3-0t64',
  libasound2: 'libasound2t64',
});

/** Names of the packages that are not installed; undefined where there is no dpkg to ask. */
export function listMissing() {
  const names = [...new Set(Object.values(needed).flat())];
  const asked = spawnSync(
    'dpkg-query',
    ['--show', '--showformat=${Package} ${db:Status-Status}\n', ...names, ...Object.values(otherNames)],
    { encoding: 'utf8' },
  );
  if (asked.error) return undefined;
  const installed = new Set(
    asked.stdout.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ')[0]] : [])),
  );
  return names.filter((name) => !installed.has(name) && !installed.has(otherNames[name]));
}

/** @param {readonly string[]} missing */
export function refuseToInstall(missing) {
  return new Problem(
    [
      `Missing system packages: ${missing.join(' ')}`,
      'Only root may install them. Run this line once, and then the same command again:',
      '',
      `  sudo apt-get update && sudo apt-get install --yes --no-install-recommends ${missing.join(' ')}`,
      '',
    ].join('\n'),
  );
}

/** What to say where packages cannot be asked for. */
export const noDpkg = `This is not Debian: make sure that you have ${Object.keys(needed).join('; ')}.`;

/**
 * Installs them as root. An installation that was killed half-way is finished first.
 * @param {readonly string[]} missing
 * @param {(text: string) => void} note
 */
export async function installPackages(missing, note) {
  const env = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  await command('dpkg', 'dpkg', ['--configure', '-a'], { env, note });
  await command('apt-get-update', 'apt-get', ['update', ...wait], { env, note });
  await command(
    'apt-get-install',
    'apt-get',
    ['install', '--yes', '--no-install-recommends', '--fix-broken', ...wait, ...missing],
    { env, note },
  );
  const still = listMissing() ?? [];
  if (still.length > 0)
    throw new Problem(`apt-get ended well, and these packages are still missing: ${still.join(' ')}`);
}
