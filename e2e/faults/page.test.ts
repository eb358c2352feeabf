import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makePage, pagePath } from './page.ts';

const page = makePage();

test('docs/faults.md says what the table of faults says', () => {
  assert.equal(readFileSync(pagePath, 'utf8'), page, 'run: node e2e/faults/page.ts');
});

test('every fault is made in a file that is there', () => {
  const named = [...page.matchAll(/`(kinds\/[\w.]+)`/g)].map(([, path = '']) => path);
  assert.ok(named.length > 30);
  for (const path of named) assert.ok(existsSync(join(import.meta.dirname, path)), path);
});
