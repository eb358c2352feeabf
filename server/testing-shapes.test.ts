import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { api, type RouteName } from '#contract/api/index.ts';
import type { Row } from '#contract/api/row.ts';
import { arbitraryOf, hurt, hurts, invalidOf, validOf, type Words } from './testing-shapes.ts';

const parts = (Object.entries(api) as [RouteName, Row][]).flatMap(([name, row]) =>
  (['params', 'query', 'headers', 'body'] as const).flatMap((part) => {
    const schema = row[part];
    return schema === undefined ? [] : [{ name: `${name} ${part}`, schema, part }];
  }),
);
const runs = { numRuns: 30, seed: 1 };

for (const { name, schema, part } of parts) {
  test(`${name}: many values made from the schema are taken`, () => {
    const values = fc.sample(arbitraryOf(schema), { numRuns: 100, seed: 1 });
    const taken = values.filter((value) => schema.safeParse(value).success);
    assert.ok(taken.length >= 20, `${taken.length} of ${values.length}`);
    assert.equal(fc.sample(validOf(schema), runs).length, runs.numRuns);
  });
  if (part !== 'headers') {
    test(`${name}: hurt values are refused`, () => {
      assert.equal(fc.sample(invalidOf(schema), runs).length, runs.numRuns);
    });
  }
}

test('every kind of hurt changes a value', () => {
  const value = { a: 'b', c: { d: [1, 2] } };
  for (const how of hurts) {
    for (let where = 0; where < 5; where += 1) {
      assert.notEqual(JSON.stringify(hurt(value, how, where)), JSON.stringify(value), `${how} ${where}`);
    }
  }
  assert.deepEqual(value, { a: 'b', c: { d: [1, 2] } }, 'and leaves the given one as it was');
  assert.match(JSON.stringify(hurt({}, 'proto', 0)), /^\{"__proto__":/);
  assert.deepEqual(hurt({ a: [1] }, 'missing', 1), { a: [] });
});

test('members may have a source of their own', () => {
  const schema = z.strictObject({ person: z.uuid(), at: z.strictObject({ code: z.string() }) });
  const words: Words = (name, _shape, usual) => (name === 'code' ? fc.constant('the code') : usual);
  for (const value of fc.sample(arbitraryOf(schema, words), runs)) {
    assert.equal((value as { at: { code: string } }).at.code, 'the code');
  }
});

test('what may be left out is there in some values and left out in others', () => {
  const schema = z.strictObject({ one: z.string().optional(), other: z.int().nullish() });
  const values = fc.sample(arbitraryOf(schema), { numRuns: 100, seed: 1 }) as { one?: string; other?: number | null }[];
  for (const name of ['one', 'other'] as const) {
    const held = values.filter((value) => Object.hasOwn(value, name)).length;
    assert.ok(held > 20 && held < 80, `${name} in ${held} of 100`);
  }
  assert.ok(values.some(({ other }) => other === null) && values.some(({ other }) => typeof other === 'number'));
});
