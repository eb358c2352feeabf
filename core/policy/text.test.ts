import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cleanText, foldForSearch, nameVariants } from './text.ts';

describe('text for people', () => {
  it('loses what would move or break a line', () => {
    assert.equal(cleanText(' 山田\u0000 \u202e花子\r\n'), '山田 花子');
    assert.equal(cleanText('か\u3099'), 'が');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const clean = cleanText(text);
        assert.doesNotMatch(clean, /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
        assert.equal(cleanText(clean), clean);
      }),
    );
  });

  it('is found whatever width, case or kana it is typed in', () => {
    for (const typed of ['やまだはなこ', 'ﾔﾏﾀﾞ ﾊﾅｺ', 'ヤマダ　ハナコ'])
      assert.equal(foldForSearch(typed), 'ヤマダハナコ');
    assert.equal(foldForSearch('Ｎ－００１'), 'n-001');
    assert.equal(foldForSearch('NGUYỄN'), foldForSearch('nguyễn'));
  });

  it('is found by the usual form of a character, and by any other', () => {
    const { from, to } = nameVariants;
    assert.equal(Array.from(from).length, Array.from(to).length);
    assert.ok(
      Array.from(from).every((form) => !to.includes(form)),
      'one step is enough',
    );
    for (const [name, typed] of [
      ['髙橋', '高橋'],
      ['山﨑', '山崎'],
      ['齋藤', '斉藤'],
      ['渡邉', '渡邊'],
      ['𠮷田', '吉田'],
      ['辻\u{e0101}村', '辻村'],
      ['葛\ufe00城', '葛城'],
    ] as const)
      assert.equal(foldForSearch(name), foldForSearch(typed), name);
    assert.notEqual(foldForSearch('高橋'), foldForSearch('高端'));
  });
});
