import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOwnPage, isWithin } from './address.ts';

test('own pages are told by protocol and host', () => {
  for (const own of ['app://ui/lock', 'app://ui/main.js', 'app://ui/../lock']) assert.ok(isOwnPage(own), own);
  for (const other of ['app://ui.evil/lock', 'app://evil/ui', 'https://ui/lock', 'file:///ui', 'ui', '', 'app:ui']) {
    assert.ok(!isOwnPage(other), other);
  }
});

test('the console stays within its origin', () => {
  const origin = 'https://server.example:8443';
  for (const inside of [`${origin}/console/`, `${origin}/v1/x?y`]) assert.ok(isWithin(inside, origin), inside);
  for (const outside of [
    'https://server.example/',
    'http://server.example:8443/',
    `${origin}.evil/`,
    'https://server.example:8443@evil/',
    'app://ui/lock',
    'about:blank',
    '',
  ]) {
    assert.ok(!isWithin(outside, origin), outside);
  }
});
