import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from './config.ts';

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
