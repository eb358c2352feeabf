import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { CardSummary, CeremonyState } from '#contract/api/people.ts';
import type { CardEvidence } from '#contract/card.ts';
import { startTestServer, type TestConsole, type TestServer, type TestTerminal } from '../testing.ts';
import {
  answerOf,
  bindKey,
  listAuthority,
  type Made,
  makeAuthority,
  makeCertificate,
  nonceFor,
  tapOf,
} from '../testing-card.ts';
import { begin, eventsWhere, goodPin, makeClinician, mustBegin, otherPin, prove } from '../testing-login.ts';

let server: TestServer;
let terminal: TestTerminal;
let other: TestTerminal;
let desk: TestConsole;
let authority: Made;

before(async () => {
  server = await startTestServer();
  [terminal, other] = [await server.enrol(), await server.enrol()];
  desk = await server.signIn(['helpdesk']);
  authority = await makeAuthority();
  await listAuthority(server, await server.signIn(['admin']), authority);
});
after(() => server.close());

const ask = async (task: 'card' | 'pin', person: string): Promise<string> => {
  await server.database.query('update terminal set connected_at = $2, last_seen_at = $2 where id = $1', [
    terminal.id,
    server.now(),
  ]);
  const body = { task, person, terminal: terminal.id, label: '職員証' };
  const answered = await server.call(desk, 'ceremonies/begin', { body });
  assert.equal(answered.status, 200, JSON.stringify(answered.body));
  return (answered.body as { ceremony: CeremonyState }).ceremony.id;
};
const giveCard = (ceremony: string, card: CardEvidence) =>
  server.call(terminal, 'ceremonies/give-card', { params: { ceremony }, body: { card } });
const stateOf = async (ceremony: string) =>
  ((await server.call(desk, 'ceremonies/show', { params: { ceremony } })).body as { ceremony: CeremonyState }).ceremony;
const uid = (): string => `04${Math.random().toString(16).slice(2, 14).padEnd(12, '0').toUpperCase()}`;
const byNumber = (identifier: string): CardEvidence => ({
  technology: 'iso14443a',
  identifier,
  assurance: 'identifier',
});

describe('enrolling a card that proves its key', () => {
  it('binds the key to the card, and the person logs in with it', async () => {
    const { person } = await makeClinician(server, { totp: false });
    const key = await makeCertificate({}, authority);
    const ceremony = await ask('card', person.id);
    const held = { ...(await tapOf(server, terminal, key)), uid: uid() };
    const { body } = await giveCard(ceremony, held);
    const { next, nonce } = body as { next: string; nonce: { nonce: string } };
    assert.equal(next, 'done');
    const card = (await stateOf(ceremony)).card as CardSummary;
    assert.deepEqual([card.technology, card.assurance], ['piv', 'pki']);
    const [row] = await server.database.query<{ certificate: Buffer; public_key: Buffer }>(
      'select certificate, public_key from card where id = $1',
      [card.id],
    );
    assert.ok(row?.certificate.equals(key.der));
    assert.ok(row?.public_key.equals(Buffer.from(key.certificate.publicKey.rawData)));
    const enrolled = (await eventsWhere(server, 'ceremony', ceremony)).at(-1);
    assert.equal(enrolled?.kind, 'card.enrolled');
    assert.deepEqual([enrolled.detail['technology'], enrolled.detail['assurance']], ['piv', 'pki']);
    const { attempt } = await mustBegin(server, terminal, answerOf(key, nonce, terminal.id));
    assert.equal((await prove(server, terminal, attempt, 'pin', goodPin)).status, 200);
    assert.equal((await begin(server, terminal, byNumber(held.uid))).code, 'CARD_REFUSED');
  });

  it('refuses one that does not prove itself, says so to helpdesk, and waits for another', async () => {
    const { person } = await makeClinician(server);
    const key = await makeCertificate({}, authority);
    const ceremony = await ask('card', person.id);
    const recorded = await tapOf(server, terminal, key);
    await begin(server, terminal, recorded);
    const { proof: _, ...silent } = await tapOf(server, terminal, key);
    const bad: [CardEvidence, string][] = [
      [silent, 'proof-missing'],
      [recorded, 'nonce-used'],
      [answerOf(key, await nonceFor(server, other), terminal.id), 'nonce-unknown'],
      [answerOf(key, await nonceFor(server, terminal), other.id), 'signature-wrong'],
      [await tapOf(server, terminal, await makeCertificate()), 'certificate-self-signed'],
      [await tapOf(server, terminal, await makeCertificate({ from: -9, until: -1 }, authority)), 'certificate-expired'],
    ];
    for (const [card, reason] of bad) {
      assert.equal((await giveCard(ceremony, card)).code, 'CARD_UNPROVEN', reason);
      assert.equal((await stateOf(ceremony)).problem, 'CARD_UNPROVEN');
      const event = (await eventsWhere(server, 'ceremony', ceremony)).at(-1);
      assert.deepEqual([event?.kind, event?.reason], ['card.enrolment-refused', reason]);
    }
    assert.equal((await giveCard(ceremony, await tapOf(server, terminal, key))).status, 200);
  });

  it('takes no card twice: neither by its key nor by a number under which it is in use', async () => {
    const [one, two] = [await makeClinician(server), await makeClinician(server)];
    const key = await makeCertificate({}, authority);
    const number = uid();
    assert.equal((await giveCard(await ask('card', one.person.id), byNumber(number))).status, 200);
    const ceremony = await ask('card', two.person.id);
    assert.equal(
      (await giveCard(ceremony, { ...(await tapOf(server, terminal, key)), uid: number })).code,
      'CARD_TAKEN',
    );
    await bindKey(server, terminal, one.person.id, key);
    assert.equal((await giveCard(ceremony, await tapOf(server, terminal, key))).code, 'CARD_TAKEN');
  });

  it('lets a card that is known by its number log in as before, and says no more of it', async () => {
    const { person } = await makeClinician(server, { totp: false });
    const key = await makeCertificate({}, authority);
    const number = uid();
    assert.equal((await giveCard(await ask('card', person.id), byNumber(number))).status, 200);
    const { attempt, greeting } = await mustBegin(server, terminal, {
      ...(await tapOf(server, terminal, key)),
      uid: number,
    });
    assert.equal(greeting.person, person.id);
    const [begun] = await eventsWhere(server, 'attempt', attempt);
    assert.equal(begun?.detail['assurance'], 'identifier');
  });
});

describe('setting a PIN with a card that was enrolled with its key', () => {
  it('wants the key and not the number', async () => {
    const { person } = await makeClinician(server, { pin: false, totp: false });
    const key = await makeCertificate({}, authority);
    await bindKey(server, terminal, person.id, key);
    const ceremony = await ask('pin', person.id);
    const { proof: _, ...silent } = await tapOf(server, terminal, key);
    assert.equal((await giveCard(ceremony, silent)).code, 'CARD_UNPROVEN');
    const last = (await eventsWhere(server, 'ceremony', ceremony)).at(-1);
    assert.deepEqual([last?.kind, last?.reason], ['pin.refused', 'proof-missing']);
    const { body } = await giveCard(ceremony, await tapOf(server, terminal, key));
    assert.equal((body as { next: string }).next, 'choose-pin');
    const params = { ceremony };
    assert.equal((await server.call(terminal, 'ceremonies/give-pin', { params, body: { pin: otherPin } })).status, 200);
  });
});
