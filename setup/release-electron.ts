import { cpSync, existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FuseV1Options, FuseVersion, flipFuses, getCurrentFuseWire } from '@electron/fuses';

/** What the Electron of a release may not do: run as Node, take options or an inspector from its environment. */
const fuses = {
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableCookieEncryption]: false,
  [FuseV1Options.OnlyLoadAppFromAsar]: false,
} as const;

/**
 * Makes the Electron of a release from a stock one: a copy with its fuses flipped and our application as the only one
 * that it can run. Returns the path of the program. Source: electronjs.org, tutorial/fuses.
 */
export async function makeReleaseElectron(stock: string, application: string, to: string): Promise<string> {
  rmSync(to, { recursive: true, force: true });
  cpSync(dirname(stock), to, { recursive: true });
  for (const other of ['app', 'default_app.asar'])
    rmSync(join(to, 'resources', other), { recursive: true, force: true });
  cpSync(application, join(to, 'resources', 'app'), { recursive: true });
  const program = join(to, 'electron');
  if (!existsSync(program)) throw new Error(`There is no Electron in ${to}`);
  await flipFuses(program, { version: FuseVersion.V1, ...fuses });
  return program;
}

/** The names of the fuses that stand otherwise than a release needs them; empty when all is well. */
export async function listWrongFuses(program: string): Promise<string[]> {
  const wire = await getCurrentFuseWire(program);
  return Object.entries(fuses).flatMap(([place, wanted]) => {
    const stands = wire[Number(place) as keyof typeof wire];
    return Number(stands) === (wanted ? 49 : 48) ? [] : [FuseV1Options[Number(place)] ?? place];
  });
}
