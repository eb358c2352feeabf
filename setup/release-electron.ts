import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { FuseV1Options, FuseVersion, flipFuses, getCurrentFuseWire } from '@electron/fuses';
import { packAsar } from './asar.ts';

/**
 * What the Electron of a release may not do: run as Node, take options or an inspector from its environment, run another
 * application than the archive beside it. Linux does not look at the hashes in the archive; there `native/curtain/sealed.c`
 * does at each start, and `findAltered` for whoever packages.
 */
const fuses = {
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  // Every cookie of the screen lives in memory. With this, each start would ask a keyring for a key that nothing needs.
  [FuseV1Options.EnableCookieEncryption]: false,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
} as const;

const program = 'electron';
const sealName = 'files.sha256';

/**
 * Makes the Electron of a release from a stock one: a copy with its fuses flipped, our application as the only one that it can
 * run, and a list of every file with its hash. Returns the path of the program. Source: electronjs.org, tutorial/fuses.
 */
export async function makeReleaseElectron(stock: string, application: string, to: string): Promise<string> {
  rmSync(to, { recursive: true, force: true });
  cpSync(dirname(stock), to, { recursive: true });
  const resources = join(to, 'resources');
  rmSync(resources, { recursive: true, force: true });
  mkdirSync(resources);
  const names = readdirSync(application).sort();
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(application, name))]));
  writeFileSync(join(resources, 'app.asar'), packAsar(files));
  const path = join(to, program);
  if (!existsSync(path)) throw new Error(`There is no Electron in ${to}`);
  await flipFuses(path, { version: FuseVersion.V1, ...fuses });
  writeFileSync(join(to, sealName), hashesOf(to));
  return path;
}

/** The names of the fuses that stand otherwise than a release needs them; empty when all is well. */
export async function listWrongFuses(path: string): Promise<string[]> {
  const wire = await getCurrentFuseWire(path);
  return Object.entries(fuses).flatMap(([place, wanted]) => {
    const stands = wire[Number(place) as keyof typeof wire];
    return Number(stands) === (wanted ? 49 : 48) ? [] : [FuseV1Options[Number(place)] ?? place];
  });
}

/** The hash of the list that a release was made with: whoever keeps it elsewhere can tell whether the list is that one. */
export const sealOf = (folder: string): string =>
  createHash('sha256')
    .update(readFileSync(join(folder, sealName)))
    .digest('hex');

/**
 * What is otherwise in the folder of a release than when it was made: lines of the list that are gone, changed or new. At
 * a terminal `native/curtain/sealed.c` asks the same at each start.
 */
export function findAltered(folder: string, seal: string): string[] {
  if (sealOf(folder) !== seal) return [sealName];
  const made = new Set(readFileSync(join(folder, sealName), 'utf8').split('\n'));
  const now = new Set(hashesOf(folder).split('\n'));
  const changed = [...[...made].filter((line) => !now.has(line)), ...[...now].filter((line) => !made.has(line))];
  // After the hash and two spaces.
  const names = changed.map((line) => line.slice(66));
  return [...new Set(names)].sort();
}

/** As sha256sum(1) writes and checks them. */
function hashesOf(folder: string): string {
  const lines: string[] = [];
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name);
    const about = lstatSync(path);
    if (name === sealName || about.isDirectory()) continue;
    const bytes = about.isSymbolicLink() ? Buffer.from(`-> ${readlinkSync(path)}`) : readFileSync(path);
    lines.push(`${createHash('sha256').update(bytes).digest('hex')}  ${name}`);
  }
  return `${lines.join('\n')}\n`;
}
