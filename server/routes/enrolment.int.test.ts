import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { CeremonyState } from '#contract/api/people.ts';
import type { CardEvidence } from '#contract/card.ts';
import { expire } from '../expiry.ts';
import { startTestServer, type TestConsole, type TestServer, type TestTerminal } from '../testing.ts';
import {
  begin,
  eventsWhere,
  goodPin,
  logIn,
  makeClinician,
  makeEvidence,
  mustBegin,
  otherPin,
  prove,
} from '../testing-login.ts';

let server: TestServer;
let terminal: TestTerminal;
let other: TestTerminal;
let desk: TestConsole;
let admin: TestConsole;

const goOnline = (at: TestTerminal) =>
  server.database.query('update terminal set connected_at = $2, last_seen_at = $2 where id = $1', [
    at.id,
    server.now(),
  ]);

before(async () => {
  server = await startTestServer();
  [terminal, other] = [await server.enrol(), await server.enrol()];
  desk = await server.signIn(['helpdesk']);
  admin = await server.signIn(['admin']);
});
after(() => server.close());

const askOf = (at: TestTerminal, task: 'card' | 'pin', person: string, by: TestConsole) =>
  server.call(by, 'ceremonies/begin', { body: { task, person, terminal: at.id, label: '職員\u0000証' } });
const ask = async (task: 'card' | 'pin', person: string, at = terminal, by = desk) => {
  await goOnline(at);
  return askOf(at, task, person, by);
};
const mustAsk = async (...given: Parameters<typeof ask>): Promise<string> => {
  const answered = await ask(...given);
  assert.equal(answered.status, 200, JSON.stringify(answered.body));
  return (answered.body as { ceremony: CeremonyState }).ceremony.id;
};
const giveCard = (ceremony: string, card: CardEvidence, at = terminal) =>
  server.call(at, 'ceremonies/give-card', { params: { ceremony }, body: { card } });
const givePin = (ceremony: string, pin: string, at = terminal) =>
  server.call(at, 'ceremonies/give-pin', { params: { ceremony }, body: { pin } });
const stateOf = async (ceremony: string) =>
  ((await server.call(desk, 'ceremonies/show', { params: { ceremony } })).body as { ceremony: CeremonyState }).ceremony;
const kindsOf = async (ceremony: string) => (await eventsWhere(server, 'ceremony', ceremony)).map(({ kind }) => kind);

describe('enrolling a card', () => {
  it('binds the card that was held, and the person logs in with it', async () => {
    const { person } = await makeClinician(server);
    const ceremony = await mustAsk('card', person.id);
    assert.equal((await stateOf(ceremony)).state, 'waiting');
    const evidence = makeEvidence();
    assert.deepEqual((await giveCard(ceremony, evidence)).body, { next: 'done', nonce: null });
    const { state, card } = await stateOf(ceremony);
    assert.equal(state, 'done');
    assert.deepEqual([card?.label, card?.ending, card?.state], ['職員証', evidence.identifier.slice(-4), 'active']);
    assert.deepEqual(await kindsOf(ceremony), ['ceremony.begun', 'card.enrolled']);
    const { attempt } = await mustBegin(server, terminal, evidence);
    assert.equal((await prove(server, terminal, attempt, 'pin', goodPin)).status, 200);
  });

  it('refuses a card that is taken or random, and waits for another', async () => {
    const [one, two] = [await makeClinician(server), await makeClinician(server)];
    const ceremony = await mustAsk('card', one.person.id);
    for (const taken of [one.evidence, two.evidence]) {
      assert.equal((await giveCard(ceremony, taken)).code, 'CARD_TAKEN');
      assert.equal((await stateOf(ceremony)).problem, 'CARD_TAKEN');
    }
    for (const random of [
      { technology: 'iso14443a', identifier: '08112233', assurance: 'identifier' },
      { technology: 'iso14443b', identifier: '11223344', assurance: 'identifier' },
      { technology: 'felica', systemCode: '12FC', identifier: '01FE112233445566', assurance: 'identifier' },
    ] as const) {
      assert.equal((await giveCard(ceremony, random)).code, 'CARD_RANDOM');
    }
    assert.equal((await giveCard(ceremony, makeEvidence())).status, 200);
    const kinds = await kindsOf(ceremony);
    assert.equal(kinds.filter((kind) => kind === 'card.enrolment-refused').length, 5);
    assert.equal(kinds.at(-1), 'card.enrolled');
  });

  it('gives one card to one person though two terminals send it at once', async () => {
    const [one, two] = [await makeClinician(server), await makeClinician(server)];
    const [first, second] = [await mustAsk('card', one.person.id), await mustAsk('card', two.person.id, other)];
    const evidence = makeEvidence();
    const answers = await Promise.all([giveCard(first, evidence), giveCard(second, evidence, other)]);
    assert.deepEqual(answers.map(({ code }) => code ?? 'done').sort(), ['CARD_TAKEN', 'done']);
  });

  it('takes a card again that was revoked before, as a new one', async () => {
    const { person, card, evidence } = await makeClinician(server);
    await server.call(desk, 'cards/revoke', { params: { card }, body: { reason: 'left' } });
    assert.equal((await begin(server, terminal, evidence)).code, 'CARD_REFUSED');
    assert.equal((await giveCard(await mustAsk('card', person.id), evidence)).status, 200);
    assert.equal((await begin(server, terminal, evidence)).status, 200);
  });
});

describe('setting a PIN', () => {
  it('comes after the person held a card of theirs, and opens then', async () => {
    const clinician = await makeClinician(server, { pin: false, totp: false });
    const ceremony = await mustAsk('pin', clinician.person.id);
    assert.equal((await givePin(ceremony, otherPin)).code, 'CEREMONY_ENDED');
    for (const foreign of [(await makeClinician(server)).evidence, makeEvidence()]) {
      assert.equal((await giveCard(ceremony, foreign)).code, 'CEREMONY_OTHER_CARD');
    }
    assert.deepEqual((await giveCard(ceremony, clinician.evidence)).body, { next: 'choose-pin', nonce: null });
    assert.equal((await stateOf(ceremony)).state, 'card-held');
    for (const [pin, code] of [
      ['1234567', 'PIN_LENGTH'],
      ['abcdefgh', 'PIN_LENGTH'],
      ['12345678', 'PIN_EASY'],
      ['19800214', 'PIN_EASY'],
    ] as const) {
      assert.equal((await givePin(ceremony, pin)).code, code);
    }
    assert.equal((await givePin(ceremony, otherPin)).status, 200);
    assert.equal((await givePin(ceremony, otherPin)).code, 'CEREMONY_ENDED');
    assert.equal((await stateOf(ceremony)).state, 'done');
    const kinds = await kindsOf(ceremony);
    assert.deepEqual([kinds.filter((kind) => kind === 'pin.refused').length, kinds.at(-1)], [6, 'pin.set']);
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, terminal, attempt, 'pin', otherPin)).status, 200);
  });

  it('ends the PIN before it, its count and its lock', async () => {
    const clinician = await makeClinician(server, { totp: false });
    await server.database.query(`update credential set failures = 20, state = 'disabled' where person = $1`, [
      clinician.person.id,
    ]);
    const ceremony = await mustAsk('pin', clinician.person.id);
    await giveCard(ceremony, clinician.evidence);
    assert.equal((await givePin(ceremony, otherPin)).status, 200);
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, terminal, attempt, 'pin', goodPin)).code, 'PROOF_WRONG');
    assert.equal((await prove(server, terminal, attempt, 'pin', otherPin)).status, 200);
  });

  it('is void when the card was revoked after it was held', async () => {
    const clinician = await makeClinician(server);
    const ceremony = await mustAsk('pin', clinician.person.id);
    await giveCard(ceremony, clinician.evidence);
    await server.call(desk, 'cards/revoke', { params: { card: clinician.card }, body: { reason: 'lost' } });
    assert.equal((await givePin(ceremony, otherPin)).code, 'CEREMONY_ENDED');
  });

  it('shows the PIN to nobody', async () => {
    const clinician = await makeClinician(server);
    const ceremony = await mustAsk('pin', clinician.person.id);
    await giveCard(ceremony, clinician.evidence);
    await givePin(ceremony, '12345678');
    await givePin(ceremony, otherPin);
    const events = JSON.stringify(await eventsWhere(server, 'ceremony', ceremony));
    const shown = JSON.stringify([
      await stateOf(ceremony),
      (await server.call(desk, 'people/show', { params: { person: clinician.person.id } })).body,
    ]);
    for (const pin of ['12345678', otherPin]) assert.ok(!`${events}${shown}${server.logged()}`.includes(pin));
  });
});

describe('an enrolment step', () => {
  it('belongs to its terminal', async () => {
    const { person, evidence } = await makeClinician(server);
    const ceremony = await mustAsk('pin', person.id);
    assert.equal((await giveCard(ceremony, evidence, other)).code, 'TERMINAL_OTHER');
    assert.equal((await givePin(ceremony, otherPin, other)).code, 'TERMINAL_OTHER');
    assert.equal((await server.call(other, 'ceremonies/leave', { params: { ceremony } })).code, 'TERMINAL_OTHER');
    assert.equal((await eventsWhere(server, 'ceremony', ceremony)).at(-1)?.reason, 'other-terminal');
  });

  it('is asked of a terminal that is there', async () => {
    const { person } = await makeClinician(server);
    const away = await server.enrol();
    assert.equal((await askOf(away, 'card', person.id, desk)).code, 'TERMINAL_OFFLINE');
    assert.equal(
      (await ask('card', person.id, { ...terminal, id: randomUUID() as TestTerminal['id'] })).code,
      'TERMINAL_UNKNOWN',
    );
    assert.equal((await ask('card', randomUUID())).code, 'PERSON_UNKNOWN');
  });

  it('gives way to a newer one at the same terminal', async () => {
    const { person } = await makeClinician(server);
    const first = await mustAsk('card', person.id);
    const second = await mustAsk('card', person.id);
    assert.equal((await giveCard(first, makeEvidence())).code, 'CEREMONY_ENDED');
    assert.equal((await stateOf(first)).state, 'cancelled');
    assert.equal((await giveCard(second, makeEvidence())).status, 200);
  });

  it('ends after two minutes, when it is cancelled, and when the person leaves', async () => {
    const { person } = await makeClinician(server);
    const cancelled = await mustAsk('card', person.id);
    assert.equal((await server.call(desk, 'ceremonies/cancel', { params: { ceremony: cancelled } })).status, 200);
    assert.equal(
      (await server.call(desk, 'ceremonies/cancel', { params: { ceremony: cancelled } })).code,
      'CEREMONY_ENDED',
    );
    const left = await mustAsk('card', person.id);
    assert.equal((await server.call(terminal, 'ceremonies/leave', { params: { ceremony: left } })).status, 200);
    const late = await mustAsk('card', person.id);
    server.advance(120_001);
    assert.equal((await giveCard(late, makeEvidence())).code, 'CEREMONY_ENDED');
    assert.equal((await stateOf(late)).state, 'expired');
    await expire(server.deps);
    for (const [ceremony, reason] of [
      [cancelled, 'cancelled'],
      [left, 'left'],
      [late, 'too-slow'],
    ] as const) {
      const last = (await eventsWhere(server, 'ceremony', ceremony)).at(-1);
      assert.deepEqual([last?.kind, last?.reason], ['ceremony.ended', reason]);
    }
  });

  it('ends with who asked for it: suspended, or no helpdesk any more', async () => {
    const leave = {
      suspended: ({ person }: TestConsole) =>
        server.call(admin, 'people/suspend', { params: { person }, body: { reason: 'left' } }),
      moved: ({ person }: TestConsole) =>
        server.call(admin, 'people/change', { params: { person }, body: { roles: ['clinician', 'auditor'] } }),
    };
    for (const [how, end] of Object.entries(leave)) {
      const [clerk, staying] = [await server.signIn(['helpdesk']), await makeClinician(server, { totp: false })];
      const held = await mustAsk('pin', staying.person.id, terminal, clerk);
      assert.equal((await giveCard(held, staying.evidence)).status, 200);
      const [evidence, fresh] = [makeEvidence(), await makeClinician(server, { pin: false, totp: false })];
      const waiting = await mustAsk('card', fresh.person.id, other, clerk);
      assert.equal((await end(clerk)).status, 200, how);
      assert.equal((await givePin(held, otherPin)).code, 'CEREMONY_ENDED', how);
      assert.equal((await giveCard(waiting, evidence, other)).code, 'CEREMONY_ENDED', how);
      for (const ceremony of [held, waiting]) {
        const last = (await eventsWhere(server, 'ceremony', ceremony)).at(-1);
        assert.deepEqual([last?.kind, last?.reason, last?.actor], ['ceremony.ended', 'cancelled', admin.person], how);
      }
      const { attempt } = await mustBegin(server, terminal, staying.evidence);
      assert.equal((await prove(server, terminal, attempt, 'pin', goodPin)).status, 200, 'the PIN before is in force');
      assert.equal((await begin(server, other, evidence)).code, 'CARD_REFUSED');
    }
  });

  it('of somebody who holds power is an admin’s to ask for', async () => {
    const boss = await makeClinician(server, { roles: ['clinician', 'admin'] });
    assert.equal((await ask('card', boss.person.id)).code, 'CONSOLE_ROLE_MISSING');
    assert.equal((await ask('pin', desk.person)).code, 'CONSOLE_ROLE_MISSING');
    assert.equal((await ask('card', boss.person.id, terminal, admin)).status, 200);
  });
});

describe('a TOTP seed', () => {
  it('is in force after its first code, and then the one before is dead', async () => {
    const clinician = await makeClinician(server, { pin: false });
    const params = { person: clinician.person.id };
    const confirm = (code: string) => server.call(desk, 'people/confirm-totp', { params, body: { code } });
    assert.equal((await confirm('000000')).code, 'TOTP_NOT_BEGUN');
    const begun = await server.call(desk, 'people/begin-totp', { params });
    const uri = new URL((begun.body as { uri: string }).uri);
    const seed = uri.searchParams.get('secret') ?? '';
    const { generateSync } = await import('otplib');
    const fresh = (steps = 0) =>
      generateSync({ secret: seed, epoch: Math.floor(server.now().getTime() / 1000) + steps * 30 });
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, terminal, attempt, 'totp', fresh())).code, 'PROOF_WRONG');
    assert.equal((await confirm('000000')).code, 'TOTP_WRONG');
    assert.equal((await confirm(fresh())).status, 200);
    assert.equal((await confirm(fresh())).code, 'TOTP_NOT_BEGUN');
    assert.equal((await prove(server, terminal, attempt, 'totp', clinician.code())).code, 'PROOF_WRONG');
    assert.equal((await prove(server, terminal, attempt, 'totp', fresh())).code, 'PROOF_WRONG');
    assert.equal((await prove(server, terminal, attempt, 'totp', fresh(1))).status, 200);
    const kinds = (await eventsWhere(server, 'person', clinician.person.id)).map(({ kind }) => kind);
    for (const kind of ['totp.begun', 'totp.refused', 'totp.enrolled']) assert.ok(kinds.includes(kind));
    const dump = JSON.stringify(await server.database.query('select secret, pending from credential'));
    assert.ok(!dump.includes(seed));
  });

  it('that is never confirmed changes nothing', async () => {
    const clinician = await makeClinician(server, { pin: false });
    await server.call(desk, 'people/begin-totp', { params: { person: clinician.person.id } });
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, terminal, attempt, 'totp', clinician.code())).status, 200);
    server.advance(10 * 60_000 + 1);
    assert.equal(
      (
        await server.call(desk, 'people/confirm-totp', {
          params: { person: clinician.person.id },
          body: { code: '123456' },
        })
      ).code,
      'TOTP_NOT_BEGUN',
    );
  });
});

describe('revoking', () => {
  it('a card ends its person’s sessions and refuses it from then on, with numbered order and events', async () => {
    const clinician = await makeClinician(server);
    const { session } = await logIn(server, terminal, clinician);
    const pending = await mustBegin(server, other, clinician.evidence);
    const revoke = () =>
      server.call(desk, 'cards/revoke', { params: { card: clinician.card }, body: { reason: '紛失' } });
    const answers = await Promise.all([revoke(), revoke(), revoke()]);
    const numbers = new Set(answers.map(({ body }) => (body as { revocation: number }).revocation));
    assert.equal(numbers.size, 1);
    assert.deepEqual((await eventsWhere(server, 'session', session)).at(-1)?.reason, 'revoked');
    assert.equal((await prove(server, other, pending.attempt, 'pin', goodPin)).code, 'CARD_REFUSED');
    assert.equal((await begin(server, terminal, clinician.evidence)).code, 'CARD_REFUSED');
    const kinds = (await eventsWhere(server, 'person', clinician.person.id)).map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === 'card.revoked').length, 1);
    assert.equal(kinds.filter((kind) => kind === 'revocation.issued').length, 1);
    assert.equal(
      (await server.call(desk, 'cards/revoke', { params: { card: randomUUID() }, body: { reason: 'x' } })).code,
      'CARD_UNKNOWN',
    );
    const { revocations } = (await server.call(admin, 'revocations/list')).body as {
      revocations: { number: number; receipts: unknown[] }[];
    };
    assert.ok(numbers.has(revocations[0]?.number ?? 0));
    assert.ok((revocations[0]?.receipts.length ?? 0) >= 2);
  });

  it('races a login and wins: afterwards there is no open session', async () => {
    for (let round = 0; round < 8; round += 1) {
      const clinician = await makeClinician(server);
      const { attempt } = await mustBegin(server, terminal, clinician.evidence);
      await Promise.all([
        prove(server, terminal, attempt, 'pin', goodPin),
        server.call(desk, 'cards/revoke', { params: { card: clinician.card }, body: { reason: 'lost' } }),
      ]);
      const open = await server.database.query('select 1 from session where person = $1 and ended_at is null', [
        clinician.person.id,
      ]);
      assert.equal(open.length, 0);
    }
  });

  it('a person ends everything of theirs, and nobody suspends themself', async () => {
    const clinician = await makeClinician(server, { roles: ['clinician', 'helpdesk'] });
    const { session } = await logIn(server, terminal, clinician);
    const suspend = (person: string, by = admin) =>
      server.call(by, 'people/suspend', { params: { person }, body: { reason: 'left' } });
    assert.equal((await suspend(admin.person)).code, 'PERSON_SELF');
    assert.equal((await suspend(clinician.person.id, desk)).code, 'CONSOLE_ROLE_MISSING');
    assert.equal((await suspend(randomUUID())).code, 'PERSON_UNKNOWN');
    const first = await suspend(clinician.person.id);
    assert.equal(first.status, 200);
    assert.deepEqual((await suspend(clinician.person.id)).body, first.body);
    assert.equal((await eventsWhere(server, 'session', session)).at(-1)?.reason, 'revoked');
    assert.equal((await begin(server, terminal, clinician.evidence)).code, 'CARD_REFUSED');
  });

  it('a person signs them out of the console', async () => {
    const auditor = await server.signIn(['auditor']);
    assert.equal((await server.call(auditor, 'console/me')).status, 200);
    await server.call(admin, 'people/suspend', { params: { person: auditor.person }, body: { reason: 'left' } });
    assert.equal((await server.call(auditor, 'console/me')).code, 'CONSOLE_SIGNED_OUT');
  });
});
