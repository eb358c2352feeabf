import { join } from 'node:path';
import { type BuildOptions, compileOnce, hardened, sanitized } from './curtain.ts';
import { root } from './paths.ts';

/** Path of the compiled program that stands between a guard and systemd-logind. */
export const buildLogind = (options: BuildOptions = {}): Promise<string> =>
  compileOnce(
    { name: 'logind', sources: [join(root, 'native', 'logind', 'logind.c')], libraries: ['libsystemd'] },
    options.sanitized === true ? sanitized : hardened,
  );
