import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { run } from '#setup/run.ts';
import { createScreenWorld, type ScreenWorld } from './screen-world.ts';

const open = {
  picture: {
    kind: 'open',
    greet: '佐藤 花子',
    number: 'N-1',
    endsAt: Date.now() + 3_600_000,
    mayOpenConsole: true,
  },
};
const ticket = 'a-ticket-that-signs-in-once';
const cookie = '__Host-kazasu=secret-of-the-window';

/** An authority with certificates of every kind that a console window must tell apart. */
const createAuthority = async (folder: string, name: string) => {
  const at = (file: string): string => join(folder, `${name}-${file}`);
  const openssl = async (...given: string[]): Promise<void> => {
    const ended = await run('openssl', given);
    assert.ok(ended.ok, ended.error);
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
    '-subj',
    `/CN=${name}`,
    '-days',
    '2',
    '-addext',
    'keyUsage=critical,keyCertSign',
  );
  return {
    certificate: readFileSync(at('ca.pem'), 'utf8'),
    issue: async (kind: string, names: string, days: string): Promise<{ key: string; cert: string }> => {
      writeFileSync(at('extensions'), `subjectAltName=${names}\nbasicConstraints=CA:FALSE\n`);
      await openssl(
        'req',
        '-new',
        ...key,
        '-keyout',
        at(`${kind}.key`),
        '-out',
        at(`${kind}.csr`),
        '-subj',
        '/CN=console',
      );
      await openssl(
        'x509',
        '-req',
        '-in',
        at(`${kind}.csr`),
        '-CA',
        at('ca.pem'),
        '-CAkey',
        at('ca.key'),
        '-out',
        at(`${kind}.pem`),
        '-days',
        days,
        '-extfile',
        at('extensions'),
      );
      return { key: readFileSync(at(`${kind}.key`), 'utf8'), cert: readFileSync(at(`${kind}.pem`), 'utf8') };
    },
  };
};

describe('the console window', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-console-'));
  const servers: Server[] = [];
  const asked: { path: string; method: string; cookie: string | undefined; body: string }[] = [];
  let world: ScreenWorld;
  let authority: Awaited<ReturnType<typeof createAuthority>>;
  let release: () => void;

  const serve = async (identity: { key: string; cert: string }): Promise<string> => {
    const server = createServer({ ...identity, requestCert: true, rejectUnauthorized: false }, (request, answer) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        asked.push({ path: request.url ?? '', method: request.method ?? '', cookie: request.headers.cookie, body });
        if (request.url === '/v1/console/enter') {
          const good = (JSON.parse(body) as { ticket: string }).ticket === ticket;
          answer.writeHead(good ? 200 : 403, {
            'content-type': 'application/json',
            ...(good ? { 'set-cookie': `${cookie}; Path=/; Secure; HttpOnly; SameSite=Strict` } : {}),
          });
          return void answer.end('{}');
        }
        answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
        answer.end(`<title>console</title><p>${request.headers.cookie === cookie ? 'signed in' : 'signed out'}</p>`);
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `https://localhost:${(server.address() as AddressInfo).port}`;
  };
  const ask = (origin: string, change: object = {}): void =>
    world.guard.send({ kind: 'open-console', origin, ticket, authority: authority.certificate, ...change });
  /** Opens a console and gives what became of it: its page, or nothing when it was refused. */
  const become = async (origin: string, change: object = {}): Promise<Page | null> => {
    const created = world.electron.waitForEvent('window');
    ask(origin, change);
    const page = await created;
    const closed = page.waitForEvent('close').then(() => null);
    const loaded = page.waitForSelector('p').then(() => page);
    return Promise.race([loaded, closed]);
  };

  before(async () => {
    authority = await createAuthority(folder, 'hospital');
    world = await createScreenWorld({ windowManager: true });
    await world.page('badge');
    world.guard.cover();
    release = world.guard.keepOpen();
    await world.painted(open, 'badge');
  });
  after(async () => {
    release?.();
    await world?.stop();
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('signs in by the ticket, which no address ever holds, and is alone in its partition', async () => {
    const origin = await serve(await authority.issue('good', 'DNS:localhost', '1'));
    const page = await become(origin);
    assert.equal(await page?.innerText('p'), 'signed in');
    assert.deepEqual(asked[0], {
      path: '/v1/console/enter',
      method: 'POST',
      cookie: undefined,
      body: JSON.stringify({ ticket }),
    });
    assert.ok(asked.every(({ path }) => !path.includes(ticket)));
    const inside = await page?.evaluate(() => ({
      kazasu: 'kazasu' in window,
      require: 'require' in window,
      cookie: document.cookie,
    }));
    assert.deepEqual(inside, { kazasu: false, require: false, cookie: '' });
  });

  test('nothing of it, nor of the screen itself, has a place on the disk', async () => {
    const origin = await serve(await authority.issue('disk', 'DNS:localhost', '1'));
    assert.ok(await become(origin));
    const places = await world.electron.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map(({ webContents }) => [
        new URL(webContents.getURL()).protocol,
        webContents.session.storagePath,
      ]),
    );
    assert.deepEqual(new Set(places.map(([protocol]) => protocol)), new Set(['app:', 'https:']));
    for (const [protocol, path] of places) assert.equal(path, null, String(protocol));
  });

  test('stays at its origin and opens nothing', async () => {
    const origin = await serve(await authority.issue('stay', 'DNS:localhost', '1'));
    const other = await serve(await authority.issue('other', 'DNS:localhost', '1'));
    const page = await become(origin);
    assert.ok(page);
    const from = asked.length;
    await page.evaluate((elsewhere) => {
      window.open(`${elsewhere}/opened`);
      const frame = document.createElement('iframe');
      frame.src = `${elsewhere}/framed`;
      document.body.append(frame);
      void fetch(`${elsewhere}/fetched`).catch(() => undefined);
      location.assign(`${elsewhere}/moved`);
    }, other);
    await page.evaluate(() => fetch('/inside').then(() => undefined));
    assert.deepEqual(
      asked.slice(from).map(({ path }) => path),
      ['/inside'],
    );
    assert.equal(new URL(page.url()).origin, origin);
  });

  for (const [what, names, days, own] of [
    ['of another authority', 'DNS:localhost', '1', false],
    ['for another host', 'DNS:elsewhere.example', '1', true],
    ['with the host in its subject alone', 'DNS:console', '1', true],
    ['that has run out', 'DNS:localhost', '-1', true],
  ] as const) {
    test(`refuses a certificate ${what}`, async () => {
      const from = asked.length;
      const issuer = own ? authority : await createAuthority(folder, 'stranger');
      const origin = await serve(await issuer.issue(`bad-${servers.length}`, names, days));
      assert.equal(await become(origin), null);
      assert.deepEqual(asked.slice(from), []);
    });
  }

  test('shows nothing when the server refuses the ticket', async () => {
    const origin = await serve(await authority.issue('late', 'DNS:localhost', '1'));
    assert.equal(await become(origin, { ticket: 'used' }), null);
  });

  test('closes when told, and with the lease', async () => {
    const origin = await serve(await authority.issue('closing', 'DNS:localhost', '1'));
    const first = await become(origin);
    assert.ok(first);
    const closed = first.waitForEvent('close');
    world.guard.send({ kind: 'close-console' });
    await closed;
    const second = await become(origin);
    assert.ok(second);
    const gone = second.waitForEvent('close');
    release();
    world.guard.cover();
    await gone;
    const from = world.guard.received.length;
    ask(origin);
    world.guard.send({ kind: 'ping', id: 9 });
    await world.guard.waitFor((line) => line.kind === 'pong', { from });
    assert.equal(await world.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length), 2);
  });
});
