import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryReadSupportCode } from './support-code.ts';

test('a support code is read as it is heard on the telephone', () => {
  for (const heard of [
    'ABC-D3F-GH7',
    'abc-d3f-gh7',
    'ABC D3F GH7',
    'abcd3fgh7',
    ' ＡＢＣ－Ｄ３Ｆ－ＧＨ７ ',
    'ABCーD3FーGH7',
  ]) {
    assert.equal(tryReadSupportCode(heard), 'ABC-D3F-GH7', heard);
  }
  assert.equal(tryReadSupportCode('345-678-999'), '345-678-999');
});

test('names and staff numbers are no support codes', () => {
  for (const typed of ['', '104233', '345678999', '佐藤 花子', 'ABC-D3F', 'ABC-D3F-GH7-J', 'A-B-C-D-3-F-G-H-7']) {
    assert.equal(tryReadSupportCode(typed), undefined, typed);
  }
});
