import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

test('no two things that wait for their turn in the database wait for the same key', () => {
  const own = import.meta.dirname;
  const holders = new Map<string, string>();
  for (const path of globSync('**/*.ts', { cwd: own, exclude: (name) => String(name).endsWith('.test.ts') })) {
    const text = readFileSync(join(own, path), 'utf8');
    const keys = text.match(/\b5_411_\d{3}\b/g) ?? [];
    for (const key of keys) {
      assert.equal(holders.get(key), undefined, `${path} has ${key} too`);
      holders.set(key, path);
    }
    if (/advisory_(xact_)?lock(_shared)?\(\$1\)/.test(text))
      assert.ok(keys.length > 0, `${path} has a key of another form`);
  }
  assert.ok(holders.size >= 9, `${holders.size}`);
});
