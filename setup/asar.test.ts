import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { packAsar } from './asar.ts';

test('an archive is read back by its format: sizes, offsets and hashes', () => {
  const files = { 'main.cjs': Buffer.from('one'), 'empty.css': Buffer.alloc(0), 'page.html': Buffer.from('三つ目') };
  const archive = packAsar(files);
  assert.equal(archive.readUInt32LE(0), 4);
  const headerSize = archive.readUInt32LE(4);
  assert.equal(archive.readUInt32LE(8), headerSize - 4);
  const length = archive.readUInt32LE(12);
  assert.equal((headerSize - 8) % 4, 0);
  const header = JSON.parse(archive.subarray(16, 16 + length).toString('utf8')) as {
    files: Record<string, { size: number; offset: string; integrity: { hash: string; blocks: string[] } }>;
  };
  for (const [name, bytes] of Object.entries(files)) {
    const found = header.files[name];
    assert.ok(found);
    const from = 8 + headerSize + Number(found.offset);
    assert.deepEqual(archive.subarray(from, from + found.size), bytes);
    const hash = createHash('sha256').update(bytes).digest('hex');
    assert.deepEqual([found.integrity.hash, found.integrity.blocks], [hash, [hash]]);
  }
});
