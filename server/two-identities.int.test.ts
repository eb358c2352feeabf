import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { api, type RouteName } from '#contract/api/index.ts';
import { type Row, roles } from '#contract/api/row.ts';
import { startTestServer, type TestSender, type TestServer } from './testing.ts';
import { connectSenders, gateRefusal, type Senders, type Who } from './testing-senders.ts';
import { validOf } from './testing-shapes.ts';
import { sumTables } from './testing-tables.ts';
import { drawOne, fillPath } from './testing-trial.ts';

let server: TestServer;
let senders: Senders;
before(async () => {
  server = await startTestServer();
  senders = await connectSenders(server);
});
after(() => server.close());

const rows = (Object.entries(api) as [RouteName, Row][]).filter(([, { sender }]) => sender !== 'anyone');
const refusalOf = ({ sender }: Row): string => {
  if (sender === 'terminal') return '400 REQUEST_INVALID';
  return sender === 'directory' ? '401 DIRECTORY_TOKEN_REFUSED' : '403 CONSOLE_FORGED';
};
const cookieOf = (who: Who): string => senders.of(who).headers['cookie'] ?? '';
/** Whom the row names, and what of somebody else comes along with them. */
const pairsOf = (row: Row): readonly { readonly from: Who; readonly headers: Readonly<Record<string, string>> }[] => {
  const token = { authorization: senders.of('directory').headers['authorization'] ?? '' };
  if (row.sender === 'directory') return [{ from: 'directory', headers: { cookie: cookieOf('admin') } }];
  if (row.sender === 'terminal')
    return [token, { cookie: cookieOf('admin') }, { authorization: 'Basic eDp5' }].map((headers) => ({
      from: 'terminal',
      headers,
    }));
  const role = roles.find((each) => gateRefusal(row, each) === undefined) ?? assert.fail('nobody may send it');
  return [token, { authorization: 'Basic eDp5' }].map((headers) => ({ from: role, headers }));
};

describe('a request that comes with the identities of two', () => {
  for (const [name, row] of rows)
    it(`${name} is refused, changes nothing, and is in the log as of whom it is known to be`, async () => {
      server.advance(61_000);
      await senders.refresh();
      await server.app.settled();
      const before = await sumTables(server.database);
      for (const { from, headers } of pairsOf(row)) {
        server.advance(11_000);
        const sender: TestSender = { ...senders.of(from), headers: { ...senders.of(from).headers, ...headers } };
        const type = row.sender === 'directory' ? { 'content-type': 'application/scim+json' } : {};
        const body = row.method === 'GET' ? undefined : row.body === undefined ? {} : drawOne(validOf(row.body));
        const options = { method: row.method, ...(body === undefined ? {} : { body, headers: type }) };
        const answer = await server.send(sender, fillPath(row), options);
        const said = (await answer.json()) as { failure?: { code: string }; detail?: string };
        assert.equal(`${answer.status} ${said.failure?.code ?? said.detail?.split(':')[0]}`, refusalOf(row));
        await server.app.settled();
        const [event] = await server.database.query<{ reason: string; terminal: string | null; person: string | null }>(
          "select reason, terminal, person from event where kind = 'request.refused' order by seq desc limit 1",
        );
        const terminal = from === 'terminal' ? senders.terminal.id : null;
        assert.deepEqual(event, { reason: 'two-identities', terminal, person: null });
      }
      assert.deepEqual(await sumTables(server.database), before);
    });
});

it('each alone is who it says', async () => {
  await senders.refresh();
  assert.equal((await server.call(senders.of('admin'), 'console/me')).status, 200);
  assert.equal((await server.call(senders.of('terminal'), 'nonces/give')).status, 200);
  assert.equal((await server.call(senders.of('directory'), 'scim/find-users')).status, 200);
});
