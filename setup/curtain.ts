import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cacheFolder, root } from './paths.ts';
import { run } from './run.ts';

/** A C program of this repository: its own files, and the libraries that pkg-config knows. */
export interface NativeProgram {
  readonly name: string;
  readonly sources: readonly string[];
  readonly libraries: readonly string[];
}

const folder = join(root, 'native', 'curtain');
const font = '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc';
const own = (...names: string[]): string[] => names.map((name) => join(folder, `${name}.c`));

const programs: readonly NativeProgram[] = [
  {
    name: 'curtain',
    sources: [
      ...own('curtain', 'card', 'glyphs', 'cover', 'focus', 'hold', 'hotkey', 'idle'),
      ...own('link', 'life', 'message', 'lease', 'twin', 'harden'),
    ],
    libraries: ['xcb', 'xcb-composite', 'xcb-randr', 'xcb-res', 'xcb-screensaver'],
  },
  { name: 'leader', sources: own('leader', 'child', 'xserver', 'ui'), libraries: [] },
  {
    name: 'painter',
    sources: own('painter', 'mirror', 'typist'),
    libraries: ['xcb', 'xcb-damage', 'xcb-randr', 'xcb-shm', 'xcb-xtest'],
  },
  { name: 'sweep', sources: own('sweep', 'windows'), libraries: ['xcb'] },
  { name: 'sealed', sources: own('sealed'), libraries: ['libcrypto'] },
  { name: 'rasterise', sources: own('rasterise'), libraries: ['freetype2'] },
];

const warnings = ['-Wall', '-Wextra', '-Wshadow', '-Wconversion', '-Wno-sign-conversion', '-Werror'];
const hardening = [
  ...['-O2', '-D_FORTIFY_SOURCE=2', '-fstack-protector-strong', '-fstack-clash-protection', '-fcf-protection'],
  ...['-fPIE', '-pie', '-Wl,-z,relro', '-Wl,-z,now', '-Wl,-z,noexecstack'],
];
const sanitizing = [
  ...['-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'],
  '-DKAZASU_SANITIZED',
];

/** How a C program of the product is compiled. */
export const hardened: readonly string[] = ['-std=gnu17', '-g', ...warnings, ...hardening];

/** The same with the checks of memory and arithmetic that stop a program at its first fault. */
export const sanitized: readonly string[] = ['-std=gnu17', '-g', ...warnings, ...sanitizing];

export interface BuildOptions {
  readonly sanitized?: boolean;
}

/** Compiles what has no fresh result yet and gives the folder that holds all of it: `curtain`, `leader`, `painter`, `sweep`, `sealed`, `glyphs`. */
export async function buildCurtain(options: BuildOptions = {}): Promise<string> {
  const flags = options.sanitized === true ? sanitized : hardened;
  const inputs = readdirSync(folder).filter((name) => /\.[ch]$/.test(name));
  const digest = createHash('sha256').update(JSON.stringify([programs, flags]));
  for (const name of inputs.sort()) digest.update(name).update(readFileSync(join(folder, name)));
  const built = join(cacheFolder, `curtain-${digest.digest('hex').slice(0, 16)}`);
  if (existsSync(built)) return built;
  mkdirSync(cacheFolder, { recursive: true });
  const building = mkdtempSync(join(cacheFolder, 'building-'));
  try {
    await Promise.all(programs.map((program) => compile(program, building, flags)));
    const drawn = await run(join(building, 'rasterise'), [font, join(building, 'glyphs')], { within: 60_000 });
    if (!drawn.ok) throw new Error(`the letters of the curtain could not be drawn: ${drawn.error}`);
    // Whoever builds at the same time finds a whole folder or none.
    renameSync(building, built);
  } catch (problem) {
    rmSync(building, { recursive: true, force: true });
    if (!existsSync(built)) throw problem;
  }
  removeOlder(built);
  return built;
}

/** Compiles one program into a folder. */
async function compile(program: NativeProgram, into: string, flags: readonly string[] = []): Promise<string> {
  const path = join(into, program.name);
  const found = await run('pkg-config', ['--cflags', '--libs', ...program.libraries]);
  const libraries = program.libraries.length === 0 ? [] : found.out.split(/\s+/).filter(Boolean);
  if (program.libraries.length > 0 && !found.ok) throw new Error(found.error);
  const { ok, error } = await run('cc', [...flags, '-o', path, ...program.sources, ...libraries], { within: 120_000 });
  if (!ok) throw new Error(`${program.name} cannot be compiled:\n${error}`);
  return path;
}

/** Compiles one program of the tests, unless it was compiled from the same sources before; gives its path. */
export async function compileOnce(program: NativeProgram, flags: readonly string[]): Promise<string> {
  const digest = createHash('sha256').update(JSON.stringify([program, flags]));
  for (const source of program.sources) digest.update(readFileSync(source));
  const path = join(cacheFolder, `${program.name}-${digest.digest('hex').slice(0, 16)}`);
  if (existsSync(path)) return path;
  mkdirSync(cacheFolder, { recursive: true });
  const building = await compile({ ...program, name: `${basename(path)}.${process.pid}` }, cacheFolder, flags);
  renameSync(building, path);
  return path;
}

/** Results of earlier sources, but for the last few: another work tree or a running program may use them. */
function removeOlder(built: string): void {
  const others = readdirSync(cacheFolder).filter((name) => /^curtain-[0-9a-f]{16}$/.test(name));
  for (const name of others.filter((each) => each !== basename(built)).slice(0, -6))
    rmSync(join(cacheFolder, name), { recursive: true, force: true });
}

if (import.meta.main) await buildCurtain();
