import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockLimit, createClock } from './clock.ts';

const start = Date.parse('2026-11-22T06:00:00Z');

function clockOf() {
  const time = { steady: start, wall: start, server: start };
  const told: boolean[] = [];
  const clock = createClock({ steady: () => time.steady, wall: () => time.wall, onWrong: (wrong) => told.push(wrong) });
  const beat = (latency = 0) => clock.observe(new Date(time.server - latency).toISOString());
  return { time, told, clock, beat };
}

test('a server time becomes the moment at which this terminal will be, however its clock is set', () => {
  const { time, clock, beat } = clockOf();
  time.server = start + 7_000;
  beat();
  assert.equal(clock.toMoment(new Date(time.server + 60_000).toISOString()), time.steady + 60_000);
  assert.equal(clock.serverNow(), time.server);
  time.wall += 3_600_000;
  assert.equal(clock.serverNow(), time.server);
  assert.equal(clock.toInstant(time.steady - 1_000), new Date(time.wall - 1_000).toISOString());
});

test('one late answer does not move the offset', () => {
  const { time, clock, beat } = clockOf();
  for (const latency of [1, 2, 900, 1, 2]) beat(latency);
  assert.ok(Math.abs(clock.serverNow() - time.server) <= 2);
});

test('a clock that is wrong by more than the limit is told once, and once when it is right again', () => {
  const { time, told, clock, beat } = clockOf();
  beat();
  time.wall = start + clockLimit + 1_000;
  for (let count = 0; count < 5; count += 1) beat();
  time.wall = start;
  for (let count = 0; count < 5; count += 1) beat();
  assert.deepEqual(told, [true, false]);
  clock.observe('nonsense');
  assert.deepEqual(told, [true, false]);
});
