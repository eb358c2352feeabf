import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listForeignSwitches } from './switches.ts';

const folder = '/opt/kazasu/screen';
const hostile = [
  '--inspect',
  '--inspect=9229',
  '--inspect-brk=0',
  '--remote-debugging-port=9222',
  '--remote-debugging-pipe',
  '--js-flags=--expose-gc',
  '--load-extension=/tmp/x',
  '--user-data-dir=/tmp/x',
  '--disable-web-security',
  '--allow-file-access-from-files',
  '--proxy-server=10.0.0.1:8080',
  '--host-rules=MAP * 10.0.0.1',
  '--ignore-certificate-errors',
  '--require=/tmp/x.js',
  '-r',
  '/tmp/other-app',
  'app://ui/lock',
];

test('a release refuses every switch that is not on the list, those of test drivers too', () => {
  const given = [...hostile, '--inspect=0', '--remote-debugging-port=0'];
  assert.deepEqual(listForeignSwitches(given, { release: true, folder }), given);
});

test('other builds let test drivers in, and nobody else', () => {
  const given = [...hostile, '--inspect=0', '--remote-debugging-port=0'];
  assert.deepEqual(listForeignSwitches(given, { release: false, folder }), hostile);
});

test('what changes the look alone is allowed', () => {
  const given = [
    '--no-sandbox',
    '--disable-gpu',
    '--ozone-platform=wayland',
    '--force-device-scale-factor=1.5',
    folder,
  ];
  assert.deepEqual(listForeignSwitches(given, { release: true, folder }), []);
});
