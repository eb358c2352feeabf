import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createPages, findPage } from './docs.ts';

for (const [path, text] of createPages()) {
  test(`${path} says what the tables say`, () => {
    assert.equal(readFileSync(findPage(path), 'utf8'), text, 'run: node server/docs.ts');
  });
}
