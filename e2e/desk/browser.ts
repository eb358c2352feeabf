import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Kept, keep } from '#setup/keep.ts';

export interface BrowserOptions {
  readonly name: string;
  /** Holds the profile, which begins empty, and the log. */
  readonly folder: string;
  readonly url: string;
  readonly display: NodeJS.ProcessEnv;
  readonly bounds: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** A window without address bar. */
  readonly app: boolean;
  /** SHA-256 of a server's public key (SPKI), base64, that is trusted without an authority. */
  readonly trusted?: string;
}

export function findChromium(): string | undefined {
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
}

/** Opens a window of Chromium, which is not opened again when a person closes it. */
export function openBrowser(program: string, options: BrowserOptions): Promise<Kept> {
  const { folder, bounds } = options;
  const profile = join(folder, 'profile');
  rmSync(profile, { recursive: true, force: true });
  mkdirSync(join(profile, 'Default'), { recursive: true, mode: 0o700 });
  // No switch keeps it from offering to translate Japanese.
  writeFileSync(join(profile, 'Default', 'Preferences'), '{"translate":{"enabled":false}}');
  return keep({
    name: options.name,
    command: program,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      `--user-data-dir=${profile}`,
      `--window-position=${bounds.x},${bounds.y}`,
      `--window-size=${bounds.width},${bounds.height}`,
      ...(options.trusted === undefined ? [] : [`--ignore-certificate-errors-spki-list=${options.trusted}`]),
      // Without bars about the switches above.
      '--test-type',
      '--no-first-run',
      '--no-default-browser-check',
      '--password-store=basic',
      '--disable-gpu',
      '--disable-sync',
      '--accept-lang=ja,en',
      '--ozone-platform=x11',
      options.app ? `--app=${options.url}` : options.url,
    ],
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      LANG: process.env['LANG'] ?? 'C.UTF-8',
      ...(process.env['LANGUAGE'] === undefined ? {} : { LANGUAGE: process.env['LANGUAGE'] }),
      ...options.display,
      // Without an address it would start a bus of its own.
      DBUS_SESSION_BUS_ADDRESS: 'disabled:',
    },
    log: join(folder, 'log', 'chromium.log'),
    restart: false,
  });
}

/** A page that leads on to an address, so that a one-time link does not stand among the arguments of a process. */
export function writeSignpost(folder: string, to: string): string {
  const file = join(folder, 'open.html');
  const html = `<!doctype html><meta charset="utf-8" /><script>location.replace(${JSON.stringify(to)})</script>`;
  rmSync(file, { force: true });
  writeFileSync(file, html, { mode: 0o600 });
  return `file://${file}`;
}
