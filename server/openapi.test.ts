import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { z } from 'zod';
import { changed } from '#contract/api/console.ts';
import { api, gateFailures } from '#contract/api/index.ts';
import type { Row } from '#contract/api/row.ts';
import { pushed } from '#contract/api/terminals.ts';
import { type FailureCode, failure, failures } from '#contract/errors.ts';
import { createOpenApi } from './openapi.ts';

interface Shape {
  readonly additionalProperties?: boolean;
  readonly anyOf?: readonly Shape[];
}
interface Content {
  readonly example?: unknown;
  readonly examples?: Record<string, { readonly $ref: string }>;
}
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { name: string; in: string; required: boolean; example: unknown }[];
  readonly requestBody?: { content: Record<string, { schema: Shape; example: unknown }> };
  readonly responses: Record<string, { description: string; content?: Record<string, Content> }>;
  readonly security: readonly object[];
}
const description = createOpenApi('0.0.0');
const { paths, components } = description as unknown as {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly examples: Record<string, { readonly value: unknown }> };
};
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

test('every row is an operation at its path and method', () => {
  const described = operations.map(({ path, method, operation }) => [operation.operationId, method, path]);
  const rows = Object.entries(api).map(([name, { method, path }]) => [
    name,
    method.toLowerCase(),
    path.replaceAll(/:([a-z]+)/g, '{$1}'),
  ]);
  assert.deepEqual(described.sort(), rows.sort());
});

test('every place in a path has its parameter, and bodies take no unknown members', () => {
  for (const { path, operation } of operations) {
    const places = [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name);
    const named = operation.parameters.filter((one) => one.in === 'path').map(({ name }) => name);
    assert.deepEqual(named, places, operation.operationId);
    const body = operation.requestBody?.content['application/json'];
    for (const schema of body?.schema.anyOf ?? (body ? [body.schema] : [])) {
      assert.equal(schema.additionalProperties, false, operation.operationId);
    }
  }
});

test('every call says who may send it and how it may fail', () => {
  for (const { operation } of operations) {
    const row = api[operation.operationId as keyof typeof api];
    assert.equal(operation.security.length, row.sender === 'anyone' ? 0 : 1, operation.operationId);
    const said = Object.values(operation.responses)
      .map(({ description }) => description)
      .join('\n');
    for (const code of [...row.failures, 'INTERNAL', 'REQUEST_INVALID']) assert.ok(said.includes(`\`${code}\``), code);
  }
});

test('it is OpenAPI 3.1 as its own schema has it', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(description));
  assert.deepEqual(errors ?? [], []);
  assert.equal(valid, true);
  const bent = structuredClone(description) as unknown as {
    paths: Record<string, Record<string, { parameters: object[] }>>;
  };
  bent.paths['/v1/people']?.['get']?.parameters.push({ name: 'x', in: 'nowhere' });
  assert.equal((await new Validator().validate(bent)).valid, false);
});

/** An example as it is sent: texts in paths and queries, JSON in bodies. */
const examplesIn = (operation: Operation, where: string): Record<string, string> =>
  Object.fromEntries(
    operation.parameters.filter((one) => one.in === where).map(({ name, example }) => [name, String(example)]),
  );

test('every request, every answer and every failure has an example that its schema takes', () => {
  for (const { operation } of operations) {
    const name = operation.operationId as keyof typeof api;
    const row: Row = api[name];
    const check = (what: string, schema: z.ZodType | undefined, example: unknown) => {
      if (schema === undefined) return;
      const parsed = schema.safeParse(example);
      assert.ok(parsed.success, `${name} ${what}: ${parsed.error?.message} in ${JSON.stringify(example)}`);
    };
    check('params', row.params, examplesIn(operation, 'path'));
    check('query', row.query, examplesIn(operation, 'query'));
    check('headers', row.headers, examplesIn(operation, 'header'));
    const [body] = Object.values(operation.requestBody?.content ?? {});
    check('body', row.body, body?.example);
    const answer = Object.entries(operation.responses[row.status ?? 200]?.content ?? {})[0];
    if (answer?.[0] === 'text/event-stream') {
      const [, document = ''] = /^data: (.+)\n\n$/.exec(String(answer[1].example)) ?? [];
      check('event', z.union([pushed, changed]), JSON.parse(document));
    } else if (row.status !== 204) check('answer', row.answer, answer?.[1].example);
    for (const code of [...row.failures, ...gateFailures]) {
      const [content] = Object.values(operation.responses[failures[code].status]?.content ?? {});
      assert.ok(content?.examples?.[code], `${name} ${code}`);
      const key = content.examples[code].$ref.split('/').at(-1) ?? '';
      assert.ok(components.examples[key], key);
    }
  }
});

test('every failure of the table has its examples, in both forms', () => {
  for (const code of Object.keys(failures) as FailureCode[]) {
    const value = components.examples[code]?.value as { failure: unknown };
    assert.equal(failure.parse(value.failure).code, code);
    const scim = components.examples[`scim.${code}`]?.value as { status: string; detail: string };
    assert.equal(scim.status, String(failures[code].status));
    assert.ok(scim.detail.startsWith(`${code}: `));
  }
});
