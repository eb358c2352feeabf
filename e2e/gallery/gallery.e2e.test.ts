import assert from 'node:assert/strict';
import { test } from 'node:test';
import { languages, sizes } from './camera.ts';
import { describeFaults, visitGallery } from './gallery.ts';

test('every state of the screen looks as it was approved, in both languages and on three displays', async () => {
  const faults = await visitGallery(sizes, { languages, isWanted: () => true });
  assert.equal(faults.length, 0, describeFaults(faults));
});
