import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf } from './keyboard.ts';

const pressed = (key: string, change: object = {}): KeyboardEvent =>
  ({ key, code: '', ctrlKey: false, altKey: false, metaKey: false, ...change }) as KeyboardEvent;

test('digits of the row, of the number block and of full width are digits', () => {
  for (const digit of '0123456789') {
    assert.equal(keyOf(pressed(digit)), digit);
    assert.equal(keyOf(pressed(String.fromCharCode(digit.charCodeAt(0) + 0xfee0))), digit);
    assert.equal(keyOf(pressed('Process', { code: `Numpad${digit}` })), digit);
    assert.equal(keyOf(pressed('Process', { code: `Digit${digit}` })), digit);
  }
});

test('editing keys edit', () => {
  assert.equal(keyOf(pressed('Backspace')), 'back');
  assert.equal(keyOf(pressed('Delete')), 'clear');
  assert.equal(keyOf(pressed('Enter')), 'enter');
});

test('everything else is nothing', () => {
  for (const key of ['a', 'F1', 'Tab', ' ', '10', '½', '٣', 'Process', 'toString']) {
    assert.equal(keyOf(pressed(key, { code: 'KeyA' })), undefined, key);
  }
  assert.equal(keyOf(pressed('1', { ctrlKey: true })), undefined);
  assert.equal(keyOf(pressed('1', { altKey: true })), undefined);
  assert.equal(keyOf(pressed('1', { metaKey: true })), undefined);
});
