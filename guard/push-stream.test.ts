import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Link } from '#core/login/state.ts';
import { createLog } from './log.ts';
import { startPushStream } from './push-stream.ts';
import { createServers } from './servers.ts';
import { startTestServer, type Validity } from './test-server.ts';

const log = createLog({ level: 'error', now: () => new Date(), write: () => undefined });

async function firstLink(validity: Validity, authority?: 'foreign'): Promise<Link> {
  const server = await startTestServer(validity);
  const told = Promise.withResolvers<Link>();
  const identity = { ...server.identity, ...(authority ? { authority: server.foreignAuthority } : {}) };
  const stream = startPushStream({
    servers: createServers([server.origin]),
    identity: () => identity,
    query: () => ({ after: 0, clock: 0, trust: 'first' }),
    onPushed: () => undefined,
    onLink: told.resolve,
    onLapsed: () => undefined,
    log,
  });
  try {
    return await told.promise;
  } finally {
    await stream.stop();
    await server.stop();
  }
}

test('a certificate of the server that is too young or too old means that the clock here is wrong', async () => {
  assert.equal(await firstLink('later'), 'clock-wrong');
  assert.equal(await firstLink('before'), 'clock-wrong');
});

test('a foreign authority says nothing about the clock', async () => {
  assert.equal(await firstLink('now', 'foreign'), 'unreachable');
});
