import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCookie } from './console-entry.ts';

test('takes the cookie of this host alone, and nothing else of its line', () => {
  const cookie = { name: '__Host-kazasu', value: 'abc.DEF-1' };
  assert.deepEqual(parseCookie('__Host-kazasu=abc.DEF-1; Path=/; Secure; HttpOnly; SameSite=Strict'), cookie);
  assert.equal(parseCookie('kazasu=abc; Path=/'), undefined);
  assert.equal(parseCookie('__Host-kazasu=; Path=/'), undefined);
  assert.equal(parseCookie(''), undefined);
});
