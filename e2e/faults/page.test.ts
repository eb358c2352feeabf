import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '#setup/paths.ts';
import { attacksHeld, faultsHeld } from './held.ts';
import { makePage, pagePath } from './page.ts';
import { faultKinds, rowOf } from './table.ts';

const page = makePage();

test('docs/faults.md says what the table of faults says', () => {
  assert.equal(readFileSync(pagePath, 'utf8'), page, 'run: node e2e/faults/page.ts');
});

test('every fault is made in a file that is there', () => {
  const named = [...page.matchAll(/`(kinds\/[\w.]+)`/g)].map(([, path = '']) => path);
  assert.ok(named.length > 30);
  for (const path of named) assert.ok(existsSync(join(import.meta.dirname, path)), path);
});

test('every test that is named as holding something is there', () => {
  const absent = [...attacksHeld, ...faultsHeld].flatMap(({ by }) =>
    by.filter(([file, name]) => {
      const path = join(root, file);
      // The name of a test, not words of its body.
      return (
        !existsSync(path) ||
        !readFileSync(path, 'utf8')
          .split('\n')
          .some((line) => isNameWith(line, name))
      );
    }),
  );
  assert.deepEqual(absent, []);
});

const isNameWith = (line: string, name: string): boolean => /\b(test|it|describe)\(/.test(line) && line.includes(name);

test('every fault has a test of its own beside the harness, every attack one or more', () => {
  const numbers = new Set(faultKinds.flatMap((kind) => rowOf(kind).numbers));
  const held = faultsHeld.map(({ number }) => number);
  assert.deepEqual(held, [...new Set(held)]);
  assert.deepEqual(
    [...numbers].filter((number) => !held.includes(number)),
    [],
  );
  assert.ok([...attacksHeld, ...faultsHeld].every(({ by }) => by.length > 0));
});
