import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cacheFolder, root } from './paths.ts';

export interface ElectronProgram {
  readonly path: string;
  /** For example `45.4.1`. */
  readonly version: string;
  /** Flags to put before the application folder. Root cannot use Chromium's sandbox; everybody else must. */
  readonly flags: readonly string[];
  /** What a person must know when this is not the Electron that package.json asks for. */
  readonly warning?: string;
}

/** The Electron to run: the override, the installed one, or the development runtime, in this order. */
export function findElectron(env: NodeJS.ProcessEnv = process.env): ElectronProgram {
  const wanted = installedPackageVersion();
  const flags = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const override = env['ELECTRON_OVERRIDE_DIST_PATH'];
  const folders = [override, join(root, 'node_modules', 'electron', 'dist')].filter((folder) => folder !== undefined);
  for (const folder of folders) {
    const path = join(folder, 'electron');
    if (existsSync(path) && existsSync(join(folder, 'version'))) {
      return { path, version: readFileSync(join(folder, 'version'), 'utf8').trim().replace(/^v/, ''), flags };
    }
  }
  const fallback = join(cacheFolder, 'electron', 'development');
  if (!existsSync(join(fallback, 'version'))) {
    throw new Error('There is no Electron to run. `npm run ready` fetches one.');
  }
  const version = readFileSync(join(fallback, 'version'), 'utf8').trim();
  return {
    path: join(fallback, 'electron'),
    version,
    flags,
    warning:
      `Electron ${wanted} could not be downloaded: this is the development runtime, Electron ${version}, which gets no ` +
      "security updates. Not for patients' data. `npm run ready -- --again` tries the download again.",
  };
}

function installedPackageVersion(): string {
  const about: unknown = createRequire(import.meta.url)('electron/package.json');
  return String((about as { version: string }).version);
}
