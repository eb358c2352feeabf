import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toBytes, toText, whyOf } from './passkeys.ts';

test('bytes survive their way through base64url, which holds nothing that an address or JSON minds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = toText(new Uint8Array(bytes).buffer);
      assert.match(text, /^[\w-]*$/);
      assert.deepEqual([...toBytes(text)], [...bytes]);
    }),
  );
  assert.equal(toText(new Uint8Array([0xfb, 0xff, 0xfe]).buffer), '-__-');
});

test('what a browser throws is told by what a person can do about it', () => {
  const named = (name: string) => whyOf(Object.assign(new Error('x'), { name }));
  assert.equal(named('NotAllowedError'), 'cancelled');
  assert.equal(named('AbortError'), 'cancelled');
  assert.equal(named('InvalidStateError'), 'known');
  assert.equal(named('SecurityError'), 'address');
  for (const name of ['NotSupportedError', 'ConstraintError', 'UnknownError', 'TypeError'])
    assert.equal(named(name), 'unable');
});
