import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TestConsole, TestServer } from './testing.ts';
import { must, openBrowser } from './testing-browser.ts';
import { logIn, makeClinician } from './testing-login.ts';
import { startTestPair, type TestPair } from './testing-pair.ts';
import { openStream, type TestStream } from './testing-stream.ts';

let pair: TestPair;
let server: TestServer;
let second: TestServer;
let admin: TestConsole;
before(async () => {
  pair = await startTestPair();
  ({ first: server, second } = pair);
  admin = await server.signIn(['admin']);
});
after(() => pair.close());

const watch = async (at: TestServer, who: TestConsole): Promise<TestStream> => {
  const { agent, headers } = at.anyone;
  const stream = await openStream(at, { agent, headers: { ...who.headers, ...headers } }, '/v1/console/stream');
  await stream.next<{ kind?: string; what?: string }>(({ what }) => what === 'hello');
  return stream;
};
const addSomebody = async (): Promise<void> => {
  const answered = await server.call(admin, 'people/add', { body: { number: crypto.randomUUID(), name: 'x' } });
  assert.equal(answered.status, 200, JSON.stringify(answered.body));
};
const ends = {
  'signed out': (who: TestConsole) => server.call(who, 'console/sign-out'),
  'was suspended': ({ person }: TestConsole) =>
    server.call(admin, 'people/suspend', { params: { person }, body: { reason: 'left' } }),
  'has no right there any more': ({ person }: TestConsole) =>
    server.call(admin, 'people/change', { params: { person }, body: { roles: ['clinician'] } }),
} as const;

describe('the stream of a console page', () => {
  it('says what changed, at whichever process of the server', async () => {
    for (const at of [server, second]) {
      const stream = await watch(at, await server.signIn(['auditor']));
      await addSomebody();
      await stream.next<{ kind?: string; what?: string }>(({ what }) => what === 'people' || what === 'events');
      stream.close();
    }
  });

  it('in the window of a terminal tells nothing that came after the terminal locked, and ends', async () => {
    const terminal = await server.enrol();
    for (const at of [server, second]) {
      const { session, token } = await logIn(server, terminal, await makeClinician(server, { roles: ['auditor'] }));
      const asked = await server.call(terminal, 'sessions/open-console', { params: { session }, body: { token } });
      const browser = openBrowser(server);
      must(await browser.call('console/enter', { body: must<{ ticket: string }>(asked) }));
      const stream = await watch(at, { ...admin, headers: { cookie: browser.cookie } });
      const body = { reason: 'idle', endedAt: server.now().toISOString() };
      assert.equal((await server.call(terminal, 'sessions/end', { params: { session }, body })).status, 200);
      const heard = stream.events.length;
      await addSomebody();
      await stream.ended;
      assert.deepEqual(stream.events.slice(heard), []);
    }
  });

  for (const [how, end] of Object.entries(ends)) {
    it(`tells nothing that came after its person ${how}, and ends`, async () => {
      for (const at of [server, second, server, second]) {
        const who = await server.signIn(['auditor']);
        const stream = await watch(at, who);
        assert.equal((await end(who)).status, 200);
        const heard = stream.events.length;
        await addSomebody();
        await stream.ended;
        assert.deepEqual(stream.events.slice(heard), []);
      }
    });
  }
});
