import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTypedCode, hashTypedCode } from './tokens.ts';

test('a typed code is 26 digits of Crockford’s base32 in groups, another one each time', () => {
  const codes = Array.from({ length: 500 }, createTypedCode);
  for (const code of codes) assert.match(code, /^(?:[0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{6}$/);
  assert.equal(new Set(codes).size, codes.length);
  const used = new Set(codes.join('').replaceAll('-', ''));
  assert.equal(used.size, 32, 'every digit is used: five bits each');
});

test('how a person types a code makes no difference', () => {
  const code = '01ABC-DEFGH-JKMNP-QRSTV-WXYZ01';
  const expected = hashTypedCode(code).toString('hex');
  for (const typed of [
    code.toLowerCase(),
    code.replaceAll('-', ''),
    ` ${code.replaceAll('-', ' ')}\n`,
    code.replaceAll('-', '　'),
    code.replaceAll('-', '–'),
    code.replaceAll('-', 'ー'),
    'oIABC-DEFGH-JKMNP-QRSTV-WXYZOl',
    code.replace(/[0-9A-Z]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0)),
  ]) {
    assert.equal(hashTypedCode(typed).toString('hex'), expected, typed);
  }
});

test('another code is another code', () => {
  const code = '01ABC-DEFGH-JKMNP-QRSTV-WXYZ01';
  const expected = hashTypedCode(code).toString('hex');
  for (const other of ['', code.slice(0, -1), `${code}0`, code.replace('A', 'B'), code.replace('V', 'U')]) {
    assert.notEqual(hashTypedCode(other).toString('hex'), expected, other);
  }
});
