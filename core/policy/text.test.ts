import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cleanText, foldForSearch } from './text.ts';

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
});
