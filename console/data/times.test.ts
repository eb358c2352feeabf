import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  briefly,
  dateIn,
  dayName,
  daysAfter,
  exactly,
  fully,
  hourIn,
  monthBefore,
  startOf,
  terminalTime,
} from './times.ts';

test('the exact time holds milliseconds and the offset, and is the same instant', () => {
  for (const instant of ['2026-11-22T06:04:05.678Z', '2026-02-03T23:59:59.001+09:00']) {
    const shown = exactly(instant);
    assert.match(shown, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d\d:\d\d$/);
    assert.equal(Date.parse(shown.replace(' ', 'T').replace(' ', '')), Date.parse(instant));
  }
});

test('an hour is that of the hospital’s zone, wherever the reader is', () => {
  assert.equal(hourIn('2026-11-22T15:00:00Z', 'Asia/Tokyo', 'ja'), '0時');
  assert.equal(hourIn('2026-11-22T00:00:00Z', 'Asia/Tokyo', 'en'), '09:00');
});

test('the month before this one has its first and its last day, a day its name', () => {
  assert.deepEqual(monthBefore(new Date(2027, 0, 15)), { from: '2026-12-01', to: '2026-12-31' });
  assert.deepEqual(monthBefore(new Date(2028, 2, 31)), { from: '2028-02-01', to: '2028-02-29' });
  assert.equal(dayName('2026-10-01', 'ja'), '2026年10月1日(木)');
});

test('a day of the hospital begins at its own midnight, wherever the reader is and whatever the clocks do', () => {
  const begins = (date: string, zone: string): string => startOf(date, zone).toISOString();
  assert.equal(begins('2026-10-01', 'Asia/Tokyo'), '2026-09-30T15:00:00.000Z');
  assert.equal(begins('2026-10-01', 'UTC'), '2026-10-01T00:00:00.000Z');
  assert.equal(begins('2026-03-29', 'Europe/Berlin'), '2026-03-28T23:00:00.000Z');
  assert.equal(begins('2026-03-30', 'Europe/Berlin'), '2026-03-29T22:00:00.000Z');
  assert.equal(begins('2026-10-25', 'Europe/Berlin'), '2026-10-24T22:00:00.000Z');
  // On these days the clocks go from 0:00 to 1:00, and from 0:00 back to 23:00.
  assert.equal(begins('2026-04-24', 'Africa/Cairo'), '2026-04-23T22:00:00.000Z');
  assert.equal(begins('2026-10-30', 'Africa/Cairo'), '2026-10-29T22:00:00.000Z');
  assert.equal(dateIn(new Date('2026-09-30T15:00:00Z'), 'Asia/Tokyo'), '2026-10-01');
  assert.equal(daysAfter('2026-12-31', 1), '2027-01-01');
  assert.equal(daysAfter('2028-03-01', -1), '2028-02-29');
  assert.deepEqual(monthBefore(new Date('2026-09-30T15:00:00Z'), 'Asia/Tokyo'), {
    from: '2026-09-01',
    to: '2026-09-30',
  });
});

test('today needs no day, another year is named', () => {
  const now = new Date(2026, 10, 22, 15, 0);
  assert.equal(briefly(new Date(2026, 10, 22, 9, 5).toISOString(), 'ja', now), '09:05');
  assert.equal(briefly(new Date(2026, 10, 23, 9, 5).toISOString(), 'ja', now), '11/23 09:05');
  assert.match(briefly(new Date(2027, 0, 2, 9, 5).toISOString(), 'ja', now), /2027/);
});

const on = (day: number, hour: number, minute: number, second: number, milliseconds = 0): string =>
  new Date(2026, 10, day, hour, minute, second, milliseconds).toISOString();

test('the terminal’s time of an event is named only where it is not also the server’s', () => {
  const at = on(22, 16, 31, 27);
  assert.equal(terminalTime({ at }, 'ja'), undefined);
  assert.equal(terminalTime({ at, happenedAt: null }, 'ja'), undefined);
  assert.equal(terminalTime({ at, happenedAt: on(22, 16, 31, 25) }, 'ja'), undefined);
  assert.equal(terminalTime({ at, happenedAt: on(22, 16, 31, 29) }, 'ja'), undefined);
  assert.deepEqual(terminalTime({ at, happenedAt: on(22, 16, 31, 24, 999) }, 'ja'), { time: '16:31:24', later: true });
  assert.deepEqual(terminalTime({ at, happenedAt: on(22, 16, 31, 30) }, 'en'), { time: '16:31:30', later: false });
});

test('the terminal’s time of another day names the day', () => {
  const late = { at: on(22, 0, 0, 10), happenedAt: on(21, 23, 59, 50) };
  assert.match(terminalTime(late, 'ja')?.time ?? '', /21日.* 23:59:50$/);
  assert.match(terminalTime(late, 'en')?.time ?? '', /21 November.* 23:59:50$/);
});

test('a time in full names its day, also today', () => {
  assert.equal(fully(new Date(2026, 10, 22, 9, 5).toISOString(), 'ja'), '2026/11/22 09:05');
  assert.match(fully(new Date(2026, 10, 22, 9, 5).toISOString(), 'en'), /22 Nov 2026.*09:05/);
});
