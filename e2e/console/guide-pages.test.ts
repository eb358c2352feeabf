import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { guideFolder, guidePages } from './guide-pages.ts';

test('the guides in docs are those of the console, and every picture that they show is there', () => {
  const pages = guidePages();
  assert.equal(pages.size, 10);
  for (const [name, text] of pages) {
    assert.equal(readFileSync(join(guideFolder, name), 'utf8'), text, `${name}: npm run guides`);
    for (const [, picture = ''] of text.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)) {
      assert.ok(existsSync(join(guideFolder, picture)), `${name} shows ${picture}`);
    }
  }
});
