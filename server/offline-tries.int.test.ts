import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { nameProof } from '#core/policy/proof-name.ts';
import { startTestServer, type TestServer, type TestTerminal } from './testing.ts';
import {
  begin,
  eventsWhere,
  goodPin,
  logIn,
  makeClinician,
  mustBegin,
  otherPin,
  prove,
  ticketOf,
} from './testing-login.ts';
import { hour, report, wrongOf } from './testing-offline.ts';

let server: TestServer;
let terminal: TestTerminal;
let ward: TestTerminal;
before(async () => {
  server = await startTestServer();
  terminal = await server.enrol();
  ward = await server.enrol();
});
after(() => server.close());

test('wrong tries without the server count with the others, once', async () => {
  const clinician = await makeClinician(server);
  await logIn(server, terminal, clinician);
  await report(server, terminal, [wrongOf(clinician), wrongOf(clinician), wrongOf(clinician, 'unknown')]);
  const [pin] = await server.database.query<{ failures: number }>(
    `select failures from credential where person = $1 and kind = 'pin'`,
    [clinician.person.id],
  );
  assert.equal(pin?.failures, 2);
});

test('what was typed once is one try where both the server and its terminal have looked at it, and no more is left out', async () => {
  const clinician = await makeClinician(server);
  const failures = async (): Promise<number | undefined> => {
    const query = `select failures from credential where person = $1 and kind = 'pin'`;
    return (await server.database.query<{ failures: number }>(query, [clinician.person.id]))[0]?.failures;
  };
  await logIn(server, terminal, clinician);
  await logIn(server, ward, clinician);
  const { attempt } = await mustBegin(server, terminal, clinician.evidence);
  const idempotencyKey = randomBytes(16).toString('base64url');
  const body = { ticket: ticketOf(attempt), factor: 'pin', secret: otherPin, idempotencyKey };
  assert.equal((await server.call(terminal, 'attempts/prove', { params: { attempt }, body })).code, 'PROOF_WRONG');
  assert.equal(await failures(), 1);
  const told = (key: string) => ({ ...wrongOf(clinician), detail: { proof: nameProof(key) } });
  await report(server, ward, [told(idempotencyKey)]);
  assert.equal(await failures(), 2, 'at another terminal');
  await report(server, terminal, [told(idempotencyKey)]);
  assert.equal(await failures(), 2);
  await report(server, terminal, [told(idempotencyKey)]);
  assert.equal(await failures(), 3, 'told of twice');
  await report(server, terminal, [told('never-came-to-the-server'), told(idempotencyKey)]);
  assert.equal(await failures(), 5);
});

test('so many without the server lock the PIN as with it, from when they were made, and disable nothing', async () => {
  const known = await makeClinician(server, { totp: false });
  await logIn(server, terminal, known);
  const { attempt } = await mustBegin(server, terminal, known.evidence);
  await prove(server, terminal, attempt, 'pin', otherPin);
  await report(server, terminal, Array(4).fill(wrongOf(known)));
  assert.equal((await prove(server, terminal, attempt, 'pin', goodPin)).code, 'PROOF_LOCKED');
  assert.equal((await begin(server, terminal, known.evidence)).code, 'CARD_REFUSED');
  const locks = (await eventsWhere(server, 'person', known.person.id)).filter(
    ({ kind }) => kind === 'credential.locked',
  );
  assert.deepEqual(
    locks.map(({ reason, detail }) => [reason, detail]),
    [['locked', { failures: 5, where: 'offline' }]],
  );
  server.advance(61_000);
  await logIn(server, terminal, known);

  const late = await makeClinician(server, { totp: false });
  await logIn(server, terminal, late);
  const before = server.now();
  server.advance(hour);
  await report(server, terminal, Array(30).fill(wrongOf(late)), before);
  const { attempt: next } = await mustBegin(server, terminal, late.evidence);
  assert.equal((await prove(server, terminal, next, 'pin', otherPin)).code, 'PROOF_LOCKED', 'one more is the last');
});
