import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { failures } from '#contract/errors.ts';
import { startTestServer, type TestConsole, type TestServer } from './testing.ts';
import { connectDirectory } from './testing-directory.ts';

let server: TestServer;
let clerk: TestConsole;
let other: TestConsole;
before(async () => {
  server = await startTestServer();
  [clerk, other] = [await server.signIn(['helpdesk']), await server.signIn(['admin'])];
});
after(() => server.close());

/** Everything that comes for these bytes until the server ends the connection. */
const send = (bytes: string, { thenCut = false } = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    let heard = '';
    const options = { host: '127.0.0.1', port: server.port, servername: 'localhost', ca: server.authority.certificate };
    const socket = connect(options, () => {
      socket.write(bytes, () => {
        if (thenCut) socket.destroy();
      });
    });
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
    });
    socket.once('close', () => resolve(heard));
    socket.once('error', reject);
  });
const statuses = (heard: string): string[] =>
  [...heard.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => `${status}`);
const headersOf = ({ headers }: TestConsole, without: readonly string[] = []): string =>
  Object.entries(headers)
    .filter(([name]) => !without.includes(name))
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
const me = (who: TestConsole, last = false): string =>
  `GET /v1/console/me HTTP/1.1\r\nhost: localhost\r\n${headersOf(who)}${last ? 'connection: close\r\n' : ''}\r\n`;
const added = async (): Promise<number> =>
  (await server.database.query(`select 1 from person where number like 'smuggled%'`)).length;
const refusal = async (why: string) => {
  await server.app.settled();
  const [row] = await server.database.query<{ detail: { code: string; address: string } }>(
    `select detail from event where kind = 'request.refused' and reason = $1 order by seq desc limit 1`,
    [why],
  );
  return row?.detail;
};

const body = '{"number":"smuggled","name":"x"}';
const post = (framing: string, rest: string, start = 'POST /v1/people HTTP/1.1'): string =>
  `${start}\r\nhost: localhost\r\n${headersOf(clerk)}content-type: application/json\r\n${framing}\r\n\r\n${rest}`;

describe('a request that two readers could read in two ways', () => {
  const length = body.length;
  const twisted: Record<string, string> = {
    'a length and chunks': post(`content-length: ${length}\r\ntransfer-encoding: chunked`, '0\r\n\r\n'),
    'two lengths': post(`content-length: ${length}\r\ncontent-length: 0`, body),
    'one length twice': post(`content-length: ${length}\r\ncontent-length: ${length}`, body),
    'a list of lengths': post(`content-length: ${length}, ${length}`, body),
    'a length with a sign': post(`content-length: +${length}`, body),
    'a length in hexadecimal': post(`content-length: 0x${length.toString(16)}`, body),
    'a length beyond all numbers': post('content-length: 99999999999999999999', body),
    'an unknown encoding': post('transfer-encoding: xchunked', '0\r\n\r\n'),
    'chunks that are not the last encoding': post('transfer-encoding: chunked, identity', '0\r\n\r\n'),
    'a space before a colon': post('transfer-encoding : chunked', '0\r\n\r\n'),
    'a folded header': post(`x-a: b\r\n content-length: 0\r\ncontent-length: ${length}`, body),
    'lines without a carriage return': me(clerk).replaceAll('\r\n', '\n'),
    'a carriage return in a header': post(`x-a: a\rcookie: b\r\ncontent-length: ${length}`, body),
    'a NUL in a header': post(`x-a: a\0b\r\ncontent-length: ${length}`, body),
    'a chunk beyond all numbers': post('transfer-encoding: chunked', `${'F'.repeat(17)}\r\n`),
    'a chunk that is longer than it says': post('transfer-encoding: chunked', `1\r\n${body}\r\n0\r\n\r\n`),
    'another protocol': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'a method in small letters': me(clerk).replace('GET', 'get'),
    'headers without end': `GET /v1/health HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`,
  };

  it('is refused as every request is, and nothing that stands behind it is heard', async () => {
    for (const [what, request] of Object.entries(twisted)) {
      const heard = await send(`${request}${me(other, true)}`);
      const code = what === 'headers without end' ? 'REQUEST_TOO_LARGE' : 'REQUEST_INVALID';
      assert.deepEqual(statuses(heard), [String(failures[code].status)], `${what}: ${heard}`);
      assert.deepEqual(JSON.parse(heard.split('\r\n\r\n')[1] ?? ''), { failure: { code } }, what);
      assert.match(heard, /connection: close/i, what);
    }
    assert.equal(await added(), 0);
    assert.equal((await refusal('protocol'))?.address, '127.0.0.1');
  });

  it('is refused where it says twice of whom it asks, who asks or what it brings', async () => {
    const directory = await connectDirectory(server);
    const token = `authorization: Bearer ${directory.token}\r\n`;
    const scim = 'GET /scim/v2/Users HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n';
    const [one, two] = [clerk.headers['cookie'], other.headers['cookie']];
    const ask = 'GET /v1/console/me HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n';
    const framing = `content-length: ${body.length}\r\nconnection: close`;
    const twice: Record<string, string> = {
      'two cookies, of which one has a space': `${ask}cookie: ${one?.replace('=', ' =')}; ${two}\r\n\r\n`,
      'two cookies': `${ask}cookie: ${one}; ${two}\r\n\r\n`,
      'two headers with a cookie': `${ask}cookie: ${one}\r\ncookie: ${two}\r\n\r\n`,
      'two tokens': `${scim}${token}authorization: Bearer other\r\n\r\n`,
      'two hosts': `${ask}host: evil.example\r\ncookie: ${one}\r\n\r\n`,
      'two types': post(`content-type: text/plain\r\n${framing}`, body),
    };
    for (const [what, request] of Object.entries(twice)) {
      const heard = await send(request);
      assert.deepEqual(statuses(heard), ['400'], `${what}: ${heard}`);
      assert.match(heard, /REQUEST_INVALID/, what);
    }
    assert.equal((await refusal('said-twice'))?.code, 'REQUEST_INVALID');
    assert.equal(await added(), 0);
    const plain = [`${ask}cookie: a=b; ${one}; c=d\r\n\r\n`, `${scim}${token}\r\n`];
    for (const request of plain) assert.deepEqual(statuses(await send(request)), ['200'], request);
  });
});

describe('requests on one connection', () => {
  it('are each of whom they say, and one without a word is of nobody', async () => {
    const nobody = 'GET /v1/console/me HTTP/1.1\r\nhost: localhost\r\n\r\n';
    const heard = await send(
      `${me(clerk)}${nobody}${me(other)}${nobody.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')}`,
    );
    assert.deepEqual(statuses(heard), ['200', '401', '200', '401']);
    assert.ok(heard.indexOf(clerk.person) < heard.indexOf(other.person));
  });

  it('that stop in the middle of a body are nobody’s bug', async () => {
    server.takeLogged();
    const half = post(`content-length: ${body.length + 10}`, body);
    const chunked = post('transfer-encoding: chunked', `${body.length.toString(16)}\r\n${body}\r\n`);
    const seen = async () => (await server.send(server.anyone, '/v1/metrics')).text();
    const counted = async () =>
      Number(/kazasu_calls_total\{call="people\/add",code="REQUEST_INVALID"\} (\d+)/.exec(await seen())?.[1] ?? 0);
    for (const cut of [half, chunked]) {
      const before = await counted();
      const since = performance.now();
      // One that is gone before the server has looked at it is not counted at all.
      while ((await counted()) === before) {
        assert.ok(performance.now() - since < 20_000, await seen());
        await send(cut, { thenCut: true });
      }
    }
    assert.doesNotMatch(await seen(), /call="people\/add",code="INTERNAL"/);
    assert.doesNotMatch(server.logged(), /"level":(50|60)/);
    assert.equal(await added(), 0);
  });
});
