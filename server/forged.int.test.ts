import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type Answered, startTestServer, type TestConsole, type TestServer, type TestTerminal } from './testing.ts';
import { must, openBrowser } from './testing-browser.ts';
import { makeCodes, mustBeginEmergency } from './testing-cardless.ts';
import { connectDirectory } from './testing-directory.ts';
import { goodPin, logIn, makeClinician, mustBegin } from './testing-login.ts';
import { sumTables } from './testing-tables.ts';

/** Everything that opens something for whoever brings it, and the one place that takes it. */
let server: TestServer;
let terminal: TestTerminal;
let other: TestTerminal;
let admin: TestConsole;
let addresses = 0;
let real: Readonly<Record<string, string>>;
let places: Readonly<Record<string, (token: string) => Promise<Answered>>>;

before(async () => {
  server = await startTestServer();
  [terminal, other] = [await server.enrol(), await server.enrol()];
  const admins = [await server.signIn(['admin']), await server.signIn(['admin'])] as const;
  [admin] = admins;
  const directory = await connectDirectory(server);
  const opened = await logIn(server, other, await makeClinician(server, { roles: ['clinician', 'admin'] }));
  const { session, token } = opened;
  const asked = await server.call(other, 'sessions/open-console', { params: { session }, body: { token } });
  const [sealed] = (await makeCodes(server, admins)).codes;
  const emergency = await mustBeginEmergency(server, terminal, sealed?.code ?? '');
  const { person } = await makeClinician(server, { pin: false, totp: false });
  const invited = await server.call(admin, 'people/invite', { params: { person: person.id } });
  const announced = await server.call(admin, 'terminals/announce', { body: { name: 'forged', place: 'x' } });
  const { attempt, ticket } = await mustBegin(server, terminal, (await makeClinician(server)).evidence);
  real = {
    cookie: (admin.headers['cookie'] ?? '').split('=')[1] ?? '',
    'CSRF token': admin.csrf,
    'token of a directory': directory.token,
    'ticket of an attempt': ticket,
    'ticket of an emergency': emergency.ticket,
    'token of a session': token,
    'ticket for the console': must<{ ticket: string }>(asked).ticket,
    invitation: must<{ code: string }>(invited).code,
    'code of a terminal': must<{ code: string }>(announced).code,
  };
  const { agent, headers } = server.anyone;
  places = {
    cookie: (given) => openBrowser(server, { cookie: `__Host-kazasu=${given}`, csrf: admin.csrf }).call('console/me'),
    'CSRF token': (given) =>
      server.call({ agent, headers: { ...admin.headers, 'x-kazasu-csrf': given } }, 'people/add', {
        body: { number: 'forged', name: 'x' },
      }),
    'token of a directory': async (given) => {
      const answer = await server.send({ agent, headers: { authorization: `Bearer ${given}` } }, '/scim/v2/Users');
      await answer.body?.cancel();
      return { status: answer.status, body: null, code: undefined };
    },
    'ticket of an attempt': (given) =>
      server.call(terminal, 'attempts/prove', {
        params: { attempt },
        body: { ticket: given, factor: 'pin', secret: goodPin },
      }),
    'ticket of an emergency': (given) =>
      server.call(terminal, 'emergencies/open', {
        params: { attempt: emergency.attempt },
        body: { ticket: given, reason: 'patient-urgent' },
      }),
    'token of a session': (given) =>
      server.call(other, 'sessions/touch', { params: { session }, body: { token: given, idleSeconds: 0 } }),
    'ticket for the console': (given) => server.call({ agent, headers }, 'console/enter', { body: { ticket: given } }),
    invitation: (given) => server.call({ agent, headers }, 'console/open-invitation', { body: { code: given } }),
    // Each from an address of its own: few may be looked for from one.
    'code of a terminal': (given) => {
      addresses += 1;
      const from = server.sender({ localAddress: `127.0.8.${addresses}` });
      return server.call(from, 'terminals/enrol', { body: { code: given, request: 'x' } });
    },
  };
});
after(() => server.close());

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** Tokens of the kind that other products take, of which some forget to look at the signature. */
const foreign = (): Readonly<Record<string, string>> => {
  const now = Math.floor(server.now().getTime() / 1000);
  const claims = base64url({ sub: admin.person, roles: ['admin'], aud: server.origin, iat: now, exp: now + 3600 });
  const signed = (head: object, key: string): string => {
    const text = `${base64url(head)}.${claims}`;
    return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
  };
  return {
    'no algorithm': `${base64url({ alg: 'none', typ: 'JWT' })}.${claims}.`,
    'no algorithm, spelt otherwise': `${base64url({ alg: 'nOnE' })}.${claims}.`,
    'no signature': `${base64url({ alg: 'HS256', kid: '1' })}.${claims}.`,
    'an empty key': signed({ alg: 'HS256', kid: '' }, ''),
    'a public key as the secret one': signed({ alg: 'HS256' }, server.keys.secrets.grantKeys()[0]?.key ?? ''),
    'an unknown key': signed({ alg: 'HS256', kid: '../../../dev/null' }, ''),
    'a key of its own': signed({ alg: 'HS256', jku: 'https://evil.example/keys', jwk: { kty: 'oct', k: 'AA' } }, 'A'),
  };
};
const changed = (token: string): Readonly<Record<string, string>> => ({
  empty: '',
  cut: token.slice(0, -1),
  lengthened: `${token}A`,
  doubled: `${token}${token}`,
  'in other letters': token === token.toUpperCase() ? `${token}0` : token.toUpperCase(),
  'one letter changed': `${token.slice(0, 6)}${token[6] === 'B' ? 'C' : 'B'}${token.slice(7)}`,
});

describe('whatever opens something opens it where it is meant to, and nothing else does', () => {
  for (const place of [
    ...['cookie', 'CSRF token', 'token of a directory', 'ticket of an attempt', 'ticket of an emergency'],
    ...['token of a session', 'ticket for the console', 'invitation', 'code of a terminal'],
  ])
    it(place, async () => {
      const bring = places[place] ?? assert.fail(place);
      const others = Object.fromEntries(Object.entries(real).filter(([name]) => name !== place));
      const tried = { ...others, ...foreign(), ...changed(real[place] ?? '') };
      await server.app.settled();
      const before = await sumTables(server.database);
      for (const [what, token] of Object.entries(tried)) {
        const { status, body } = await bring(token);
        assert.ok(status >= 400 && status < 500, `${what}: ${status} ${JSON.stringify(body)}`);
      }
      await server.app.settled();
      assert.deepEqual(await sumTables(server.database), before);
    });

  it('and each is taken in its own place after all that', async () => {
    for (const place of ['cookie', 'CSRF token', 'token of a directory', 'token of a session', 'invitation']) {
      const { status, body } = await (places[place] ?? assert.fail(place))(real[place] ?? '');
      assert.equal(status, 200, `${place}: ${JSON.stringify(body)}`);
    }
  });
});
