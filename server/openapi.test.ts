import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api } from '#contract/api/index.ts';
import { createOpenApi } from './openapi.ts';

interface Shape {
  readonly additionalProperties?: boolean;
  readonly anyOf?: readonly Shape[];
}
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { name: string; in: string; required: boolean }[];
  readonly requestBody?: { content: Record<string, { schema: Shape }> };
  readonly responses: Record<string, { description: string }>;
  readonly security: readonly object[];
}
const { paths } = createOpenApi('0.0.0') as { paths: Record<string, Record<string, Operation>> };
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
