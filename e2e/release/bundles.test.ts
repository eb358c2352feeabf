import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { buildAll } from '#setup/build.ts';
import { type Bundle, bundles } from '#setup/bundles.ts';
import { openDisplay } from '#setup/display.ts';
import { findElectron } from '#setup/electron.ts';
import { root } from '#setup/paths.ts';
import { run } from '#setup/run.ts';

const read = (folder: string, name: string): string => readFileSync(join(root, folder, name), 'utf8');
const list = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort();
const bundleOf = (folder: string): Bundle => {
  const found = bundles.find((bundle) => bundle.folder === folder);
  assert.ok(found, folder);
  return found;
};

before(() => buildAll());

test('a second build finds nothing to do', async () => {
  assert.deepEqual((await buildAll()).built, []);
});

test('the shipped screen is these files and no others', () => {
  const files = ['index.html', 'main.cjs', 'main.css', 'main.js', 'package.json', 'preload.cjs'];
  assert.deepEqual(list('dist/release/screen'), files);
});

test('the page of the console names the files that were written', () => {
  const html = read('dist/console', 'index.html');
  for (const name of list('dist/console').filter((file) => /^main-.*\.(js|css)$/.test(file))) {
    assert.ok(html.includes(`"${name}"`), name);
  }
  assert.ok(!/"main\.(js|css)"/.test(html));
});

test('nothing of tests or of development travels in what is shipped', () => {
  for (const folder of ['dist/release/screen', 'dist/console']) {
    for (const name of list(folder)) {
      const text = read(folder, name);
      for (const foreign of ['native/fake', 'e2e/', 'localhost:', '127.0.0.1', 'sourceMappingURL', root]) {
        assert.ok(!text.includes(foreign), `${folder}/${name} holds ${foreign}`);
      }
    }
  }
});

test('the preload gives the page no way to Electron', () => {
  const text = read('dist/release/screen', 'preload.cjs');
  assert.equal(text.match(/exposeInMainWorld/g)?.length, 1);
  assert.doesNotMatch(text, /exposeInMainWorld\([^,]+,\s*[\w$.]*ipcRenderer\s*\)/);
});

test('the same sources give the same bytes', async (t) => {
  const again = bundles.map((bundle) => ({ ...bundle, folder: bundle.folder.replace('dist/', 'dist/.again/') }));
  t.after(() => {
    rmSync(join(root, 'dist', '.again'), { recursive: true, force: true });
    for (const { folder } of again)
      rmSync(join(root, 'dist', '.built', `${folder.replaceAll('/', '-')}.json`), { force: true });
  });
  await buildAll({ bundles: again });
  for (const { folder } of bundles) {
    const other = folder.replace('dist/', 'dist/.again/');
    assert.deepEqual(list(other), list(folder));
    for (const name of list(folder)) assert.equal(read(other, name), read(folder, name), `${folder}/${name}`);
  }
});

test('a package that is not on the list of a bundle fails the build, by name', async () => {
  const screen = bundleOf('dist/screen');
  const strict = { ...screen, folder: 'dist/.refused', parts: screen.parts.map((part) => ({ ...part, packages: [] })) };
  await assert.rejects(buildAll({ bundles: [strict], force: true }), /must not carry:[\s\S]*node_modules\//);
  assert.throws(() => list('dist/.refused'), /ENOENT/);
});

test('the shipped screen refuses the switches that a test or an attacker would use', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-release-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const display = await openDisplay({ folder, virtual: true, windowManager: false, size: '800x600x24' });
  t.after(display.stop);
  const { path, flags } = findElectron();
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    ...display.env,
    KAZASU_GUARD_SOCKET: join(folder, 'guard.sock'),
    KAZASU_SCREEN_DATA: join(folder, 'data'),
  };
  const windowed = { ...env, KAZASU_WINDOWED: '1' };
  const desk = await run(path, [...flags, join(root, 'dist/release/screen')], { env: windowed, within: 20_000 });
  assert.equal(desk.ok, false, 'windows that cover nothing');
  assert.match(desk.error, /KAZASU_WINDOWED is not for a release/);
  for (const word of ['--remote-debugging-port=0', '--inspect=0', '--load-extension=/tmp']) {
    const { ok, error } = await run(path, [...flags, word, join(root, 'dist/release/screen')], { env, within: 20_000 });
    assert.equal(ok, false, word);
    assert.match(error, new RegExp(`argument not allowed: ${word}`));
  }
});
