import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { root } from './paths.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const readme = read('README.md');
const rooms = readdirSync(root, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
/** Where something will be, or is made. */
const notYet = new Set(['native/curtain/', 'dist/gallery/']);

describe('what the pages say', () => {
  for (const page of [
    'README.md',
    'docs/threat-model.md',
    'docs/attacks.md',
    'docs/threats.md',
    ...globSync('docs/decisions/*.md', { cwd: root }),
  ]) {
    test(`${page} names only files that are there`, () => {
      const named = [...read(page).matchAll(/`([\w-]+)\/([\w./-]*)`/g)]
        .filter(([, room = '']) => rooms.includes(room))
        .map(([, room, rest]) => `${room}/${rest}`);
      assert.deepEqual(
        named.filter((path) => !notYet.has(path) && !existsSync(join(root, path))),
        [],
      );
    });
  }

  for (const page of ['docs/attacks.md', 'docs/threats.md'])
    test(`${page} names only tests that are there`, () => {
      const named = [...read(page).matchAll(/`([\w./-]+\.test\.ts)`: ([^;|]+?) ?(?=[;|])/g)];
      assert.ok(named.length > 40);
      assert.deepEqual(
        named.filter(([, file = '', title = '']) => !read(file).includes(title)).map(([all]) => all),
        [],
      );
    });

  test('docs/threats.md has each number once, in order, with a test', () => {
    const rows = [...read('docs/threats.md').matchAll(/^\| (\d+) \| [^|]+ \| (.+) \|$/gm)];
    const numbers = rows.map(([, number]) => Number(number));
    assert.ok(numbers.length > 50);
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].toSorted((one, other) => one - other),
    );
    assert.deepEqual(
      rows.filter(([, , tests = '']) => !/^`[\w./-]+\.test\.ts`: /.test(tests)).map(([all]) => all),
      [],
    );
  });

  test('the README names every command, and none that is not there', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> };
    const said = new Set([...readme.matchAll(/`npm (?:run )?([\w:-]+)/g)].map(([, name]) => name));
    // `ready` is a part of the others.
    assert.deepEqual([...said, 'ready'].sort(), Object.keys(scripts).sort());
  });

  test('the README names every setting, and none that nobody reads', () => {
    const readers = ['server/config.ts', 'guard/settings.ts', 'electron/main/environment.ts', 'e2e/desk/settings.ts'];
    const names = (text: string): string[] => [...new Set(text.match(/\bKAZASU_[A-Z_]+\b/g))].sort();
    // KAZASU_DEBUG is for tests alone.
    assert.deepEqual([...names(readme), 'KAZASU_DEBUG'].sort(), names(readers.map(read).join('\n')));
  });
});
