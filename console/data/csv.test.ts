import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toCsv } from './csv.ts';

/** Cells as RFC 4180 has them; each line ends. */
const read = (text: string): string[][] => {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = '', end] of text.slice(1).matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ',') rows.push([]);
  }
  return rows.slice(0, -1);
};

test('no cell of a file is a formula', () => {
  for (const name of [
    '=cmd()',
    '+1',
    '-1+1',
    '-A1',
    '@SUM(A1)',
    ' =1',
    '\t=1',
    '＝1',
    '\u200b=1',
    '|x',
    '%0',
    '\r=1',
    '-1\n=2',
    ' -1',
  ]) {
    const [[cell] = []] = read(toCsv([[name, 'x']]));
    assert.equal(cell, `'${name}`);
  }
  const harmless = ['山田 花子', 'O’Brien, "Bob"', '00123', 'a=b', '<script>', '-0.5', '-12'];
  assert.deepEqual(read(toCsv([harmless])), [harmless]);
});

test('what was written is read again, apart from the quotes in front of formulas', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '=', ' ', '漢', '-') });
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }), (rows) => {
      const again = read(toCsv(rows));
      assert.equal(again.length, rows.length);
      for (const [at, row] of rows.entries()) {
        for (const [place, text] of row.entries()) assert.ok([text, `'${text}`].includes(again[at]?.[place] ?? '?'));
      }
    }),
  );
});
