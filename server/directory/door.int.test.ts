import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { FastifyRequest } from 'fastify';
import { api, type RouteName } from '#contract/api/index.ts';
import { type Row, roles } from '#contract/api/row.ts';
import { scimUrns } from '#contract/api/scim.ts';
import { failures } from '#contract/errors.ts';
import { bodyLimitOf } from '../guard.ts';
import { startTestServer, type TestSender, type TestServer } from '../testing.ts';
import { connectDirectory, type TestDirectory } from '../testing-directory.ts';
import { createDirectoryDoor } from './door.ts';

let server: TestServer;
let directory: TestDirectory;
before(async () => {
  server = await startTestServer();
  directory = await connectDirectory(server);
});
after(() => server.close());

const rows = (Object.entries(api) as [RouteName, Row][]).filter(([, { sender }]) => sender === 'directory');
const fill = ({ path }: Row): string => path.replaceAll(/:[a-z]+/g, () => randomUUID());
const ask = async (from: TestSender, row: Row, options: { body?: unknown; path?: string; headers?: object } = {}) => {
  const answer = await server.send(from, options.path ?? fill(row), {
    method: row.method,
    ...(row.body === undefined ? {} : { body: options.body ?? {} }),
    headers: { ...(row.body === undefined ? {} : { 'content-type': 'application/scim+json' }), ...options.headers },
  });
  const text = await answer.text();
  const body = (text === '' ? {} : JSON.parse(text)) as { schemas?: string[]; detail?: string; status?: string };
  return { status: answer.status, code: body.detail?.split(':')[0], headers: answer.headers, body };
};
const bearer = (token: string): TestSender => ({
  agent: server.anyone.agent,
  headers: { authorization: `Bearer ${token}` },
});
/** Who was refused often has to wait; a test has not. */
const forget = (): void => server.advance(61_000);

describe('every call of a directory', () => {
  for (const [name, row] of rows) {
    it(`${name} refuses nobody, a terminal, every role of the console, and a made-up token`, async () => {
      forget();
      const terminal = await server.enrol();
      const made = `kzd_${randomUUID().replaceAll('-', '')}_${randomBytes(32).toString('base64url')}`;
      const wrongSecret = directory.token.slice(0, -43) + randomBytes(32).toString('base64url');
      const senders: TestSender[] = [
        { agent: server.anyone.agent, headers: {} },
        terminal,
        bearer(made),
        bearer(wrongSecret),
        bearer(`${directory.token}x`),
        { agent: server.anyone.agent, headers: { authorization: `Basic ${directory.token}` } },
      ];
      for (const role of roles) senders.push(await server.signIn([role]));
      for (const from of senders) {
        const { status, code, headers, body } = await ask(from, row);
        assert.deepEqual([status, code], [401, 'DIRECTORY_TOKEN_REFUSED']);
        assert.match(headers.get('www-authenticate') ?? '', /^Bearer/);
        assert.deepEqual([body.schemas, body.status], [[scimUrns.error], '401']);
      }
    });
  }
  for (const [name, row] of rows.filter(([, { body }]) => body !== undefined)) {
    it(`${name} refuses bodies of another shape, type or size`, async () => {
      const bodies = [
        '',
        'null',
        '[]',
        '"x"',
        '1',
        '{',
        '{"__proto__":{"a":1}}',
        '{"constructor":{"prototype":{}}}',
        '{}',
      ];
      for (const body of bodies) {
        const { status, code } = await ask(directory, row, { body });
        assert.deepEqual([status, code], [400, 'REQUEST_INVALID'], body);
      }
      const html = await ask(directory, row, { headers: { 'content-type': 'text/html' } });
      assert.deepEqual([html.status, html.code], [400, 'REQUEST_INVALID']);
      const huge = JSON.stringify({ huge: 'x'.repeat(bodyLimitOf(name)) });
      const { status, code } = await ask(directory, row, { body: huge });
      assert.deepEqual([status, code], [413, 'REQUEST_TOO_LARGE']);
    });
  }
  for (const [name, row] of rows) {
    it(`${name} refuses a query that it does not know`, async () => {
      const { user, group, patch, search } = scimUrns;
      const body = { schemas: [user, group, patch, search], Operations: [{ op: 'add', value: {} }] };
      const { status, code } = await ask(directory, row, { path: `${fill(row)}?isAdmin=true`, body });
      assert.deepEqual([status, code], [400, 'REQUEST_INVALID']);
    });
  }
});

describe('the token of a directory', () => {
  it('is shown once, stored as a hash, and written nowhere', async () => {
    const listed = await server.call(directory.admin, 'directory-clients/list');
    assert.ok(!JSON.stringify(listed.body).includes(directory.token));
    await directory.send('GET', '/Users?count=0');
    const secret = directory.token.slice(-43);
    const tables = await server.database.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'public'",
    );
    for (const { name } of tables) {
      const dumped = JSON.stringify(await server.database.query(`select t::text from ${name} t`));
      assert.ok(!dumped.includes(secret), name);
    }
    assert.ok(!server.logged().includes(secret));
  });

  it('is worth nothing once it is revoked or has ended, and the log names the directory', async () => {
    forget();
    const other = await connectDirectory(server);
    assert.equal((await other.send('GET', '/Users?count=0')).status, 200);
    const revoke = () =>
      server.call(other.admin, 'directory-clients/revoke', {
        params: { client: other.client },
        body: { reason: 'a test' },
      });
    assert.equal((await revoke()).status, 200);
    assert.equal((await revoke()).code, 'DIRECTORY_CLIENT_UNKNOWN');
    assert.equal((await other.send('GET', '/Users?count=0')).status, 401);
    await server.app.settled();
    const [refused] = await server.database.query<{ reason: string; detail: { directory: string } }>(
      "select reason, detail from event where kind = 'request.refused' order by seq desc limit 1",
    );
    assert.deepEqual([refused?.reason, refused?.detail.directory], ['token-revoked', other.name]);
    const ending = await connectDirectory(server);
    await server.database.query('update directory_client set expires_at = $2 where id = $1', [
      ending.client,
      server.now(),
    ]);
    assert.equal((await ending.send('GET', '/Users?count=0')).status, 401);
    const { clients } = (await server.call(directory.admin, 'directory-clients/list')).body as {
      clients: { id: string; state: string; lastUsedAt: string | null }[];
    };
    const stateOf = (id: string) => clients.find((one) => one.id === id)?.state;
    assert.deepEqual([stateOf(other.client), stateOf(ending.client)], ['revoked', 'expired']);
    assert.notEqual(clients.find((one) => one.id === directory.client)?.lastUsedAt, null);
  });

  it('is refused beside a cookie, and the console refuses a cookie beside a token', async () => {
    forget();
    const { cookie = '' } = directory.admin.headers;
    const both = await directory.send('GET', '/Users', undefined, { cookie });
    assert.equal(both.code, 'DIRECTORY_TOKEN_REFUSED');
    await server.app.settled();
    const [scim] = await server.database.query<{ reason: string; person: string | null }>(
      "select reason, person from event where kind = 'request.refused' order by seq desc limit 1",
    );
    assert.deepEqual([scim?.reason, scim?.person], ['two-identities', null]);
    const headers = { ...directory.admin.headers, authorization: `Bearer ${directory.token}` };
    const reverse = await server.call({ agent: directory.agent, headers }, 'people/list');
    assert.equal(reverse.code, 'CONSOLE_FORGED');
  });

  it('is made by an admin alone, under a name of its own', async () => {
    const desk = await server.signIn(['helpdesk', 'auditor', 'operator']);
    const add = (by: TestSender, name: string) => server.call(by, 'directory-clients/add', { body: { name } });
    assert.equal((await add(desk, 'x')).code, 'CONSOLE_ROLE_MISSING');
    assert.equal((await add(directory.admin, directory.name.toUpperCase())).code, 'DIRECTORY_NAME_TAKEN');
  });

  it('takes a second admin where roles do and a directory may give some', async () => {
    const [admin, other] = await Promise.all([server.signIn(['admin']), server.signIn(['admin'])]);
    const add = (name: string) => server.call(admin, 'directory-clients/add', { body: { name } });
    await server.applyPolicy({ fourEyes: ['roles'] });
    const asked = await add('four eyes');
    assert.equal(asked.code, 'APPROVAL_NEEDED');
    const { approval } = (asked.body as { failure: { approval: string } }).failure;
    const body = { approve: true, reason: 'agreed' };
    assert.equal((await server.call(other, 'approvals/decide', { params: { approval }, body })).status, 200);
    assert.equal((await add('another')).code, 'APPROVAL_NEEDED');
    assert.equal((await add('four eyes')).status, 200);
    await server.applyPolicy({ fourEyes: ['roles'], directory: { roles: ['clinician'] } });
    assert.equal((await add('gives nobody a role')).status, 200);
    await server.applyPolicy({});
  });
});

describe('a flood', () => {
  it('of wrong tokens makes its address wait', async () => {
    forget();
    const wrong = bearer('x');
    const [, row] = rows[0] ?? assert.fail();
    for (let tries = 0; tries < 60; tries += 1) assert.equal((await ask(wrong, row)).status, 401);
    const waiting = await ask(wrong, row);
    assert.deepEqual([waiting.status, waiting.code], [failures.DIRECTORY_TOO_OFTEN.status, 'DIRECTORY_TOO_OFTEN']);
    assert.equal(waiting.headers.get('retry-after'), '60');
    forget();
    assert.equal((await ask(wrong, row)).status, 401);
  });

  it('of one directory makes it wait, and no other', async () => {
    const busy = await connectDirectory(server);
    const at = server.now();
    // At one moment, however long it takes: without the way through the network.
    const door = createDirectoryDoor({ database: server.database, now: () => at });
    const knock = async ({ token }: TestDirectory): Promise<string> => {
      const request = { headers: { authorization: `Bearer ${token}` }, ip: '127.0.0.1' } as FastifyRequest;
      const found = await door(request);
      return 'code' in found ? found.code : found.sender.name;
    };
    const answers: string[] = [];
    for (let round = 0; round < 31; round += 1) {
      answers.push(...(await Promise.all(Array.from({ length: 100 }, () => knock(busy)))));
    }
    const groups = [...Map.groupBy(answers, (one) => one)];
    const counted = Object.fromEntries(groups.map(([one, all]) => [one, all.length]));
    assert.deepEqual(counted, { [busy.name]: 3000, DIRECTORY_TOO_OFTEN: 100 });
    assert.equal(await knock(directory), directory.name);
  });
});
