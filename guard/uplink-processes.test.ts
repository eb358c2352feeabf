/** What the uplink does where its server has several processes. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { SessionId } from '#contract/ids.ts';
import { hello, ok, refuse, startTestServer, type TestServer } from './test-server.ts';
import { createTestUplink, type TestUplink } from './test-uplink.ts';

describe('with several processes of the server', () => {
  let at: TestUplink;
  let server: TestServer;
  let second: TestServer;
  const begin = () => at.begin({ limit: 6_000 });
  beforeEach(async () => {
    at = await createTestUplink({ silence: 250 });
    ({ server } = at);
    second = await startTestServer('now', server.certificates);
    second.on('/v1/health', () => ok({ status: 'ok', version: '1', serverTime: '2026-11-22T06:00:00Z' }));
    second.on('/v1/attempts', () => refuse(403, 'CARD_REFUSED'));
    await at.again(second.origin);
    await at.connect();
  });
  afterEach(async () => {
    await second.stop();
    await at.stop();
  });

  test('the stream moves to another one when its own is gone, and the link is never lost', async () => {
    await server.stop();
    await second.until(() => second.heard.some(({ path }) => path === '/v1/terminals/stream'));
    const session = randomUUID() as SessionId;
    second.push(hello);
    second.push({ kind: 'session-ended', session, reason: 'revoked' });
    await at.until(() => at.events.some(({ kind }) => kind === 'session-ended'));
    assert.deepEqual(at.links(), ['online']);
  });

  test('a call that finds nobody is answered by another one, also one that may not be sent twice', async () => {
    await server.stop();
    const attempt = randomUUID();
    const path = `/v1/attempts/${attempt}/proofs`;
    second.on(path, () => refuse(403, 'ATTEMPT_REFUSED'));
    const secretBody = Buffer.from('{"factor":"pin","secret":"40718293"}');
    const proved = await at.uplink.call('attempts/prove', { params: { attempt: attempt as never }, secretBody });
    assert.ok(!proved.ok && proved.failure.code !== 'SERVER_UNREACHABLE');
    assert.deepEqual(
      second.heard.filter((one) => one.path === path).map(({ body }) => body),
      [{ factor: 'pin', secret: '40718293' }],
    );
    const begun = await begin();
    assert.ok(!begun.ok && begun.failure.code === 'CARD_REFUSED');
  });

  test('one that takes a call and never answers is left after two seconds', async () => {
    server.on('/v1/attempts', () => 'never');
    const unanswered = begin();
    while (second.heard.every(({ path }) => path !== '/v1/attempts')) {
      const begun = await at.begin();
      if (begun.ok || begun.failure.code !== 'SERVER_UNREACHABLE')
        assert.ok(!begun.ok && begun.failure.code === 'CARD_REFUSED');
    }
    const begun = await unanswered;
    assert.ok(!begun.ok && begun.failure.code === 'SERVER_UNREACHABLE');
  });

  test('a proof that one cuts, leaves unanswered or cannot pass on is repeated at the next one, with its key', async () => {
    for (const fault of ['cut', 'never', refuse(502, 'SERVER_UNREACHABLE')] as const) {
      const attempt = randomUUID();
      const path = `/v1/attempts/${attempt}/proofs`;
      // Whichever is asked first has the fault.
      let isFirst = true;
      const answer = (): ReturnType<typeof ok> => {
        if (!isFirst) return refuse(403, 'PROOF_WRONG');
        isFirst = false;
        return fault;
      };
      server.on(path, answer);
      second.on(path, answer);
      const body = { factor: 'pin', idempotencyKey: 'kq0Zc1yXv3mN8pR5tB7wLA', secret: '40718293' };
      const secretBody = Buffer.from(JSON.stringify(body));
      const request = { params: { attempt: attempt as never }, secretBody };
      const began = performance.now();
      const proved = await at.uplink.call('attempts/prove', request, { limit: 6_000 });
      assert.ok(!proved.ok && proved.failure.code === 'PROOF_WRONG');
      assert.ok(performance.now() - began < 3_000);
      const heard = [server, second].map((one) => one.heard.filter((each) => each.path === path));
      assert.deepEqual(
        heard.map((some) => some.map((each) => each.body)),
        [[body], [body]],
      );
    }
  });

  test('when all are gone the link is lost', async () => {
    await Promise.all([server.stop(), second.stop()]);
    await at.until(() => at.links().at(-1) === 'unreachable');
    const begun = await begin();
    assert.ok(!begun.ok && begun.failure.code === 'SERVER_UNREACHABLE');
  });
});
