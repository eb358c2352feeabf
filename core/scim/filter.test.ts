import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Filter, type Operator, parseFilter, parsePatchPath } from './filter.ts';
import { createFits } from './fits.ts';

const parsed = (text: string): Filter => {
  const result = parseFilter(text);
  assert.ok(result.ok, text);
  return result.value;
};
const equals = (path: string, value: string | boolean | null): Filter => ({
  kind: 'compare',
  path,
  operator: 'eq',
  value,
});

describe('a filter', () => {
  it('is read as RFC 7644 3.4.2.2 shows', () => {
    assert.deepEqual(parsed('userName eq "bjensen"'), equals('userName', 'bjensen'));
    assert.deepEqual(parsed('name.familyName co "O\'Malley"'), {
      kind: 'compare',
      path: 'name.familyName',
      operator: 'co',
      value: "O'Malley",
    });
    const path = 'urn:ietf:params:scim:schemas:core:2.0:User:userName';
    assert.deepEqual(parsed(`${path} sw "J"`), { kind: 'compare', path, operator: 'sw', value: 'J' });
    assert.deepEqual(parsed('title pr'), { kind: 'present', path: 'title' });
    assert.deepEqual(parsed('meta.lastModified gt "2011-05-13T04:42:34Z"'), {
      kind: 'compare',
      path: 'meta.lastModified',
      operator: 'gt',
      value: '2011-05-13T04:42:34Z',
    });
    assert.deepEqual(parsed('userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")'), {
      kind: 'and',
      parts: [
        equals('userType', 'Employee'),
        {
          kind: 'or',
          parts: [
            { kind: 'compare', path: 'emails', operator: 'co', value: 'example.com' },
            { kind: 'compare', path: 'emails.value', operator: 'co', value: 'example.org' },
          ],
        },
      ],
    });
    assert.deepEqual(
      parsed('emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]'),
      {
        kind: 'or',
        parts: [
          {
            kind: 'within',
            path: 'emails',
            part: {
              kind: 'and',
              parts: [
                equals('type', 'work'),
                { kind: 'compare', path: 'value', operator: 'co', value: '@example.com' },
              ],
            },
          },
          {
            kind: 'within',
            path: 'ims',
            part: {
              kind: 'and',
              parts: [equals('type', 'xmpp'), { kind: 'compare', path: 'value', operator: 'co', value: '@foo.com' }],
            },
          },
        ],
      },
    );
  });

  it('binds not before and, and before or, in any case', () => {
    const [a, b, c] = [equals('a', '1'), equals('b', '2'), equals('c', '3')];
    assert.deepEqual(parsed('a EQ "1" OR b eq "2" AND c eq "3"'), {
      kind: 'or',
      parts: [a, { kind: 'and', parts: [b, c] }],
    });
    assert.deepEqual(parsed('NOT (a eq "1") and b eq "2"'), { kind: 'and', parts: [{ kind: 'not', part: a }, b] });
    assert.deepEqual(parsed('(a eq "1" or b eq "2") and c eq "3"'), {
      kind: 'and',
      parts: [{ kind: 'or', parts: [a, b] }, c],
    });
    assert.deepEqual(parsed('not eq "1"'), equals('not', '1'));
  });

  it('takes the values of JSON', () => {
    assert.deepEqual(parsed('a eq True'), equals('a', true));
    assert.deepEqual(parsed('a eq null'), equals('a', null));
    assert.deepEqual(parsed('a gt -1.5e3'), { kind: 'compare', path: 'a', operator: 'gt', value: -1500 });
    assert.deepEqual(parsed(String.raw`a eq "\"\u5c71\\"`), equals('a', '"山\\'));
  });

  it('is refused where it has a mistake', () => {
    for (const text of [
      '',
      ' ',
      'a',
      'a eq',
      'a eq b',
      'eq "1"',
      'a xx "1"',
      'a pr "1"',
      'a eq "1',
      'a eq "1" and',
      'a eq "1" b eq "2"',
      '(a eq "1"',
      'a eq "1")',
      'a[b eq "1"',
      'a[b[c eq "1"]]',
      'a[]',
      'not a eq "1"',
      'a.b.c eq "1"',
      "a eq '1'",
      'a eq "\\x"',
      'a = "1"',
      '1a eq "1"',
      'a eq "1"; drop table person',
    ]) {
      assert.ok(!parseFilter(text).ok, text);
    }
  });

  it('has a limit to its depth and its terms', () => {
    const deep = (depth: number): string => `${'('.repeat(depth)}a pr${')'.repeat(depth)}`;
    assert.ok(parseFilter(deep(20)).ok);
    assert.ok(!parseFilter(deep(21)).ok);
    assert.ok(!parseFilter('('.repeat(2000)).ok);
    assert.ok(parseFilter(Array(50).fill('a pr').join(' or ')).ok);
    assert.ok(!parseFilter(Array(51).fill('a pr').join(' or ')).ok);
  });

  it('never throws and never hangs, whatever is sent', () => {
    const word = fc.constantFrom(
      'a',
      'eq',
      'pr',
      'not',
      'and',
      'or',
      '(',
      ')',
      '[',
      ']',
      '"x"',
      '"',
      '\\',
      '\n',
      '.',
      ' ',
    );
    fc.assert(fc.property(fc.array(word, { maxLength: 60 }), (words) => void parseFilter(words.join(' '))));
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void parseFilter(text)));
    const began = performance.now();
    for (const text of [`a eq "${'\n'.repeat(2000)}`, `urn:${'a:'.repeat(1000)} pr`, `a eq "${'\\'.repeat(1999)}`]) {
      parseFilter(text);
      parsePatchPath(text);
    }
    assert.ok(performance.now() - began < 1000);
  });

  it('survives being written down and read again', () => {
    const path = fc.constantFrom('userName', 'name.familyName', 'urn:a:b:2.0:User:kana', 'members.$ref');
    const operator = fc.constantFrom<Operator>('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le');
    const leaf = fc.oneof(
      fc.record({
        kind: fc.constant('compare' as const),
        path,
        operator,
        value: fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
      }),
      fc.record({ kind: fc.constant('present' as const), path }),
    );
    const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
      filter: fc.oneof(
        { maxDepth: 3, depthSize: 'small' },
        leaf,
        fc.record({ kind: fc.constant('not' as const), part: tie('filter') }),
        fc.record({
          kind: fc.constantFrom('and' as const, 'or' as const),
          parts: fc.array(tie('filter'), { minLength: 2, maxLength: 3 }),
        }),
      ),
    }));
    const write = (one: Filter): string => {
      if (one.kind === 'compare') return `${one.path} ${one.operator} ${JSON.stringify(one.value)}`;
      if (one.kind === 'present') return `${one.path} pr`;
      if (one.kind === 'not') return `not (${write(one.part)})`;
      if (one.kind === 'within') return `${one.path}[${write(one.part)}]`;
      return one.parts.map((part) => `(${write(part)})`).join(` ${one.kind} `);
    };
    fc.assert(fc.property(filter, (one) => assert.deepEqual(parsed(write(one)), JSON.parse(JSON.stringify(one)))));
  });
});

describe('the path of a PATCH', () => {
  it('is an attribute, one of its values, or a part of that', () => {
    const path = (text: string) => {
      const result = parsePatchPath(text);
      return result.ok ? result.value : result.failure.code;
    };
    assert.deepEqual(path('members'), { path: 'members' });
    assert.deepEqual(path('name.familyName'), { path: 'name.familyName' });
    assert.deepEqual(path('members[value eq "1"]'), { path: 'members', filter: equals('value', '1') });
    assert.deepEqual(path('addresses[type eq "work"].streetAddress'), {
      path: 'addresses',
      filter: equals('type', 'work'),
      sub: 'streetAddress',
    });
    for (const text of ['', 'a b', 'a[', 'a[b eq "1"]c', 'a[b eq "1"].c.d', 'a eq "1"', '[a pr]', 'a.b.c', '.a']) {
      assert.equal(path(text), 'SCIM_PATH_INVALID', text);
    }
  });
});

describe('a value in brackets', () => {
  it('fits or does not, and not turns every answer round', () => {
    const held = new Map(Object.entries({ value: 'ab-12', type: 'user' }));
    const fits = (text: string): boolean | string => {
      const made = createFits(parsed(text));
      return made.ok ? made.value(held) : made.failure.code;
    };
    const answers = {
      'value eq "AB-12"': true,
      'VALUE eq "ab-12"': true,
      'value ne "x"': true,
      'value co "b-"': true,
      'value sw "ab"': true,
      'value ew "12"': true,
      'value gt "ab-11"': true,
      'value le "ab-12"': true,
      'value lt "ab-12"': false,
      'value eq "x"': false,
      'value eq 1': false,
      'value eq null': false,
      'value ne null': true,
      'display pr': false,
      'display eq "x"': false,
      'display ne "x"': true,
      'type pr and value co "ab"': true,
      'type eq "group" or value eq "x"': false,
    };
    for (const [text, expected] of Object.entries(answers)) {
      assert.equal(fits(text), expected, text);
      assert.equal(fits(`not (${text})`), !expected, text);
    }
  });
});
