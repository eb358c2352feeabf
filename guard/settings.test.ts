import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSettings } from './settings.ts';

const given = {
  KAZASU_DATA: '/var/lib/kazasu',
  KAZASU_SERVER: 'https://server.hospital.example:8443/',
  KAZASU_AUTHORITY: '/etc/kazasu/ca.pem',
  KAZASU_GUARD_SOCKET: '/run/kazasu/guard.sock',
};

test('settings come out whole, with what is usual filled in', () => {
  const parsed = parseSettings({
    ...given,
    PCSCLITE_CSOCK_NAME: '/run/own',
    PATH: '/bin',
    SECRET: 'x',
    KAZASU_ENROLMENT_CODE: '',
  });
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.settings.origins, ['https://server.hospital.example:8443']);
  assert.equal(parsed.settings.enrolmentCode, undefined);
  assert.deepEqual(parsed.settings.readerEnvironment, { PATH: '/bin', PCSCLITE_CSOCK_NAME: '/run/own' });
  assert.ok(parsed.settings.ignoreReaders.includes(' SAM '));
});

test('several processes of the server are given by commas, each once', () => {
  const parsed = parseSettings({
    ...given,
    KAZASU_SERVER: 'https://a.example, https://b.example:8443/ ,https://a.example',
  });
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.settings.origins, ['https://a.example', 'https://b.example:8443']);
  assert.ok(!parseSettings({ ...given, KAZASU_SERVER: 'https://a.example,' }).ok);
  assert.ok(!parseSettings({ ...given, KAZASU_SERVER: 'https://a.example,http://b.example' }).ok);
});

test('every problem is told at once, by the name of its variable', () => {
  const parsed = parseSettings({ KAZASU_SERVER: 'http://plain.example', KAZASU_LOG: 'loud' });
  assert.ok(!parsed.ok);
  for (const name of ['KAZASU_DATA', 'KAZASU_SERVER', 'KAZASU_AUTHORITY', 'KAZASU_GUARD_SOCKET', 'KAZASU_LOG'])
    assert.ok(
      parsed.problems.some((problem) => problem.startsWith(name)),
      name,
    );
});

test('hooks and logind are off unless they are named; logind gets the bus and nothing else', () => {
  const plain = parseSettings(given);
  assert.ok(plain.ok);
  assert.equal(plain.settings.hooks, undefined);
  assert.equal(plain.settings.logind, undefined);
  const parsed = parseSettings({
    ...given,
    KAZASU_HOOKS: '/etc/kazasu/hooks.json',
    KAZASU_LOGIND: '/opt/kazasu/logind',
    DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/run/bus',
    SECRET: 'x',
  });
  assert.ok(parsed.ok);
  assert.equal(parsed.settings.hooks, '/etc/kazasu/hooks.json');
  assert.deepEqual(parsed.settings.logind, {
    program: '/opt/kazasu/logind',
    environment: { DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/run/bus' },
  });
});
