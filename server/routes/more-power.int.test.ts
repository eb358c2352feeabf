import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { api, type RouteName } from '#contract/api/index.ts';
import { type Row, roles } from '#contract/api/row.ts';
import { startTestServer, type TestConsole, type TestServer } from '../testing.ts';
import { makeClinician } from '../testing-login.ts';
import { shapeOf, validOf } from '../testing-shapes.ts';
import { sumTables } from '../testing-tables.ts';
import { fillPath } from '../testing-trial.ts';

/** Whoever is more than a clinician could be made use of by helpdesk, if helpdesk could change what they log in with. */
let server: TestServer;
let clerk: TestConsole;
before(async () => {
  server = await startTestServer();
  clerk = await server.signIn(['helpdesk']);
});
after(() => server.close());

const namesPerson = (schema: Row['params']): boolean => {
  const { properties = {}, anyOf = [] } = schema === undefined ? {} : shapeOf(schema);
  return [properties, ...anyOf.map((one) => one.properties ?? {})].some((one) => 'person' in one);
};
const rows = (Object.entries(api) as [RouteName, Row][]).filter(
  ([, row]) =>
    typeof row.sender !== 'string' &&
    row.sender.includes('helpdesk') &&
    row.method !== 'GET' &&
    (namesPerson(row.params) || namesPerson(row.body)),
);
/** Without what goes on by itself meanwhile. */
const held = async () => ({ ...(await sumTables(server.database)), account_use_until: '' });
const powers = roles.filter((role) => role !== 'clinician');

describe('helpdesk changes nothing of what somebody with more power than a clinician logs in with', () => {
  it('by any of the calls that name a person', () => assert.ok(rows.length >= 9, rows.map(([name]) => name).join()));

  for (const [name, row] of rows) {
    it(name, async () => {
      let sent = 0;
      for (const power of powers) {
        const { person } = await makeClinician(server, {
          roles: ['clinician', power],
          password: 'plum rain on the roof',
        });
        for (const drawn of fc.sample(validOf(row.body ?? assert.fail('no body')), 8)) {
          const given = drawn as Record<string, unknown>;
          const body = 'person' in given || !namesPerson(row.params) ? { ...given, person: person.id } : given;
          if (row.body?.safeParse(body).success !== true) continue;
          const before = await held();
          const answer = await server.send(clerk, fillPath(row, { person: person.id }), { method: row.method, body });
          const { failure } = (await answer.json()) as { failure?: { code: string } };
          assert.equal(failure?.code, 'CONSOLE_ROLE_MISSING', `${power} ${JSON.stringify(body)}`);
          assert.deepEqual(await held(), before);
          sent += 1;
        }
      }
      assert.ok(sent >= powers.length, `${sent} were sent`);
    });
  }
});
