import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api as rows } from '#contract/api/index.ts';
import { address, createApi } from './api.ts';
import { routes } from './data/routes.ts';

const answering = (status: number, body: unknown) => {
  const sent: { address: string; init: RequestInit }[] = [];
  let signedOut = 0;
  const api = createApi({
    fetch: async (where, init) => {
      sent.push({ address: where, init });
      if (status === 0) throw new TypeError('Failed to fetch');
      return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
    },
    csrf: () => 'token',
    onSignedOut: () => {
      signedOut += 1;
    },
  });
  return { api, sent, signedOut: () => signedOut };
};

test('every request of the console stands in the contract with the same method, path and sender', () => {
  for (const [name, { method, path, sender }] of Object.entries(routes)) {
    const row = rows[name as keyof typeof routes];
    assert.deepEqual({ method, path, sender }, { method: row.method, path: row.path, sender: row.sender }, name);
  }
});

test('puts what is given into path, query and body', async () => {
  const { api, sent } = answering(200, {});
  await api.call('people/suspend', { params: { person: 'a/b' }, body: { reason: 'x' } });
  await api.call('events/list', { query: { limit: 5, supportCode: 'A&B' } });
  assert.equal(sent[0]?.address, '/v1/people/a%2Fb/suspend');
  assert.equal(sent[0]?.init.body, '{"reason":"x"}');
  assert.equal(new Headers(sent[0]?.init.headers).get('x-kazasu-csrf'), 'token');
  assert.equal(sent[1]?.address, '/v1/events?limit=5&supportCode=A%26B');
  assert.equal(sent[1]?.init.body, undefined);
});

test('leaves out of the query what is empty', () => {
  assert.equal(address('/v1/people', { query: { search: '', limit: undefined } }), '/v1/people');
});

test('a failure is a value with the server’s code', async () => {
  const { api, signedOut } = answering(409, { failure: { code: 'PERSON_NUMBER_TAKEN' } });
  const reply = await api.call('people/add', { body: { number: '1', name: 'n' } });
  assert.deepEqual(reply, { ok: false, failure: { code: 'PERSON_NUMBER_TAKEN' } });
  assert.equal(signedOut(), 0);
});

test('a session that has ended is told', async () => {
  const { api, signedOut } = answering(401, { failure: { code: 'CONSOLE_SIGNED_OUT' } });
  await api.call('console/me', {});
  assert.equal(signedOut(), 1);
});

test('no server, a proxy’s page and a bug each have a code', async () => {
  const codeOf = async (status: number, body: unknown): Promise<string> => {
    const reply = await answering(status, body).api.call('console/me', {});
    return reply.ok ? 'ok' : reply.failure.code;
  };
  assert.equal(await codeOf(0, ''), 'SERVER_UNREACHABLE');
  assert.equal(await codeOf(502, '<html>'), 'SERVER_UNREACHABLE');
  assert.equal(await codeOf(500, '<html>'), 'INTERNAL');
  assert.equal(await codeOf(403, {}), 'INTERNAL');
});

test('what a page asks by itself says so', async () => {
  const { api, sent } = answering(200, { people: [] });
  await api.call('people/list', { query: {} });
  await api.call('people/list', { query: {} }, true);
  assert.deepEqual(
    sent.map(({ init }) => (init.headers as Record<string, string>)['x-kazasu-unasked']),
    [undefined, '1'],
  );
});
