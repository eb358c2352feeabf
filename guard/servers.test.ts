import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServers } from './servers.ts';

const origins = ['https://a.example', 'https://b.example', 'https://c.example'];

test('terminals begin at any of the servers', () => {
  assert.equal(createServers(origins, () => 0).current(), 'https://a.example');
  assert.equal(createServers(origins, () => 0.99).current(), 'https://c.example');
});

test('one that does not answer is left for the next one, once, whoever says so', () => {
  const servers = createServers(origins, () => 0.5);
  servers.leave('https://b.example');
  servers.leave('https://b.example');
  assert.equal(servers.current(), 'https://c.example');
  servers.leave('https://c.example');
  assert.equal(servers.current(), 'https://a.example');
});

test('the only one is never left', () => {
  const servers = createServers(['https://a.example']);
  servers.leave('https://a.example');
  assert.equal(servers.current(), 'https://a.example');
});
