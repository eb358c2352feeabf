import assert from 'node:assert/strict';
import { test } from 'node:test';
import { briefly, exactly } from './times.ts';

test('the exact time holds milliseconds and the offset, and is the same instant', () => {
  for (const instant of ['2026-11-22T06:04:05.678Z', '2026-02-03T23:59:59.001+09:00']) {
    const shown = exactly(instant);
    assert.match(shown, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d\d:\d\d$/);
    assert.equal(Date.parse(shown.replace(' ', 'T').replace(' ', '')), Date.parse(instant));
  }
});

test('today needs no day, another year is named', () => {
  const now = new Date(2026, 10, 22, 15, 0);
  assert.equal(briefly(new Date(2026, 10, 22, 9, 5).toISOString(), 'ja', now), '09:05');
  assert.equal(briefly(new Date(2026, 10, 23, 9, 5).toISOString(), 'ja', now), '11/23 09:05');
  assert.match(briefly(new Date(2027, 0, 2, 9, 5).toISOString(), 'ja', now), /2027/);
});
