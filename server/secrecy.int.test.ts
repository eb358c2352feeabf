import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startTestServer, type TestServer } from './testing.ts';
import { begin, finish, makeOwner, must, openBrowser } from './testing-browser.ts';
import { goodPin, logIn, makeClinician, mustBegin, otherPin, prove } from './testing-login.ts';

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
  await server.send(terminal, '/v1/attempts?pin=canary-query', { method: 'POST', body: '{"canary-key":1}' });
  await assert.rejects(server.database.query('select $1::uuid', ['canary-parameter']), (problem) => {
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
  };
  assert.match(places.database, /proof\.accepted/, 'the story is in the log');
  for (const [place, text] of Object.entries(places)) {
    for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} stands in the ${place}`);
  }
});
