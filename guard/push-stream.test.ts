import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pushed } from '#contract/api/terminals.ts';
import type { Link } from '#core/login/state.ts';
import { createLog } from './log.ts';
import { startPushStream } from './push-stream.ts';
import { createServers } from './servers.ts';
import { hello, startTestServer, type Validity } from './test-server.ts';

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
    upTime: () => 0,
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

/** A stream on a machine whose count of time is in the test's hand, and what it heard. */
async function createSleeper() {
  const server = await startTestServer();
  const heard: { kind: Pushed['kind']; fresh: boolean }[] = [];
  const at = { up: 0, streams: 0, heard, server };
  let changed = Promise.withResolvers<void>();
  const stream = startPushStream({
    servers: createServers([server.origin]),
    identity: () => server.identity,
    query: () => ({ after: 0, clock: 0, trust: 'first' }),
    onPushed({ kind }, fresh) {
      heard.push({ kind, fresh });
      changed.resolve();
      changed = Promise.withResolvers();
    },
    onLink: () => undefined,
    onLapsed: () => undefined,
    upTime: () => at.up,
    log,
  });
  const asked = () => server.heard.filter(({ path }) => path === '/v1/terminals/stream').length;
  return {
    at,
    asked,
    heard,
    until: (count: number) => server.until(() => asked() === count),
    async say(message: Pushed) {
      const before = heard.length;
      server.push(message);
      while (heard.length === before) await changed.promise;
    },
    async stop() {
      await stream.stop();
      await server.stop();
    },
  };
}
const began = Date.parse('2026-11-22T06:00:00Z');
const says = (kind: 'hello' | 'beat', after: number): Pushed => {
  const serverTime = new Date(began + after).toISOString();
  return kind === 'hello' ? ({ ...hello, serverTime } as Pushed) : { kind, serverTime };
};
const day = 86_400_000;

test('a hello is fresh that came soon after its connection began, by a count that sleep belongs to; nothing else is', async () => {
  const one = await createSleeper();
  await one.until(1);
  one.at.up = 10_000;
  await one.say(says('hello', 0));
  await one.say(says('beat', 5_000));
  await one.say(says('hello', 6_000));
  assert.deepEqual(
    one.heard.map(({ fresh }) => fresh),
    [true, false, false],
  );
  await one.stop();
  const asleep = await createSleeper();
  await asleep.until(1);
  asleep.at.up = day;
  await asleep.say(says('hello', 0));
  assert.deepEqual(asleep.heard, [{ kind: 'hello', fresh: false }]);
  await asleep.until(2);
  await asleep.stop();
});

test('after a beat that lay somewhere for long the server is asked anew what time it is, once at a time', async () => {
  const { asked, at, say, stop, until } = await createSleeper();
  await until(1);
  await say(says('hello', 0));
  at.up = day;
  await say(says('beat', day));
  await say(says('beat', day - 50_000));
  assert.equal(asked(), 1, 'a beat that is a little late is none');
  at.up = 2 * day;
  await say(says('beat', day + 5_000));
  await say(says('beat', day + 10_000));
  await until(2);
  await say(says('hello', 2 * day));
  assert.deepEqual(at.heard.at(-1), { kind: 'hello', fresh: true });
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(asked(), 2);
  await stop();
});
