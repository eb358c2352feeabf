import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { scimUrns } from '#contract/api/scim.ts';
import { startTestServer, type TestServer } from '../testing.ts';
import { connectDirectory, type TestDirectory } from '../testing-directory.ts';

let server: TestServer;
let directory: TestDirectory;
before(async () => {
  server = await startTestServer();
  directory = await connectDirectory(server);
});
after(() => server.close());

/** Requests of one property; the clock goes on with each, so that nobody has to wait. */
const runs = { numRuns: 120, endOnFailure: true };
const patience = 5000;

const check = async (sent: Promise<{ status: number; body: object }>): Promise<void> => {
  const since = performance.now();
  const { status, body } = await sent;
  server.advance(1000);
  assert.ok(status < 500 && status !== 429 && status !== 401, `${status} ${JSON.stringify(body)}`);
  assert.ok(performance.now() - since < patience, 'took too long');
  if (status >= 400) assert.partialDeepStrictEqual(body, { schemas: [scimUrns.error], status: String(status) });
};

const attribute = fc.constantFrom(
  ...[
    'userName',
    'USERNAME',
    'name',
    'name.familyName',
    'displayName',
    'active',
    'externalId',
    'id',
    'meta',
    'meta.created',
  ],
  ...[
    'meta.lastModified',
    'groups',
    'groups.value',
    'members',
    'members.value',
    'emails',
    'emails.type',
    'nothing',
    '__proto__',
  ],
  ...[
    scimUrns.staff,
    `${scimUrns.staff}:kana`,
    `${scimUrns.user}:userName`,
    `${scimUrns.enterprise}:manager`,
    'schemas',
    '$ref',
  ],
);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    '',
    '%',
    '\\',
    "'",
    '"',
    '\u0000',
    '\ud800',
    '2026-01-01T00:00:00Z',
    '9999-99-99T99:99:99Z',
    randomUUID(),
  ),
);
const value = fc.oneof(text, fc.boolean(), fc.integer(), fc.double(), fc.constant(null));
const operator = fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'pr', 'xx');
const term = fc
  .tuple(attribute, operator, value)
  .map(([path, act, given]) => (act === 'pr' ? `${path} pr` : `${path} ${act} ${JSON.stringify(given)}`));
const { filter } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    term,
    fc.tuple(tie('filter'), fc.constantFrom('and', 'or', 'AND'), tie('filter')).map((parts) => parts.join(' ')),
    tie('filter').map((inner) => `not (${inner})`),
    tie('filter').map((inner) => `(${inner})`),
    fc.tuple(attribute, tie('filter')).map(([path, inner]) => `${path}[${inner}]`),
  ),
}));
const anyFilter = fc.oneof({ weight: 4, arbitrary: filter }, { weight: 1, arbitrary: text });

const path = fc.oneof(
  { weight: 4, arbitrary: attribute },
  {
    weight: 2,
    arbitrary: fc.tuple(attribute, filter, attribute).map(([one, inner, sub]) => `${one}[${inner}].${sub}`),
  },
  { weight: 2, arbitrary: fc.tuple(attribute, filter).map(([one, inner]) => `${one}[${inner}]`) },
  { weight: 1, arbitrary: text },
);
const member = fc.record({ value: fc.oneof(fc.constant(randomUUID()), fc.jsonValue({ maxDepth: 1 })) });
const anyValue = fc.oneof(
  value,
  fc.jsonValue({ maxDepth: 3 }),
  fc.array(member, { maxLength: 3 }),
  fc.dictionary(attribute, fc.oneof(value, fc.jsonValue({ maxDepth: 2 })), { noNullPrototype: true }),
);
const operation = fc.record(
  { op: fc.constantFrom('add', 'replace', 'remove', 'Add', 'REMOVE', 'move'), path, value: anyValue },
  { requiredKeys: ['op'], noNullPrototype: true },
);

describe('whatever a directory sends, it is answered in time and without a bug', () => {
  for (const kind of ['Users', 'Groups']) {
    it(`filters, sorting and paging of ${kind}`, async () => {
      await directory.addUser(`F-${kind}`, { externalId: 'x' });
      const query = fc.record(
        {
          filter: anyFilter,
          sortBy: fc.oneof(attribute, text),
          sortOrder: fc.constantFrom('ascending', 'descending', 'x'),
          startIndex: fc.oneof(fc.integer(), fc.constant(Number.MAX_SAFE_INTEGER)).map(String),
          count: fc.oneof(fc.integer(), text).map(String),
          attributes: fc.oneof(attribute, text),
          excludedAttributes: fc.oneof(attribute, text),
        },
        { requiredKeys: [], noNullPrototype: true },
      );
      await fc.assert(
        fc.asyncProperty(query, async (asked) => {
          const search = new URLSearchParams(asked as Record<string, string>);
          await check(directory.send('GET', `/${kind}?${search}`));
        }),
        runs,
      );
    });

    it(`patches of ${kind}`, async () => {
      const { id } = kind === 'Users' ? await directory.addUser('F-patched') : await directory.addGroup('F-patched');
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 4 }), async (operations) => {
          await check(directory.patch(`/${kind}/${id}`, ...operations));
        }),
        runs,
      );
    });

    it(`bodies of ${kind}`, async () => {
      const { id } = kind === 'Users' ? await directory.addUser('F-replaced') : await directory.addGroup('F-replaced');
      const body = fc.dictionary(attribute, anyValue, { noNullPrototype: true });
      const headers = fc.record({ 'if-match': fc.constantFrom('*', 'W/"x"', '"', 'x', '') }, { requiredKeys: [] });
      await fc.assert(
        fc.asyncProperty(fc.constantFrom('POST', 'PUT'), body, headers, async (method, given, more) => {
          const sent = { ...given, schemas: [kind === 'Users' ? scimUrns.user : scimUrns.group] };
          await check(directory.send(method, method === 'PUT' ? `/${kind}/${id}` : `/${kind}`, sent, { ...more }));
        }),
        runs,
      );
    });
  }

  it('and nobody got a role by it, nor did a person', async () => {
    const rows = await server.database.query<{ roles: string[] }>(`select distinct roles from person where id <> $1`, [
      directory.admin.person,
    ]);
    assert.deepEqual(rows, [{ roles: ['clinician'] }]);
    assert.ok(!server.logged().includes('a request ended with a bug'));
  });
});
