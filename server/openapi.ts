import { z } from 'zod';
import { changed } from '#contract/api/console.ts';
import { api, gateFailures, type RouteName } from '#contract/api/index.ts';
import type { Row } from '#contract/api/row.ts';
import { scimUrns } from '#contract/api/scim.ts';
import { pushed } from '#contract/api/terminals.ts';
import { type FailureCode, failure, failures } from '#contract/errors.ts';
import { scimType } from './directory/answer.ts';
import { bodyExamples, exampleOf, failureExample, failureExamples } from './openapi-examples.ts';

type Schema = Record<string, unknown>;

/**
 * SCIM has a member of the name by which JSON Schema refers. Under `properties` readers of descriptions take it for a
 * reference, so it is named by a pattern.
 */
const withoutReferences = ({ jsonSchema: shape }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void => {
  const { $ref: own, ...others } = (shape.properties ?? {}) as Record<string, z.core.JSONSchema._JSONSchema>;
  if (own === undefined) return;
  shape.properties = others;
  shape.patternProperties = { '^\\$ref$': own };
};

const toSchema = (schema: z.ZodType, io: 'input' | 'output'): Schema => {
  const how = { io, unrepresentable: 'any', target: 'draft-2020-12', override: withoutReferences } as const;
  const { $schema: _, ...rest } = z.toJSONSchema(schema, how);
  return rest;
};

const toPath = (path: string): string => path.replaceAll(/:([a-z]+)/gi, '{$1}');

const areaOf = (name: RouteName): string => name.split('/')[0] ?? '';

const toParameters = (name: RouteName, schema: z.ZodType | undefined, where: 'path' | 'query' | 'header'): Schema[] => {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = toSchema(schema, 'input') as {
    properties?: Record<string, Schema>;
    required?: string[];
  };
  return Object.entries(properties).map(([member, property]) => ({
    name: member,
    in: where,
    required: where === 'path' || required.includes(member),
    schema: property,
    example: exampleOf(property, member, areaOf(name)),
  }));
};

const security = (row: Row): Schema[] => {
  if (row.sender === 'anyone') return [];
  if (row.sender === 'terminal') return [{ terminalCertificate: [] }];
  if (row.sender === 'directory') return [{ directoryToken: [] }];
  return [row.method === 'POST' ? { consoleCookie: [], csrf: [] } : { consoleCookie: [] }];
};

const streams: Partial<Record<RouteName, z.ZodType>> = { 'terminals/stream': pushed, 'console/stream': changed };

const toAnswer = (name: RouteName, row: Row): Schema => {
  const events = streams[name];
  if (row.status === 204) return { description: 'Done.' };
  if (events === undefined) {
    return { description: 'Done.', content: { [typeOf(row)]: withExample(name, toSchema(row.answer, 'output')) } };
  }
  const document = exampleOf(toSchema(events, 'output'), name, areaOf(name));
  const schema = { type: 'string', contentMediaType: 'application/json', contentSchema: toSchema(events, 'output') };
  return {
    description: 'Server-sent events; each `data` is one document.',
    content: { 'text/event-stream': { schema, example: `data: ${JSON.stringify(document)}\n\n` } },
  };
};

const withExample = (name: RouteName, schema: Schema): Schema => ({
  schema,
  example: exampleOf(schema, name, areaOf(name)),
});
const toBody = (name: RouteName, body: z.ZodType): Schema => {
  const { schema, example } = withExample(name, toSchema(body, 'input'));
  return { schema, example: bodyExamples[name] ?? example };
};
const isScim = ({ sender }: Row): boolean => sender === 'directory';
const typeOf = (row: Row): string => (isScim(row) ? scimType : 'application/json');
const refused = (row: Row, codes: readonly FailureCode[]): Schema => ({
  schema: { $ref: `#/components/schemas/${isScim(row) ? 'ScimError' : 'Refused'}` },
  examples: Object.fromEntries(
    codes.map((code) => [code, { $ref: `#/components/examples/${failureExample(code, isScim(row))}` }]),
  ),
});

/** Failures of the row and of the gate, by their HTTP status. */
const toFailures = (row: Row): Record<string, Schema> => {
  const codes = [...new Set<FailureCode>([...row.failures, ...gateFailures])];
  const byStatus = Map.groupBy(codes, (code) => failures[code].status);
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, group]) => [
        String(status),
        {
          description: group.map((code) => `\`${code}\`: ${failures[code].meaning}`).join('\n\n'),
          content: { [typeOf(row)]: refused(row, group) },
        },
      ]),
  );
};

const toOperation = (name: RouteName, row: Row): Schema => ({
  operationId: name,
  tags: [areaOf(name)],
  summary: row.summary,
  ...(row.event === null ? {} : { 'x-event': row.event }),
  ...(typeof row.sender === 'string' ? {} : { 'x-roles': row.sender }),
  security: security(row),
  parameters: [
    ...toParameters(name, row.params, 'path'),
    ...toParameters(name, row.query, 'query'),
    ...toParameters(name, row.headers, 'header'),
  ],
  ...(row.body === undefined
    ? {}
    : { requestBody: { required: true, content: { [typeOf(row)]: toBody(name, row.body) } } }),
  responses: { [row.status ?? 200]: toAnswer(name, row), ...toFailures(row) },
});

/** OpenAPI 3.1 of the whole table. */
export const createOpenApi = (version: string): Schema => {
  const paths: Record<string, Schema> = {};
  for (const [name, row] of Object.entries(api) as [RouteName, Row][]) {
    const path = toPath(row.path);
    paths[path] = { ...paths[path], [row.method.toLowerCase()]: toOperation(name, row) };
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Kazasu', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    paths,
    components: {
      examples: failureExamples(),
      schemas: {
        Refused: { type: 'object', properties: { failure: toSchema(failure, 'output') }, required: ['failure'] },
        ScimError: {
          type: 'object',
          properties: {
            schemas: { type: 'array', items: { const: scimUrns.error } },
            status: { type: 'string' },
            scimType: { type: 'string' },
            detail: { type: 'string', description: 'Begins with the failure code.' },
          },
          required: ['schemas', 'status', 'detail'],
        },
      },
      securitySchemes: {
        terminalCertificate: {
          type: 'mutualTLS',
          description: 'Client certificate that the server issued at enrolment.',
        },
        consoleCookie: { type: 'apiKey', in: 'cookie', name: '__Host-kazasu' },
        csrf: { type: 'apiKey', in: 'header', name: 'x-kazasu-csrf' },
        directoryToken: { type: 'http', scheme: 'bearer', description: 'Token that an admin made for a directory.' },
      },
    },
  };
};
