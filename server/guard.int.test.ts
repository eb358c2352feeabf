import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { api } from '#contract/api/index.ts';
import { startTestServer, type TestSender, type TestServer, type TestTerminal } from './testing.ts';
import { makeClinician } from './testing-login.ts';

/** What every route refuses is in `routes/every-route.int.test.ts`. */
let server: TestServer;
let terminal: TestTerminal;
before(async () => {
  server = await startTestServer();
  terminal = await server.enrol();
});
after(() => server.close());

describe('the gate', () => {
  test('knows no other call and no other method', async () => {
    for (const [method, path] of [
      ['GET', '/v1/nothing'],
      ['DELETE', '/v1/people'],
      ['PUT', '/v1/attempts'],
      ['GET', '/v1/attempts'],
    ]) {
      const answer = await server.send(terminal, path ?? '', { method: method ?? '' });
      assert.equal(answer.status, 404);
      assert.deepEqual(await answer.json(), { failure: { code: 'REQUEST_UNKNOWN' } });
    }
  });

  test('answers a path that is too long or cannot be read as one that it does not know, and does not repeat it', async () => {
    for (const [path, type] of [
      [`/v1/people/${'canary'.repeat(30)}`, 'application/json; charset=utf-8'],
      ['/v1/people/%zz', 'application/json; charset=utf-8'],
      ['/v1/people/%c3%28', 'application/json; charset=utf-8'],
      [`/scim/v2/Users/${'canary'.repeat(30)}`, 'application/scim+json'],
    ]) {
      const answer = await server.send(terminal, path ?? '');
      const text = await answer.text();
      assert.deepEqual([answer.status, answer.headers.get('content-type')], [404, type]);
      assert.match(text, /REQUEST_UNKNOWN/);
      assert.ok(!text.includes('canary') && !text.includes('%'));
    }
  });

  test('takes no name of a trust that the database could not hold', async () => {
    const kept = await server.call(terminal, 'terminals/keep-trust', { body: { trustVersion: 'a\u0000b' } });
    assert.equal(kept.code, 'REQUEST_INVALID');
    const opened = await server.call(terminal, 'terminals/stream', { query: { after: 0, clock: 0, trust: '\u0000' } });
    assert.equal(opened.code, 'REQUEST_INVALID');
  });

  test('does not believe who somebody says to have forwarded a request', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' };
    await server.call({ agent: server.anyone.agent, headers }, 'people/add', { body: { number: 'x', name: 'y' } });
    await server.call({ agent: server.anyone.agent, headers }, 'terminals/renew', { body: { request: 'x' } });
    const found = await server.database.query("select 1 from event where detail::text like '%203.0.113.9%'");
    assert.equal(found.length, 0);
  });

  test('writes a refusal to the log with who, where and why', async () => {
    server.advance(61_000);
    const fresh = await server.enrol();
    const admin = await server.signIn(['auditor']);
    await server.call(admin, 'terminals/announce', { body: { name: 'a', place: 'b' } });
    await server.call(fresh, 'terminals/confirm', { body: { number: 'x' } });
    await server.app.settled();
    const events = await server.database.query<{ reason: string; outcome: string; detail: object }>(
      `select reason, outcome, detail from event where kind = 'request.refused' and (person = $1 or terminal = $2)
       order by seq`,
      [admin.person, fresh.id],
    );
    const address = '127.0.0.1';
    assert.deepEqual(events, [
      {
        reason: 'role',
        outcome: 'serious',
        detail: { code: 'CONSOLE_ROLE_MISSING', call: 'terminals/announce', address },
      },
      { reason: 'shape', outcome: 'minor', detail: { code: 'REQUEST_INVALID', call: 'terminals/confirm', address } },
    ]);
  });

  test('writes few lines however often it is asked', async () => {
    const count = async () => {
      await server.app.settled();
      const counted = await server.database.query<{ count: number }>(
        "select count(*) from event where kind = 'request.refused'",
      );
      return counted[0]?.count ?? 0;
    };
    server.advance(61_000);
    const earlier = await count();
    for (let tries = 0; tries < 40; tries += 1) await server.call(server.anyone, 'terminals/renew');
    assert.equal((await count()) - earlier, 1);
    server.advance(11_000);
    await server.call(server.anyone, 'terminals/renew');
    await server.app.settled();
    const [last] = await server.database.query<{ detail: { leftOut: number } }>(
      "select detail from event where kind = 'request.refused' order by seq desc limit 1",
    );
    assert.equal(last?.detail.leftOut, 39);
  });

  test('goes on to write refusals when its clock is put back', async (t) => {
    server.advance(61_000);
    const count = async () => {
      await server.call(server.anyone, 'terminals/renew');
      await server.app.settled();
      return (await server.database.query("select 1 from event where kind = 'request.refused'")).length;
    };
    const before = await count();
    server.advance(-3_600_000);
    t.after(() => server.advance(3_600_000));
    assert.equal(await count(), before + 1);
  });

  test('counts an address by the connection, and rules about networks go by that, whoever is said to be behind it', async () => {
    const terminal = await server.enrol();
    const pretending = (address: string): TestSender => ({
      agent: terminal.agent,
      headers: { 'x-forwarded-for': address, forwarded: `for=${address}`, 'x-real-ip': address, via: `1.1 ${address}` },
    });
    const rule = (network: string) => [
      { name: 'not from here', when: { networks: [network] }, demand: { kind: 'refuse' as const } },
    ];
    const { evidence } = await makeClinician(server);
    const tap = (from: TestSender) =>
      server.call(from, 'attempts/begin', { body: { lock: crypto.randomUUID(), card: evidence } });
    await server.applyPolicy({ factors: rule('127.0.0.0/8') });
    assert.equal((await tap(pretending('203.0.113.9'))).code, 'CARD_REFUSED');
    await server.applyPolicy({ factors: rule('203.0.113.0/24') });
    assert.equal((await tap(pretending('203.0.113.9'))).status, 200);
    await server.applyPolicy({});
    server.advance(61_000);
    const { agent } = server.sender({ localAddress: '127.0.6.1' });
    const codes: (string | undefined)[] = [];
    for (let place = 1; place <= 12; place += 1) {
      const headers = { 'x-forwarded-for': `203.0.113.${place}`, 'x-real-ip': `203.0.113.${place}` };
      const body = { code: 'made up', request: 'x' };
      codes.push((await server.call({ agent, headers }, 'terminals/enrol', { body })).code);
    }
    assert.deepEqual(codes, [...Array(10).fill('ENROLMENT_REFUSED'), 'SERVER_BUSY', 'SERVER_BUSY']);
  });

  test('says what is wrong with a request and repeats nothing of it', async () => {
    const answered = await server.call(server.anyone, 'terminals/enrol', {
      body: { code: { canary: 'canary-5eed' }, request: 'x' },
    });
    assert.equal(answered.status, 400);
    assert.deepEqual(answered.body, {
      failure: { code: 'REQUEST_INVALID', problems: [{ path: 'body.code', rule: 'invalid_type' }] },
    });
    assert.ok(!server.logged().includes('canary-5eed'));
  });

  test('takes no bytes that are not UTF-8, nor reads them as something else', async () => {
    const admin = await server.signIn(['admin']);
    const add = async (...parts: (string | number[])[]) => {
      const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
      const answer = await server.send(admin, '/v1/people', { method: 'POST', body });
      return [answer.status, await answer.json()];
    };
    const refused = { failure: { code: 'REQUEST_INVALID', problems: [{ path: 'body', rule: 'json' }] } };
    // Bytes that never occur, an overlong slash, half a surrogate pair, what is beyond Unicode, a character that is cut.
    const wrong = [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe5, 0xb1]];
    for (const bytes of wrong) {
      const what = Buffer.from(bytes).toString('hex');
      assert.deepEqual(await add('{"number":"N-', bytes, '","name":"x"}'), [400, refused], what);
      assert.deepEqual(await add('{"number":"N-1","name":"x","', bytes, '":1}'), [400, refused], what);
      assert.deepEqual(await add(bytes, '{"number":"N-1","name":"x"}'), [400, refused], what);
    }
    const stored = await server.database.query(`select 1 from person where number like 'N-%'`);
    assert.deepEqual(stored, []);
    const [status] = await add([0xef, 0xbb, 0xbf], '{"number":"N-1","name":"山田 😀"}');
    assert.equal(status, 200, 'a byte order mark is left aside');
    const added = await server.database.query(`select number, name from person where number like 'N-%'`);
    assert.deepEqual(added, [{ number: 'N-1', name: '山田 😀' }]);
  });

  test('answers a broken database with a failure and not with its words', async (t) => {
    const breakDown = async (): Promise<never> => {
      throw new Error('password authentication failed for canary-pw');
    };
    const broken = [server.database, server.logins].map((lane) => t.mock.method(lane, 'query', breakDown));
    const answer = await server.call(server.anyone, 'server/health');
    assert.deepEqual([answer.status, answer.body], [500, { failure: { code: 'INTERNAL' } }]);
    const asked = await server.call(terminal, 'terminals/report', { body: {} });
    assert.deepEqual([asked.status, asked.body], [500, { failure: { code: 'INTERNAL' } }]);
    for (const { mock } of broken) assert.ok(mock.callCount() >= 1);
  });
});

describe('what is served besides', () => {
  test('pages come with strict headers and the API is never cached', async () => {
    const page = await server.send(server.anyone, '/console/');
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
    const health = await server.send(server.anyone, '/v1/health');
    assert.equal(health.headers.get('cache-control'), 'no-store');
    assert.equal(health.status, 200);
  });

  test('the description of the API names every call', async () => {
    const answer = await server.send(server.anyone, '/openapi.json');
    const { openapi, paths } = (await answer.json()) as { openapi: string; paths: Record<string, object> };
    assert.match(openapi, /^3\.1/);
    const named = Object.values(paths).flatMap((path) =>
      Object.values(path).map((operation) => (operation as { operationId: string }).operationId),
    );
    assert.deepEqual(named.sort(), Object.keys(api).sort());
  });

  test('metrics count calls by their result', async () => {
    await server.call(server.anyone, 'server/health');
    const text = await (await server.send(server.anyone, '/v1/metrics')).text();
    assert.match(text, /kazasu_calls_total\{call="server\/health",code="OK"\} [1-9]/);
    assert.match(text, /kazasu_calls_total\{call="terminals\/renew",code="TERMINAL_CERTIFICATE_MISSING"\} [1-9]/);
    assert.match(text, /kazasu_request_seconds_bucket/);
  });
});
