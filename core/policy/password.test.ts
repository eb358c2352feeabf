import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkPassword } from './password.ts';

const about = ['N4827', '山田 花子', 'ヤマダ ハナコ', 'Hirasawa'];
const reasonOf = (typed: string) => {
  const verdict = checkPassword(typed, about);
  return verdict.ok ? 'taken' : verdict.reason;
};

describe('a password', () => {
  it('is long enough, counted in code points, and may be any text', () => {
    assert.equal(reasonOf('s8gj-q2xw-t'), 'too-short');
    assert.equal(reasonOf('s8gj-q2xw-t1'), 'taken');
    assert.equal(reasonOf('朝の回診は六時から始まる'), 'taken');
    assert.equal(reasonOf('😀😃😄😁😆'), 'too-short');
    assert.equal(reasonOf('x'.repeat(300)), 'too-long');
  });

  it('is not one that is guessed first', () => {
    for (const typed of ['aaaaaaaaaaaa', 'abababababab', 'abcabcabcabcabc', 'passwordpassword', 'sixsixsixsix']) {
      assert.equal(reasonOf(typed), 'repeats', typed);
    }
    for (const typed of ['qwertyuiopas', '1qaz2wsx3edc', 'abcdefghijklm', '012345678901', 'lkjhgfdsapoi']) {
      assert.equal(reasonOf(typed), 'sequence', typed);
    }
    for (const typed of [
      'Password2026!',
      'P@ssw0rd12345',
      'hospital2026!!',
      'AdminAdmin123',
      'ｐａｓｓｗｏｒｄ１２３４',
      'sakura-2026-0401',
    ]) {
      assert.equal(reasonOf(typed), 'common', typed);
    }
  });

  it('is not made of what is known of the person', () => {
    assert.equal(reasonOf('Hirasawa-n4827'), 'personal');
    assert.equal(reasonOf('山田花子山田花子ヤマダハナコ'), 'personal');
    assert.equal(reasonOf('hirasawa tastes of plums'), 'taken');
  });

  it('is the same typed composed or decomposed', () => {
    const verdict = checkPassword('がぎぐげご ざじずぜぞ 明日'.normalize('NFD'), []);
    assert.deepEqual(verdict, { ok: true, password: 'がぎぐげご ざじずぜぞ 明日'.normalize('NFC') });
  });

  it('never makes the check throw', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.string(),
        (typed, word) => checkPassword(typed, [word]).ok || true,
      ),
    );
  });
});
