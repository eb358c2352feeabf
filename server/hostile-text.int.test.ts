import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { api, type RouteName } from '#contract/api/index.ts';
import type { Row } from '#contract/api/row.ts';
import { startTestServer, type TestServer } from './testing.ts';
import { connectSenders, everybody, gateRefusal, type Senders } from './testing-senders.ts';
import { arbitraryOf, type Words } from './testing-shapes.ts';
import { fillPath } from './testing-trial.ts';

let server: TestServer;
let senders: Senders;
before(async () => {
  server = await startTestServer();
  // Whatever is run as a statement moves it, and no rollback moves it back.
  await server.database.query('create sequence trap');
  senders = await connectSenders(server);
});
after(() => server.close());

const call = "nextval('trap')";
const statements = [
  `'||${call}||'`,
  `' or ${call} > 0 --`,
  `'; select ${call}; --`,
  `"; select ${call}; --`,
  `\\'; select ${call}; --`,
  `1); select ${call}; --`,
  `(select ${call})::text`,
  `$$; select ${call}; $$`,
  `%' or ${call} > 0 or '' like '%`,
  `name asc, ${call}`,
  `userName eq "' or ${call} > 0 --"`,
  `${call}`,
];
const sprung = async (): Promise<boolean> => {
  const [row] = await server.database.query<{ sprung: boolean }>('select is_called as sprung from trap');
  return row?.sprung === true;
};
/** Every text that is free enough is a statement. */
const withStatements: Words = (_name, { type, format, pattern, enum: either, maxLength = 200 }, usual) =>
  type === 'string' && format === undefined && pattern === undefined && either === undefined
    ? fc.constantFrom(...statements.filter(({ length }) => length <= maxLength), "'")
    : usual;
const spell = (value: unknown): string =>
  `${new URLSearchParams(Object.entries(value as object).map(([name, one]): [string, string] => [name, String(one)]))}`;

/** Status of a request whose texts are statements; `undefined` when a terminal was shut out by what it said. */
const send = async (name: RouteName, row: Row, who: (typeof everybody)[number]): Promise<number | undefined> => {
  const draw = (schema: Row['query']) =>
    schema === undefined ? undefined : fc.sample(arbitraryOf(schema, withStatements), 1)[0];
  const [body, query] = [draw(row.body), draw(row.query)];
  const type = row.sender === 'directory' ? 'application/scim+json' : 'application/json';
  const path = `${fillPath(row)}${query === undefined ? '' : `?${spell(query)}`}`;
  const options = {
    method: row.method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': type } }),
  };
  const answer = await server.send(senders.of(who), path, options).catch(() => undefined);
  assert.ok(answer !== undefined || who === 'terminal', name);
  await answer?.arrayBuffer();
  // Whoever asks too often is told to come again; a directory has no person of its own to show.
  const isFine = answer === undefined || answer.status < 500 || [501, 503].includes(answer.status);
  assert.ok(isFine, `${name}: ${answer?.status} for ${path} ${JSON.stringify(body)}`);
  return answer?.status;
};

describe('text that would be a statement of the database is text', () => {
  it('in every part of every request, whoever sends it', async () => {
    const statuses: (number | undefined)[] = [];
    for (const [name, row] of Object.entries(api) as [RouteName, Row][]) {
      if (name.endsWith('/stream')) continue;
      server.advance(61_000);
      await senders.refresh();
      for (const who of everybody.filter((one) => gateRefusal(row, one) === undefined))
        for (let round = 0; round < 4; round += 1) statuses.push(await send(name, row, who));
      assert.equal(await sprung(), false, name);
    }
    const taken = statuses.filter((status) => status !== undefined && status < 300).length;
    assert.ok(statuses.length > 500 && taken > 100, `${statuses.length} sent, ${taken} taken`);
    assert.doesNotMatch(server.logged(), /"level":(50|60)/);
  });

  it('in every path that names something', async () => {
    for (const [, row] of Object.entries(api) as [RouteName, Row][]) {
      if (row.params === undefined) continue;
      const who = everybody.find((one) => gateRefusal(row, one) === undefined) ?? assert.fail('nobody may send it');
      for (const statement of statements) {
        const path = row.path.replaceAll(/:[a-z]+/gi, () => encodeURIComponent(statement));
        const body = row.method === 'GET' || row.method === 'DELETE' ? {} : { body: '{}' };
        const answer = await server.send(senders.of(who), path, { method: row.method, ...body });
        await answer.arrayBuffer();
        assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`);
      }
    }
    assert.equal(await sprung(), false);
  });

  it('would be seen: the trap springs where a text is put into a statement', async () => {
    await server.database.query(`select 1 where 'x' = '${statements[0]}'`);
    assert.equal(await sprung(), true);
  });
});
