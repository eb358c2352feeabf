import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import type { FailureCode } from '#contract/errors.ts';
import { fail, succeed } from '#contract/errors.ts';
import type { Http } from './http.ts';
import { createPrivateKeyPem, type Identity, renewalAt } from './identity.ts';
import { createLog } from './log.ts';
import { type Renewal, startRenewal } from './renewal.ts';
import { certify, startTestServer, type TestServer } from './test-server.ts';

const log = createLog({ level: 'error', now: () => new Date(), write: () => undefined });
let server: TestServer;
let identity: Identity;
/** What the server answers, oldest first; an admission of before when there is none. */
let answers: FailureCode[] = [];
let requests: string[] = [];
let refusals: FailureCode[] = [];
let ahead = 0;
let renewal: Renewal;
let changed = Promise.withResolvers<void>();
const until = async (holds: () => boolean) => {
  while (!holds()) await changed.promise;
};
const tell = () => {
  changed.resolve();
  changed = Promise.withResolvers();
};

beforeEach(async () => {
  server = await startTestServer();
  identity = server.identity;
  [answers, requests, refusals, ahead] = [[], [], [], 0];
});
afterEach(async () => {
  await renewal.stop();
  await server.stop();
});

const call = (async (_name: string, { body }: { body: { request: string } }) => {
  requests.push(body.request);
  const refused = answers.shift();
  const { privateKey: _, ...admission } = identity;
  const reply = refused === undefined ? succeed(admission) : fail(refused);
  setImmediate(tell);
  return reply;
}) as unknown as Http['call'];

const start = (): Renewal =>
  startRenewal({
    call,
    identity: () => identity,
    onRenewed: (next) => {
      identity = next;
      tell();
    },
    onRefused: (code) => void refusals.push(code),
    vault: {
      save: async (admitted, privateKey) =>
        succeed({ ...admitted, certificate: certify(privateKey), authority: server.foreignAuthority, privateKey }),
    },
    serverNow: () => Date.now() + ahead,
    log,
    random: () => 0,
  });

/** The public key that a request asks a certificate for; openssl says that it is signed by it. */
const keyIn = (request: string): string =>
  execFileSync('openssl', ['req', '-verify', '-noout', '-pubkey'], { input: request, encoding: 'utf8', stdio: 'pipe' });
const keyOfCertificate = (certificate: string): string =>
  new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'pem' }).toString();

test('a young certificate is left alone, an old one is renewed for a new key', async () => {
  const { certificate } = identity;
  renewal = start();
  await new Promise(setImmediate);
  assert.equal(requests.length, 0);
  ahead = renewalAt(certificate, 0) - Date.now() + 1;
  renewal.spread(0);
  await until(() => identity.certificate !== certificate);
  const [request = ''] = requests;
  assert.equal(keyIn(request), keyOfCertificate(identity.certificate));
  assert.notEqual(keyIn(request), keyOfCertificate(certificate));
});

test('a certificate that the server takes no more is asked about at once, and again when it says so again', async () => {
  answers = ['SERVER_UNREACHABLE', 'TERMINAL_REVOKED'];
  const { certificate } = identity;
  renewal = start();
  renewal.lapsed();
  await until(() => refusals.length === 1);
  renewal.lapsed();
  await until(() => refusals.length === 2);
  assert.deepEqual(refusals, ['SERVER_UNREACHABLE', 'TERMINAL_REVOKED']);
  renewal.lapsed();
  await until(() => identity.certificate !== certificate);
  const keys = requests.map(keyIn);
  assert.equal(new Set(keys).size, 3, 'each try has a key of its own');
});

test('when another authority signs, the certificate is renewed under it', async () => {
  renewal = start();
  await new Promise(setImmediate);
  assert.equal(requests.length, 0);
  identity = { ...identity, authority: server.foreignAuthority + identity.authority };
  renewal.spread(0);
  await until(() => requests.length > 0);
});

test('a terminal that is nobody asks nothing', async () => {
  const { privateKey: _, ...rest } = identity;
  identity = { ...rest, privateKey: createPrivateKeyPem() };
  renewal = startRenewal({
    call,
    identity: () => null,
    onRenewed: () => undefined,
    onRefused: () => undefined,
    vault: { save: async () => fail('INTERNAL') },
    serverNow: () => Number.POSITIVE_INFINITY,
    log,
  });
  renewal.lapsed();
  await new Promise(setImmediate);
  assert.equal(requests.length, 0);
});
