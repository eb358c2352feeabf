import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberFormat, timeFormat } from './formats.ts';

test('a form is made once for a language and its options, and another one for others', () => {
  const clock = timeFormat('en-GB', { hour: '2-digit', timeZone: 'Asia/Tokyo' });
  assert.equal(timeFormat('en-GB', { hour: '2-digit', timeZone: 'Asia/Tokyo' }), clock);
  const at = Date.parse('2026-11-30T20:00:00Z');
  assert.equal(clock.format(at), '05');
  assert.equal(timeFormat('en-GB', { hour: '2-digit', timeZone: 'UTC' }).format(at), '20');
  assert.equal(timeFormat('ja-JP', { hour: '2-digit', timeZone: 'UTC' }).format(at), '20時');
  assert.equal(numberFormat('en', {}).format(12345.6), '12,345.6');
  assert.equal(numberFormat('en', { maximumFractionDigits: 0 }).format(12345.6), '12,346');
});
