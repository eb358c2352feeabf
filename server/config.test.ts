import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listOrigins, parseConfig } from './config.ts';

test('an empty environment serves this machine alone, on port 8443', () => {
  const parsed = parseConfig({});
  assert.ok('config' in parsed);
  const { config } = parsed;
  assert.deepEqual([config.host, config.port, config.hasParent], ['127.0.0.1', 8443, false]);
  assert.deepEqual(config.names, ['localhost', '127.0.0.1', '::1']);
  assert.ok(Object.isFrozen(config));
});

test('the first configured name is the one in links', () => {
  const parsed = parseConfig({ KAZASU_NAMES: 'kazasu.hospital.example, 10.1.2.3', KAZASU_PORT: '443' });
  assert.ok('config' in parsed);
  assert.equal(parsed.config.names[0], 'kazasu.hospital.example');
  assert.ok(parsed.config.names.includes('10.1.2.3'));
});

test('an empty variable counts as not set', () => {
  assert.ok('config' in parseConfig({ KAZASU_PORT: '', DATABASE_URL: '' }));
});

test('all problems are told together, without the values', () => {
  const parsed = parseConfig({
    KAZASU_PORT: 'https',
    KAZASU_NAMES: 'a b',
    KAZASU_PARENT: 'yes',
    DATABASE_URL: 'mysql://root:canary@host/db',
  });
  assert.ok('problems' in parsed);
  assert.deepEqual(
    parsed.problems.map((problem) => problem.split(':')[0]),
    ['KAZASU_PORT', 'KAZASU_NAMES.0', 'KAZASU_PARENT', 'DATABASE_URL'],
  );
  assert.doesNotMatch(parsed.problems.join('\n'), /canary/);
});

test('origins are written as a browser writes them, the public one first', () => {
  const names = ['kazasu.hospital.example', '::1'] as const;
  assert.deepEqual(listOrigins({ names, origin: undefined }, 443), [
    'https://kazasu.hospital.example',
    'https://[::1]',
  ]);
  assert.deepEqual(listOrigins({ names: ['localhost'], origin: 'https://kazasu.example' }, 8443), [
    'https://kazasu.example',
    'https://localhost:8443',
  ]);
  const parsed = parseConfig({ KAZASU_ORIGIN: 'https://kazasu.example:443/console/' });
  assert.ok('config' in parsed);
  assert.equal(parsed.config.origin, 'https://kazasu.example');
  assert.ok(parsed.config.names.includes('kazasu.example'), 'the certificate covers it');
  assert.ok('problems' in parseConfig({ KAZASU_ORIGIN: 'http://kazasu.example' }));
});

test('the policy is pinned in what it is told and nothing else; an unknown rule or a weak limit is a problem', () => {
  const parsed = parseConfig({ KAZASU_POLICY: '{"session":{"idleSeconds":30},"helpdesk":"1234"}' });
  assert.ok('config' in parsed);
  assert.deepEqual(parsed.config.pinned, { session: { idleSeconds: 30 }, helpdesk: '1234' });
  for (const text of ['{', '[]', '{"pins":{}}', '{"pin":{"shortest":1}}', '{"tries":{"hard":1000}}']) {
    assert.ok('problems' in parseConfig({ KAZASU_POLICY: text }), text);
  }
});
