import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { commonPins } from './common-pins.ts';
import { normaliseDigits } from './digits.ts';
import { checkPin } from './pin.ts';

const rules = { shortest: 8, longest: 12 };
const digits = (shortest: number, longest: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: shortest, maxLength: longest }).map((list) => list.join(''));
const reasonOf = (pin: string, number = 'A1') => {
  const verdict = checkPin(pin, rules, number);
  return verdict.ok ? 'taken' : `${verdict.code} ${verdict.reason}`;
};

describe('digits', () => {
  it('come out as ASCII, whatever keyboard or app they came from', () => {
    assert.equal(normaliseDigits('123 456'), '123456');
    assert.equal(normaliseDigits('１２３４５６'), '123456');
    assert.equal(normaliseDigits(' 123-456\n'), '123456');
  });

  it('are nothing else', () => {
    for (const text of ['', ' ', '12a', '12.3', '+12', '١٢٣', '一二三', '½', '0x10', '12\0']) {
      assert.equal(normaliseDigits(text), undefined, JSON.stringify(text));
    }
  });

  it('are the same typed wide or narrow, and no text throws', () => {
    fc.assert(
      fc.property(digits(1, 20), (narrow) => {
        const wide = narrow.replace(/./g, (digit) => String.fromCodePoint(digit.charCodeAt(0) + 0xfee0));
        assert.equal(normaliseDigits(wide), narrow);
      }),
    );
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => /^[0-9]*$/.test(normaliseDigits(text) ?? '')));
  });
});

describe('a PIN', () => {
  it('has the length of the policy and digits only', () => {
    assert.equal(reasonOf('8310627'), 'PIN_LENGTH too-short');
    assert.equal(reasonOf('8310627451938'), 'PIN_LENGTH too-long');
    assert.equal(reasonOf('8310627a'), 'PIN_LENGTH other-characters');
    assert.equal(reasonOf('83106274'), 'taken');
    assert.deepEqual(checkPin('８３１０６２７４', rules, 'A1'), { ok: true, pin: '83106274' });
  });

  it('is not one that is guessed first', () => {
    const easy = {
      repeats: ['00000000', '11111111', '12121212', '12341234', '11222211', '123123123', '48484848'],
      run: ['12345678', '87654321', '01234567', '89012345', '13579135', '11223344', '12344321', '111222333'],
      date: ['19800214', '20011231', '14021980', '02141980', '19451508'.replace('1508', '0815')],
      common: ['14725836', '31415926', '49494949'.replace('49494949', '08931893'), '12369874'],
    };
    for (const [reason, pins] of Object.entries(easy)) {
      for (const pin of pins) assert.equal(reasonOf(pin), `PIN_EASY ${reason}`, pin);
    }
  });

  it('does not hold the staff number, forwards, backwards or with its zeros cut', () => {
    assert.equal(reasonOf('90482719', 'N-4827'), 'PIN_EASY staff-number');
    assert.equal(reasonOf('90728419', '4827'), 'PIN_EASY staff-number');
    assert.equal(reasonOf('90482719', '004827'), 'PIN_EASY staff-number');
    assert.equal(reasonOf('83106274', '９９83106274'), 'PIN_EASY staff-number');
    assert.equal(reasonOf('83106274', '10'), 'taken');
  });

  it('of the list is refused under every policy that allows its length', () => {
    for (const pin of commonPins) {
      assert.match(pin, /^[0-9]{4,12}$/);
      const verdict = checkPin(pin, { shortest: 4, longest: 12 }, '');
      assert.equal(!verdict.ok && verdict.code, 'PIN_EASY', pin);
    }
  });

  it('drawn at random is nearly always taken, and the reason never repeats it', () => {
    let refused = 0;
    let all = 0;
    fc.assert(
      fc.property(digits(8, 8), fc.string(), (pin, number) => {
        const verdict = checkPin(pin, rules, number);
        all += 1;
        if (verdict.ok) assert.equal(verdict.pin, pin);
        else refused += 1;
        assert.ok(verdict.ok || !verdict.reason.includes(pin));
      }),
      // Random digits, not digits near the edges, which are the easy ones.
      { numRuns: 2000, seed: 20260401, endOnFailure: true },
    );
    assert.ok(refused < all / 4, `${refused} of ${all}`);
  });
});
