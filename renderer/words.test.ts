import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fill, helpdeskLine, wordsOf } from './words.ts';

type Tree = { readonly [key: string]: string | Tree };

const paths = (tree: Tree, before = ''): string[] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [`${before}${key}`] : paths(value, `${before}${key}.`),
  );
const at = (tree: Tree, path: string): string =>
  path.split('.').reduce<string | Tree>((part, key) => (part as Tree)[key] as string | Tree, tree) as string;
const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();

const ja = wordsOf('ja') as unknown as Tree;
const en = wordsOf('en') as unknown as Tree;

test('both languages say the same things', () => {
  assert.deepEqual(paths(ja).sort(), paths(en).sort());
});

test('no sentence is empty, and both name the same values', () => {
  for (const path of paths(ja)) {
    assert.notEqual(at(ja, path).trim(), '', path);
    assert.notEqual(at(en, path).trim(), '', path);
    assert.deepEqual(places(at(ja, path)), places(at(en, path)), path);
  }
});

test('Japanese is written in Japanese, English in ASCII and typographic signs', () => {
  const own = new Set(['product', 'language.name', 'greeting']);
  for (const path of paths(ja)) {
    if (own.has(path)) continue;
    assert.match(at(ja, path), /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u, path);
    assert.doesNotMatch(at(en, path), /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u, path);
  }
});

test('values fill the places, and an unknown place stays to be seen', () => {
  assert.equal(fill('あと{count}回 {other}', { count: 3 }), 'あと3回 {other}');
});

test('an extension is said in the language of the screen, any other text as it is', () => {
  assert.equal(helpdeskLine(wordsOf('ja'), '2119'), 'ヘルプデスク 内線 2119');
  assert.equal(helpdeskLine(wordsOf('en'), '2119'), 'Helpdesk ext. 2119');
  assert.equal(helpdeskLine(wordsOf('en'), '03-1234-5678'), 'Helpdesk 03-1234-5678');
  assert.equal(helpdeskLine(wordsOf('ja'), '医療情報室 2119'), 'ヘルプデスク 医療情報室 2119');
  assert.equal(helpdeskLine(wordsOf('ja'), ''), 'ヘルプデスク');
});
