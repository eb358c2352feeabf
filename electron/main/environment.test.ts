import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEnvironment } from './environment.ts';

const given = { KAZASU_GUARD_SOCKET: '/run/guard.sock', KAZASU_SCREEN_DATA: '/var/screen', HOME: '/' };
const read = {
  guardSocket: '/run/guard.sock',
  data: '/var/screen',
  windowed: false,
  beat: undefined,
  scale: undefined,
};

test('reads socket and folder', () => {
  assert.deepEqual(parseEnvironment(given, { release: true }), { ok: true, environment: read });
});

test('tells all that is missing at once', () => {
  assert.deepEqual(parseEnvironment({ KAZASU_SCREEN_DATA: '' }, { release: true }), {
    ok: false,
    problems: ['KAZASU_GUARD_SOCKET is missing', 'KAZASU_SCREEN_DATA is missing'],
  });
});

test('windows that cover nothing are for development; a release does not start with them', () => {
  const windowed = { ...given, KAZASU_WINDOWED: '1' };
  const environment = { ...read, windowed: true };
  assert.deepEqual(parseEnvironment(windowed, { release: false }), { ok: true, environment });
  assert.deepEqual(parseEnvironment(windowed, { release: true }), {
    ok: false,
    problems: ['KAZASU_WINDOWED is not for a release: it covers nothing'],
  });
  assert.equal(parseEnvironment({ ...given, KAZASU_WINDOWED: '' }, { release: true }).ok, true);
});

test('beats into the file that it is given, and into no other thing', () => {
  const environment = { ...read, beat: 3 };
  assert.deepEqual(parseEnvironment({ ...given, KAZASU_BEAT: '3' }, { release: true }), { ok: true, environment });
  assert.equal(parseEnvironment({ ...given, KAZASU_BEAT: '/dev/sda' }, { release: true }).ok, false);
});

test('is as large as the letters of its display are, within reason', () => {
  const at = (scale: string) => parseEnvironment({ ...given, KAZASU_SCALE: scale }, { release: true });
  assert.deepEqual(at('1.25'), { ok: true, environment: { ...read, scale: 1.25 } });
  assert.deepEqual(at('4.00'), { ok: true, environment: { ...read, scale: 4 } });
  for (const foreign of ['0', '0.5', '4.01', '40', '1;', 'large', '-1'])
    assert.deepEqual(at(foreign), { ok: false, problems: ['KAZASU_SCALE must be a number from 1 to 4'] });
});
