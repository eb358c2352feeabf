import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { findFreePort, ports } from './free-port.ts';

test('a port is free, another one each time, and none that the system would give to a connection meanwhile', async () => {
  const found = [await findFreePort('127.0.0.1'), await findFreePort('127.0.0.1')];
  const listening = createServer().listen((found[1] ?? 0) + 1, '127.0.0.1');
  try {
    await once(listening, 'listening');
    found.push(await findFreePort('127.0.0.1'));
  } finally {
    listening.close();
  }
  assert.equal(new Set([...found, (found[1] ?? 0) + 1]).size, 4);
  const range = '/proc/sys/net/ipv4/ip_local_port_range';
  const [lowest = 0] = process.platform === 'linux' ? readFileSync(range, 'utf8').split('\t').map(Number) : [49_152];
  for (const port of found) assert.ok(port >= ports.from && port < lowest, `${port}`);
});
