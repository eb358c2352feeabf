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

/** A server whose answers a test gives out one by one. */
const playing = () => {
  const asked: { address: string; answer: (status: number) => Promise<void> }[] = [];
  let signedOut = 0;
  const api = createApi({
    fetch: (address) =>
      new Promise((resolve) => {
        const answer = async (status: number): Promise<void> => {
          const body = status === 401 ? { failure: { code: 'CONSOLE_SIGNED_OUT' } } : {};
          resolve(new Response(JSON.stringify(body), { status }));
          await new Promise((resolved) => setTimeout(resolved));
        };
        asked.push({ address, answer });
      }),
    csrf: () => 'token',
    onSignedOut: () => {
      signedOut += 1;
    },
  });
  return { api, asked, signedOut: () => signedOut };
};
const renewal = { body: { proof: { kind: 'passkey' } } } as const;

test('what went out with the old cookie while a new one was on its way is asked once more, and nobody is signed out', async () => {
  const { api, asked, signedOut } = playing();
  const before = api.call('people/list', { query: {} });
  const renewed = api.call('passkeys/begin-enrolment', renewal);
  const meanwhile = api.call('console/me', {});
  await asked[0]?.answer(401);
  await asked[2]?.answer(401);
  assert.equal(asked.length, 3, 'not before the new cookie is there');
  await asked[1]?.answer(200);
  assert.deepEqual(
    asked
      .slice(3)
      .map(({ address }) => address)
      .sort(),
    ['/v1/console/me', '/v1/people'],
  );
  for (const again of asked.slice(3)) await again.answer(200);
  assert.deepEqual(
    (await Promise.all([before, renewed, meanwhile])).map(({ ok }) => ok),
    [true, true, true],
  );
  assert.equal(signedOut(), 0);
});

test('a session that has really ended is told also then, once more and no further', async () => {
  const { api, asked, signedOut } = playing();
  const renewed = api.call('passkeys/begin-enrolment', renewal);
  const meanwhile = api.call('console/me', {});
  await asked[1]?.answer(401);
  await asked[0]?.answer(401);
  await asked[2]?.answer(401);
  assert.deepEqual([(await renewed).ok, (await meanwhile).ok, asked.length, signedOut()], [false, false, 3, 2]);
  const later = api.call('console/me', {});
  await asked[3]?.answer(401);
  assert.equal((await later).ok, false);
  assert.equal(asked.length, 4, 'nothing is being renewed any more');
});
