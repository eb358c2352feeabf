import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findNamed } from './fold.ts';

const all = [
  { name: '3東-NS-1', place: '3階東病棟' },
  { name: '3東-NS-10', place: '3階東病棟' },
  { name: '外来-PC-1', place: 'がいらい' },
];
const found = (typed: string) => findNamed(all, typed).found.map(({ name }) => name);
const meant = (typed: string) => findNamed(all, typed).meant?.name;

test('is found by name and place, without regard to width, case, kind of kana and spaces', () => {
  assert.deepEqual(found(' '), ['3東-NS-1', '3東-NS-10', '外来-PC-1']);
  assert.deepEqual(found('３階 東'), ['3東-NS-1', '3東-NS-10']);
  assert.deepEqual(found('ガイライ'), ['外来-PC-1']);
  assert.deepEqual(found('ns-10'), ['3東-NS-10']);
  assert.deepEqual(found('nowhere'), []);
});

test('one is meant when it is the only one or is called just so', () => {
  assert.equal(meant(''), undefined);
  assert.equal(meant('3東'), undefined);
  assert.equal(meant('３東-ＮＳ-1'), '3東-NS-1');
  assert.equal(meant('pc'), '外来-PC-1');
  assert.equal(meant('nowhere'), undefined);
});
