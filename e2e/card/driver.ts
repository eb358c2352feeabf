import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Which virtual reader: `kazasu` is our own (no delay, can be unplugged), `vpcd` is Debian's, polled every 400 ms. */
export type ReaderDriver = 'kazasu' | 'vpcd';

/** Paths of the compiled libraries. */
export interface BuiltDriver {
  readonly ifd: string;
  readonly udev: string;
}

const sources = join(import.meta.dirname, 'ifd');
const cache = join(import.meta.dirname, '..', '..', '.cache');

/** Compiled at first use; undefined where there is no compiler or no PC/SC headers. */
export function tryBuildDriver(): BuiltDriver | undefined {
  const ifd = tryBuildLibrary(join(sources, 'ifd-kazasu.c'));
  const udev = tryBuildLibrary(join(sources, 'udev-kazasu.c'));
  return ifd === undefined || udev === undefined ? undefined : { ifd, udev };
}

/** Path of the shared library of one source file; undefined where it cannot be compiled. */
export function tryBuildLibrary(source: string): string | undefined {
  const digest = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16);
  const library = join(cache, `${basename(source, '.c')}-${digest}.so`);
  if (existsSync(library)) return library;
  mkdirSync(cache, { recursive: true });
  const building = `${library}.${process.pid}`;
  const flags = ['-shared', '-fPIC', '-O2', '-Wall', '-Wextra', '-I/usr/include/PCSC', '-pthread'];
  const built = spawnSync('cc', [...flags, '-o', building, source], { encoding: 'utf8' });
  if (built.status !== 0) return undefined;
  // Whoever compiles at the same time finds a whole file or none.
  renameSync(building, library);
  return library;
}

export const vpcdLibrary = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so';

/**
 * Description of the driver for the service: one product for each reader, so that each has a name of its own.
 * The service's parser wants every string on a line of its own.
 */
export function bundleInformation(readers: readonly string[]): string {
  const strings = (values: readonly string[]) => values.map((value) => `<string>${value}</string>`).join('\n');
  const entries: readonly (readonly [string, string])[] = [
    ['CFBundleExecutable', '<string>ifd-kazasu.so</string>'],
    ['CFBundleName', '<string>KAZASU</string>'],
    ['ifdCapabilities', '<string>0x00000000</string>'],
    ['ifdVendorID', `<array>\n${strings(readers.map(() => '0xF055'))}\n</array>`],
    ['ifdProductID', `<array>\n${strings(readers.map((_, slot) => `0x00${slotNumber(slot)}`))}\n</array>`],
    ['ifdFriendlyName', `<array>\n${strings(readers.map(escapeXml))}\n</array>`],
  ];
  const body = entries.map(([key, value]) => `<key>${key}</key>\n${value}`).join('\n');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>\n${body}\n</dict></plist>\n`;
}

/** Two digits, in the file names of slots too. */
export function slotNumber(slot: number): string {
  return String(slot).padStart(2, '0');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
