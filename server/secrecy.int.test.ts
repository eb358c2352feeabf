import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readKeyRings } from './key-file.ts';
import { describeBug } from './log.ts';
import { startTestServer, type TestServer, type TestTerminal } from './testing.ts';
import { begin, finish, makeOwner, must, openBrowser } from './testing-browser.ts';
import { makeCodes, mustBeginEmergency } from './testing-cardless.ts';
import { goodPin, logIn, makeClinician, mustBegin, otherPin, prove, ticketOf } from './testing-login.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer({ ownCluster: true });
});
after(() => server.close());

/** Every row of every table as text. */
const dumpDatabase = async (): Promise<string> => {
  const tables = await server.database.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'public'",
  );
  const parts: string[] = [];
  for (const { name } of tables)
    parts.push(JSON.stringify(await server.database.query(`select t::text from ${name} t`)));
  return parts.join('\n');
};

/** Everything that the server shows once, in an answer, and that lets somebody in; used where that is how it is written. */
const showOnce = async (terminal: TestTerminal): Promise<Record<string, string>> => {
  const admins = [await server.signIn(['admin']), await server.signIn(['admin'])] as const;
  const [admin] = admins;
  const { person } = await makeClinician(server, { roles: ['helpdesk'], pin: false, totp: false });
  const { person: other } = await makeClinician(server, { pin: false, totp: false });
  const about = { params: { person: other.id } };
  const invited = must<{ code: string }>(await server.call(admin, 'people/invite', { params: { person: person.id } }));
  await server.call(server.anyone, 'console/open-invitation', { body: { code: invited.code } });
  const first = must<{ secret: string }>(
    await server.call(admin, 'people/issue-first-secret', { ...about, body: { identity: 'known-in-person' } }),
  );
  const begun = must<{ uri: string }>(await server.call(admin, 'people/begin-totp', about));
  const substitute = must<{ code: string }>(
    await server.call(admin, 'substitutes/issue', {
      ...about,
      body: { kind: 'code', cause: 'forgotten', identity: 'known-in-person' },
    }),
  );
  await server.call(terminal, 'attempts/begin-by-code', {
    body: { lock: crypto.randomUUID(), code: substitute.code, number: other.number },
  });
  const [made] = (await makeCodes(server, admins)).codes;
  const emergency = await mustBeginEmergency(server, terminal, made?.code ?? '');
  const announced = must<{ code: string }>(
    await server.call(admin, 'terminals/announce', { body: { name: 'secret', place: 'x' } }),
  );
  await server.call(server.anyone, 'terminals/enrol', { body: { code: announced.code, request: 'x' } });
  return {
    invitation: invited.code,
    'first secret': first.secret,
    'seed that waits': new URL(begun.uri).searchParams.get('secret') ?? '',
    'substitute code': substitute.code,
    'emergency code': made?.code ?? '',
    'ticket of an emergency': emergency.ticket,
    'enrolment code': announced.code,
  };
};

/** Keys of the server, as they stand in its file: in the database they would open what lies beside them. */
const listKeys = (): string[] => {
  const rings = readKeyRings(server.folder) ?? assert.fail('no keys');
  return Object.values(rings).flatMap((ring) => (ring ?? []).map(({ key }) => key));
};

test('no secret and no card number is written anywhere, whatever was sent', async () => {
  const terminal = await server.enrol();
  const clinician = await makeClinician(server, { password: 'canary-good-password' });
  const login = await logIn(server, terminal, clinician);
  const { attempt } = await mustBegin(server, terminal, clinician.evidence);
  const code = clinician.code();
  await prove(server, terminal, attempt, 'pin', otherPin);
  await prove(server, terminal, attempt, 'totp', code);
  await prove(server, terminal, attempt, 'pin', 'canary\u0000pin');
  const unknown = { ...clinician.evidence, identifier: '0114CA9A12345678' };
  await server.call(terminal, 'attempts/begin', { body: { lock: crypto.randomUUID(), card: unknown } });
  await server.call(server.anyone, 'console/sign-in', {
    body: { number: clinician.person.number, password: 'canary-wrong-password', code },
  });
  await server.call(server.anyone, 'console/sign-in', {
    body: { number: clinician.person.number, password: 'canary-good-password', code: clinician.code(1) },
  });
  await server.call(server.anyone, 'console/enter', { body: { ticket: 'canary-ticket' } });
  await server.call(server.anyone, 'console/accept-invitation', {
    body: { code: 'canary-invitation', password: 'canary-invited', totp: '123456' },
  });
  const owner = await makeOwner(server);
  const browser = openBrowser(server);
  const options = await begin(browser);
  const assertion = owner.authenticator.get(options);
  must(await finish(browser, assertion));
  await finish(browser, { ...assertion, userHandle: Buffer.from('canary').toString('base64url') });
  const shown = await showOnce(terminal);
  for (const [what, one] of Object.entries(shown)) assert.ok(one.length >= 6, what);
  await server.send(terminal, '/v1/attempts?pin=canary-query', { method: 'POST', body: '{"canary-key":1}' });
  let lastWords = '';
  await assert.rejects(server.database.query('select $1::uuid', ['canary-parameter']), (problem) => {
    lastWords = describeBug(problem);
    server.log.error(
      { err: problem, body: { pin: 'canary-body' }, sent: { card: { identifier: 'canary-card' } } },
      'a bug',
    );
    return true;
  });

  const secrets = [
    goodPin,
    otherPin,
    clinician.seed,
    clinician.evidence.identifier,
    clinician.evidence.identifier.toLowerCase(),
    unknown.identifier,
    login.grant.signature,
    login.token,
    ticketOf(login.attempt),
    ticketOf(attempt),
    ...Object.values(shown),
    ...Object.values(shown).map((one) => one.replaceAll('-', '')),
    ...listKeys(),
    ...listKeys().map((key) => Buffer.from(key, 'base64').toString('hex')),
    terminal.key,
    options.challenge,
    assertion.signature,
    browser.cookie.split('=')[1] ?? '',
    'canary',
  ];
  const places = {
    log: server.logged(),
    'log of PostgreSQL': await readFile(join(server.folder, 'postgres/postgres.log'), 'utf8'),
    database: await dumpDatabase(),
    'last words of a server that ends on a bug': lastWords,
  };
  assert.match(lastWords, /22P02\n\s+at /, 'they say what and where');
  assert.match(places.database, /proof\.accepted/, 'the story is in the log');
  for (const [place, text] of Object.entries(places)) {
    for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} stands in the ${place}`);
  }
});
