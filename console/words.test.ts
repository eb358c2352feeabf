import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventKinds } from '#contract/audit.ts';
import { failures } from '#contract/errors.ts';
import en from '../assets/words/console.en.json' with { type: 'json' };
import ja from '../assets/words/console.ja.json' with { type: 'json' };
import { eventKindNames, fill, languageOf, say } from './words.ts';

const languages = ['ja', 'en'] as const;
const namesIn = (text: string): readonly string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort();

test('both languages have the same keys and none is empty', () => {
  assert.deepEqual(Object.keys(en), Object.keys(ja));
  for (const table of [ja, en]) {
    for (const [key, words] of Object.entries(table)) assert.notEqual(words.trim(), '', key);
  }
});

test('every kind of event has a sentence and a name in both languages', () => {
  const kinds = Object.keys(eventKinds);
  assert.deepEqual([...eventKindNames].sort(), [...kinds].sort());
  for (const kind of eventKindNames) {
    for (const language of languages) {
      const sentence = say(language, `event.${kind}`, { person: 'P', actor: 'A', at: 'T' });
      assert.ok(sentence.length > 5, `${language} ${kind}: ${sentence}`);
      assert.doesNotMatch(sentence, /[{}[\]]|\s{2}|^\s|\s$/, `${language} ${kind}: ${sentence}`);
    }
  }
});

test('every failure code has words in both languages', () => {
  for (const code of Object.keys(failures) as (keyof typeof failures)[]) {
    for (const language of languages) {
      const words = say(language, `failure.${code}`);
      assert.match(words, language === 'ja' ? /。$/ : /\.$/, code);
      assert.doesNotMatch(words, /[{}[\]]/, code);
    }
  }
});

test('a translation uses no name that the other one lacks, and its brackets pair up', () => {
  const mayDiffer = (key: string): boolean => key.startsWith('event.');
  for (const [key, words] of Object.entries(ja)) {
    const other = en[key as keyof typeof en];
    if (!mayDiffer(key)) assert.deepEqual(new Set(namesIn(words)), new Set(namesIn(other)), key);
    for (const text of [words, other]) {
      assert.equal(text.split('[').length, text.split(']').length, `${key}: ${text}`);
      assert.doesNotMatch(text, /\[[^\]]*\[/, `${key}: nested brackets`);
    }
  }
});

test('the English words hold no Japanese', () => {
  for (const [key, words] of Object.entries(en))
    assert.doesNotMatch(words, /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u, key);
});

test('a part in brackets goes when one of its names is unknown', () => {
  assert.equal(fill('A card[ of {known}] was refused[ ({reason})]', { known: 'B' }), 'A card of B was refused');
  assert.equal(fill('[{a} and {b} ]c', { a: '1' }), 'c');
  assert.equal(fill('[{a} and {b} ]c', { a: '1', b: '2' }), '1 and 2 c');
});

test('what a person typed is never taken for a template', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('{', '}', '[', ']', 'a', 'name') }), (typed) => {
      fc.pre(typed !== '');
      assert.equal(fill('x {name} y', { name: typed, a: 'WRONG' }), `x ${typed} y`);
      assert.equal(fill('x[ {name}]', { name: typed, a: 'WRONG' }), `x ${typed}`);
    }),
  );
});

test('the first language with words is chosen', () => {
  assert.equal(languageOf(['en-GB', 'ja']), 'en');
  assert.equal(languageOf(['fr', 'ja-JP', 'en']), 'ja');
  assert.equal(languageOf(['de']), 'ja');
  assert.equal(languageOf([]), 'ja');
});
