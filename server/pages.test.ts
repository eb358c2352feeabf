import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fastify, { type FastifyInstance } from 'fastify';
import { pageHeaders, registerPages } from './pages.ts';

const folder = mkdtempSync(join(tmpdir(), 'kazasu-pages-'));
let app: FastifyInstance;
before(async () => {
  mkdirSync(join(folder, 'console'));
  writeFileSync(join(folder, 'console/index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'console/main.js'), 'export {};');
  writeFileSync(join(folder, 'console/main-NBM4YX6Q.js'), 'export {};');
  writeFileSync(join(folder, 'console/main-NBM4YX6Q.js.br'), 'packed');
  writeFileSync(join(folder, 'console/.hidden'), 'hidden');
  writeFileSync(join(folder, 'keys.json'), 'secret');
  app = fastify();
  registerPages(app, join(folder, 'console'));
  await app.ready();
});
after(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

test('the page is never kept by a browser; of its parts those are that another build names otherwise', async () => {
  const page = await app.inject('/console/');
  assert.deepEqual([page.statusCode, page.headers['cache-control']], [200, 'no-store']);
  const script = await app.inject('/console/main.js');
  assert.deepEqual([script.statusCode, script.headers['cache-control']], [200, 'no-cache']);
  for (const packed of [{}, { 'accept-encoding': 'br' }]) {
    const named = await app.inject({ path: '/console/main-NBM4YX6Q.js', headers: packed });
    assert.deepEqual([named.statusCode, named.headers['cache-control']], [200, 'max-age=31536000, immutable']);
  }
  const missing = await app.inject('/console/main-AAAAAAAA.js');
  assert.deepEqual([missing.statusCode, missing.headers['cache-control']], [404, undefined]);
});

test('every answer carries the strict headers, also one that finds nothing', async () => {
  for (const path of ['/console/', '/console/main.js', '/console/nothing', '/nothing', '/']) {
    const { headers } = await app.inject(path);
    for (const [name, value] of Object.entries(pageHeaders)) assert.equal(headers[name], value, `${path} ${name}`);
  }
});

test('the front door leads to the console', async () => {
  for (const path of ['/', '/console']) {
    const answer = await app.inject(path);
    assert.deepEqual([answer.statusCode, answer.headers.location], [302, '/console/']);
  }
});

test('nothing beside the console is served', async () => {
  const paths = [
    '../keys.json',
    '%2e%2e/keys.json',
    '..%2fkeys.json',
    '..%5ckeys.json',
    '.hidden',
    '%00',
    'a/../../keys.json',
  ];
  for (const path of paths) {
    const answer = await app.inject(`/console/${path}`);
    assert.ok(answer.statusCode >= 400, `${path}: ${answer.statusCode}`);
    assert.ok(!answer.body.includes('secret') && !answer.body.includes('hidden'), path);
  }
});

test('a browser is held to HTTPS for a hospital’s name and not for localhost', async () => {
  const ask = async (host: string) => (await app.inject({ path: '/console/', headers: { host } })).headers;
  assert.match(String((await ask('kazasu.hospital.example'))['strict-transport-security']), /max-age=\d+/);
  assert.equal((await ask('localhost:8443'))['strict-transport-security'], undefined);
});
