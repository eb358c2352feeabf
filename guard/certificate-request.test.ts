import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { createCertificateRequest } from './certificate-request.ts';
import { createPrivateKeyPem, keyOf } from './identity.ts';

test('another implementation reads the request, its name and its key, and its signature holds', () => {
  const key = keyOf(createPrivateKeyPem());
  const long = `terminal-${'x'.repeat(50)}`;
  for (const name of ['terminal', long]) {
    const request = createCertificateRequest(key, name);
    const read = spawnSync('openssl', ['req', '-verify', '-noout', '-subject', '-pubkey'], {
      input: request,
      encoding: 'utf8',
    });
    assert.equal(read.status, 0, read.stderr);
    assert.match(read.stdout, new RegExp(`CN ?= ?${name}\n`));
    const publicKey = /-----BEGIN PUBLIC KEY-----[\s\S]*-----END PUBLIC KEY-----/.exec(read.stdout)?.[0] ?? '';
    assert.ok(createPublicKey(publicKey).equals(createPublicKey(key)));
    assert.doesNotMatch(read.stderr, /fail/i);
    const changed = Buffer.from(request.split('\n').slice(1, -2).join(''), 'base64');
    changed.write('T', changed.indexOf('terminal'));
    const judged = spawnSync('openssl', ['req', '-inform', 'DER', '-verify', '-noout'], { input: changed });
    assert.match(judged.stderr.toString(), /fail/i);
  }
});
