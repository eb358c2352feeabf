import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createDigits } from './digits.ts';

const digit = fc.constantFrom(...'0123456789');
const pin = fc.string({ unit: digit, minLength: 1, maxLength: 64 });

test('what was typed comes out as a JSON document, and nothing of it when it was forgotten', () => {
  fc.assert(
    fc.property(pin, (typed) => {
      const digits = createDigits();
      for (const each of typed) digits.add(each);
      assert.deepEqual(JSON.parse(digits.toBody('secret', { factor: 'pin' }).toString()), {
        factor: 'pin',
        secret: typed,
      });
      digits.drop();
      assert.deepEqual(JSON.parse(digits.toBody('pin').toString()), { pin: typed.slice(0, -1) });
      digits.forget();
      assert.deepEqual(JSON.parse(digits.toBody('pin').toString()), { pin: '' });
    }),
  );
});

test('two PINs are the same when each digit is', () => {
  fc.assert(
    fc.property(pin, pin, (first, second) => {
      const digits = createDigits();
      for (const each of first) digits.add(each);
      digits.keepFirst();
      for (const each of second) digits.add(each);
      assert.equal(digits.sameAsFirst(), first === second);
      digits.forgetFirst();
      assert.equal(digits.sameAsFirst(), false);
    }),
  );
});

test('nothing but a digit is taken, and no more than the buffer holds', () => {
  const digits = createDigits();
  for (const foreign of ['a', '12', '', '٣', '"']) assert.throws(() => digits.add(foreign));
  for (let count = 0; count < 100; count += 1) digits.add('7');
  assert.equal(JSON.parse(digits.toBody('pin').toString()).pin.length, 64);
});
