import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { generateSync } from 'otplib';
import type { SignedIn } from '#contract/api/console.ts';
import { startTestServer, type TestServer, type TestTerminal } from '../testing.ts';
import {
  type Browser,
  makeOwner,
  must,
  nextStep,
  type Owner,
  openBrowser,
  password,
  signIn,
  signInBySecrets,
} from '../testing-browser.ts';
import { eventsWhere, logIn, makeClinician } from '../testing-login.ts';

let server: TestServer;
let terminal: TestTerminal;
before(async () => {
  server = await startTestServer();
  terminal = await server.enrol();
});
after(() => server.close());

/** Every way into the console: what comes of the browser that takes it, and who is signed in there then. */
const doors: Readonly<Record<string, (browser: Browser) => Promise<string>>> = {
  'password and code': async (browser) => {
    const person = await makeClinician(server, { roles: ['helpdesk'], password });
    await signInBySecrets(server, person, browser);
    return person.person.id;
  },
  'a passkey': async (browser) => {
    const owner: Owner = await makeOwner(server);
    must(await signIn(browser, owner.authenticator));
    return owner.person.id;
  },
  'the session of a terminal': async (browser) => {
    const person = await makeClinician(server, { roles: ['clinician', 'helpdesk'] });
    const { session, token } = await logIn(server, terminal, person);
    const asked = await server.call(terminal, 'sessions/open-console', { params: { session }, body: { token } });
    must(await browser.call('console/enter', { body: must<{ ticket: string }>(asked) }));
    return person.person.id;
  },
  'an invitation': async (browser) => {
    nextStep(server);
    const { person } = await makeClinician(server, { roles: ['helpdesk'], totp: false });
    const admin = await server.signIn(['admin']);
    const invited = await server.call(admin, 'people/invite', { params: { person: person.id } });
    const { code } = must<{ code: string }>(invited);
    const { uri } = must<{ uri: string }>(await browser.call('console/open-invitation', { body: { code } }));
    const secret = new URL(uri).searchParams.get('secret') ?? '';
    const totp = generateSync({ secret, epoch: Math.floor(server.now().getTime() / 1000) });
    must(await browser.call('console/accept-invitation', { body: { code, password, totp } }));
    return person.id;
  },
};
const tokenOf = (cookie: string): string => cookie.split('=')[1] ?? '';
const stored = async (text: string): Promise<number> =>
  (await server.database.query('select 1 from console_session c where c::text like $1', [`%${text}%`])).length;

describe('whoever comes into the console', () => {
  for (const [door, comeBy] of Object.entries(doors))
    it(`by ${door} has a token that nobody knew before, whatever cookie the browser held`, async () => {
      const made = `__Host-kazasu=${randomBytes(32).toString('base64url')}`;
      const intruder = await makeClinician(server, { roles: ['auditor'], password });
      const known = (await signInBySecrets(server, intruder)).cookie;
      for (const planted of [made, known, '__Host-kazasu=', '__Host-kazasu=x; kazasu=y']) {
        const browser = openBrowser(server, { cookie: planted, csrf: '' });
        const person = await comeBy(browser);
        const token = tokenOf(browser.cookie);
        assert.match(token, /^[\w-]{43}$/, planted);
        assert.ok(!planted.includes(token));
        assert.equal(must<SignedIn>(await browser.call('console/me')).person.id, person);
        // Whoever planted it has no share in what came of it.
        const thief = openBrowser(server, { cookie: planted, csrf: browser.csrf });
        assert.equal((await thief.call('console/me')).code, 'CONSOLE_SIGNED_OUT', planted);
        assert.equal(await stored(token), 0, 'its hash alone is kept');
      }
      const ended = (await eventsWhere(server, 'person', intruder.person.id)).filter(
        ({ kind }) => kind === 'console.signed-out',
      );
      assert.deepEqual(
        ended.map(({ reason }) => reason),
        ['signed-in-anew'],
      );
    });
});

it('a terminal’s session has a token of its own each time, and that of the one before is dead', async () => {
  const person = await makeClinician(server);
  const [first, second] = [await logIn(server, terminal, person), await logIn(server, terminal, person)];
  assert.notEqual(first.token, second.token);
  const touch = ({ session }: { session: string }, token: string) =>
    server.call(terminal, 'sessions/touch', { params: { session }, body: { token, idleSeconds: 0 } });
  assert.equal((await touch(second, second.token)).status, 200);
  for (const [of, token] of [
    [first, first.token],
    [first, second.token],
    [second, first.token],
  ] as const)
    assert.equal((await touch(of, token)).code, 'SESSION_ENDED');
});
