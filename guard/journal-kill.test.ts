import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killWriter } from './test-kills.ts';

test('however often the process is killed, no record that was acknowledged is lost, none is there twice', async () => {
  const lanes = await Promise.all([killWriter(6), killWriter(6)]);
  for (const { acknowledged, lost, doubled } of lanes) {
    assert.ok(acknowledged >= 6);
    assert.deepEqual([lost, doubled], [[], 0]);
  }
});
