import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { isVouchedFor } from './certificate.ts';

const day = 24 * 60 * 60 * 1000;
const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

describe('a certificate of the console server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-certificate-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string): string => join(folder, name);
  const openssl = (...given: string[]): void => void execFileSync('openssl', given, { stdio: 'pipe' });
  const read = (name: string): string => readFileSync(at(`${name}.pem`), 'utf8');

  const makeAuthority = (name: string): string => {
    openssl(
      'req',
      '-x509',
      ...curve,
      '-keyout',
      at(`${name}.key`),
      '-out',
      at(`${name}.pem`),
      '-subj',
      `/CN=${name}`,
      '-days',
      '3',
    );
    return read(name);
  };
  const issue = (name: string, by: string, extensions: string): string => {
    writeFileSync(at('extensions'), extensions);
    openssl('req', '-new', ...curve, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`), '-subj', `/CN=${name}`);
    openssl(
      'x509',
      '-req',
      '-in',
      at(`${name}.csr`),
      '-CA',
      at(`${by}.pem`),
      '-CAkey',
      at(`${by}.key`),
      '-out',
      at(`${name}.pem`),
      '-days',
      '2',
      '-extfile',
      at('extensions'),
    );
    return read(name);
  };

  const authority = makeAuthority('hospital');
  const stranger = makeAuthority('stranger');
  const leaf = issue(
    'leaf',
    'hospital',
    'subjectAltName=DNS:console.example,IP:192.0.2.7\nbasicConstraints=CA:FALSE\n',
  );
  const between = issue('between', 'hospital', 'basicConstraints=critical,CA:TRUE\n');
  const below = issue('below', 'between', 'subjectAltName=DNS:console.example\nbasicConstraints=CA:FALSE\n');
  const forged = issue('forged', 'leaf', 'subjectAltName=DNS:console.example\nbasicConstraints=CA:FALSE\n');

  // After the last was issued: none of them begins later than now.
  const now = Date.now();

  test('is taken for the names that it carries, directly or through one that the authority signed', () => {
    assert.ok(isVouchedFor({ data: leaf }, 'console.example', authority, now));
    assert.ok(isVouchedFor({ data: leaf }, '192.0.2.7', authority, now));
    assert.ok(isVouchedFor({ data: below, issuerCert: { data: between } }, 'console.example', authority, now));
  });

  test('is refused for another host, also for the name of its subject', () => {
    for (const host of ['other.example', 'x.console.example', 'leaf', '192.0.2.8', '']) {
      assert.ok(!isVouchedFor({ data: leaf }, host, authority, now), host);
    }
  });

  test('is refused before and after its time, and after that of its authority', () => {
    assert.ok(!isVouchedFor({ data: leaf }, 'console.example', authority, now - day));
    assert.ok(!isVouchedFor({ data: leaf }, 'console.example', authority, now + 2 * day + 60_000));
    assert.ok(!isVouchedFor({ data: leaf }, 'console.example', authority, now + 4 * day));
  });

  test('is taken under any of several authorities, and refused without one', () => {
    assert.ok(isVouchedFor({ data: leaf }, 'console.example', `${stranger}\n${authority}\n`, now));
    assert.ok(isVouchedFor({ data: leaf }, 'console.example', authority + stranger, now));
    assert.ok(!isVouchedFor({ data: leaf }, 'console.example', stranger + stranger, now));
    assert.ok(!isVouchedFor({ data: leaf }, 'console.example', '', now));
  });

  test('is refused under another authority, whatever chain is shown', () => {
    assert.ok(!isVouchedFor({ data: leaf }, 'console.example', stranger, now));
    assert.ok(!isVouchedFor({ data: leaf, issuerCert: { data: stranger } }, 'console.example', stranger, now));
    assert.ok(!isVouchedFor({ data: below }, 'console.example', authority, now));
  });

  test('is refused when one that is no authority signed it', () => {
    assert.ok(!isVouchedFor({ data: forged, issuerCert: { data: leaf } }, 'console.example', authority, now));
    assert.ok(!isVouchedFor({ data: forged, issuerCert: { data: leaf } }, 'console.example', leaf, now));
  });

  test('is refused when it is no certificate, or an authority itself', () => {
    assert.ok(!isVouchedFor({ data: 'nonsense' }, 'console.example', authority, now));
    assert.ok(!isVouchedFor({ data: leaf }, 'console.example', 'nonsense', now));
    assert.ok(!isVouchedFor({ data: authority }, 'hospital', authority, now));
  });
});
