import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import { hashSecret } from '../credentials.ts';
import { setInitialSecret, setSecret } from '../store/credentials.ts';
import { startTestServer, type TestServer, type TestTerminal } from '../testing.ts';
import { password } from '../testing-browser.ts';
import {
  begin,
  type Clinician,
  eventsWhere,
  failureOf,
  giveCard,
  goodPin,
  logIn,
  makeClinician,
  mustBegin,
  otherPin,
  prove,
} from '../testing-login.ts';

let server: TestServer;
let terminal: TestTerminal;
let other: TestTerminal;

before(async () => {
  server = await startTestServer();
  [terminal, other] = await Promise.all([server.enrol('3東-NS-01'), server.enrol('4西-NS-01')]);
});
beforeEach(() => server.applyPolicy({}));
after(() => server.close());

const setFailures = ({ person }: Clinician, kind: string, failures: number) =>
  server.database.query('update credential set failures = $3 where person = $1 and kind = $2', [
    person.id,
    kind,
    failures,
  ]);

describe('wrong tries', () => {
  it('lock for longer each time', async () => {
    const clinician = await makeClinician(server, { totp: false });
    const lengths: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const begun = await mustBegin(server, terminal, clinician.evidence);
      for (let tries = 0; tries < 5; tries += 1) await prove(server, terminal, begun.attempt, 'pin', otherPin);
      const [row] = await server.database.query<{ until: Date }>(
        `select locked_until as until from credential where person = $1 and kind = 'pin'`,
        [clinician.person.id],
      );
      lengths.push(Math.round(((row?.until.getTime() ?? 0) - server.now().getTime()) / 60_000));
      server.advance((row?.until.getTime() ?? 0) - server.now().getTime() + 1);
    }
    assert.deepEqual(lengths, [1, 2, 4]);
  });

  it('at the hard limit disable the card with the secret, until helpdesk binds them anew', async () => {
    const clinician = await makeClinician(server);
    await setFailures(clinician, 'pin', 19);
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, terminal, attempt, 'pin', otherPin)).code, 'PROOF_LOCKED');
    const [row] = await server.database.query<{ card: string; pin: string }>(
      `select (select state from card where id = $1) as card,
              (select state from credential where person = $2 and kind = 'pin') as pin`,
      [clinician.card, clinician.person.id],
    );
    assert.deepEqual(row, { card: 'disabled', pin: 'disabled' });
    const failure = failureOf(await begin(server, terminal, clinician.evidence));
    assert.equal(failure.code, 'CARD_REFUSED');
    const [event] = await eventsWhere(server, 'support_code', failure.supportCode ?? '');
    assert.equal(event?.reason, 'card-disabled');
  });

  it('of one factor do not buy more of another: the hard limit is for the person', async () => {
    const clinician = await makeClinician(server);
    await setFailures(clinician, 'pin', 17);
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    for (let tries = 0; tries < 2; tries += 1) {
      assert.equal((await prove(server, terminal, attempt, 'totp', '000000')).code, 'PROOF_WRONG');
    }
    assert.equal((await prove(server, terminal, attempt, 'totp', '000000')).code, 'PROOF_LOCKED');
    assert.equal((await begin(server, terminal, clinician.evidence)).code, 'CARD_REFUSED');
  });

  it('that disabled a factor stand in the way of no other one, which has its own limit', async () => {
    const clinician = await makeClinician(server);
    await setFailures(clinician, 'pin', 19);
    const last = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, terminal, last.attempt, 'pin', otherPin)).code, 'PROOF_LOCKED');
    const { evidence } = await giveCard(server, clinician.person);
    const begun = await mustBegin(server, terminal, evidence);
    assert.deepEqual(begun.factors, ['totp']);
    assert.equal((await prove(server, terminal, begun.attempt, 'totp', clinician.code())).status, 200);
    server.advance(30_000);
    await setFailures(clinician, 'totp', 18);
    const guessed = await mustBegin(server, other, evidence);
    assert.equal((await prove(server, other, guessed.attempt, 'totp', '000000')).code, 'PROOF_WRONG');
    assert.equal((await prove(server, other, guessed.attempt, 'totp', '000000')).code, 'PROOF_LOCKED');
    assert.equal((await prove(server, other, guessed.attempt, 'totp', clinician.code())).code, 'ATTEMPT_ENDED');
  });

  it('of codes at the console leave the PIN as it is', async () => {
    const helper = await makeClinician(server, { roles: ['helpdesk'], password });
    await setFailures(helper, 'totp', 19);
    const body = { number: helper.person.number, password, code: '000000' };
    assert.equal((await server.call(server.anyone, 'console/sign-in', { body })).code, 'CONSOLE_SIGN_IN_REFUSED');
    const begun = await mustBegin(server, terminal, helper.evidence);
    assert.deepEqual(begun.factors, ['pin']);
    assert.equal((await prove(server, terminal, begun.attempt, 'pin', goodPin)).status, 200);
  });

  it('of a first secret leave the PIN as it is that is chosen later', async () => {
    const newcomer = await makeClinician(server, { pin: false, totp: false });
    const secret = await hashSecret(server.secrets, '7730195482');
    const expiresAt = new Date(server.now().getTime() + 3_600_000);
    await setInitialSecret(server.database, server.now(), { person: newcomer.person.id, secret, expiresAt });
    await setFailures(newcomer, 'initial', 19);
    const last = await mustBegin(server, terminal, newcomer.evidence);
    assert.equal((await prove(server, terminal, last.attempt, 'initial', '0000000000')).code, 'PROOF_LOCKED');
    const { evidence } = await giveCard(server, newcomer.person);
    const pin = await hashSecret(server.secrets, goodPin);
    await setSecret(server.database, server.now(), {
      person: newcomer.person.id,
      kind: 'pin',
      secret: pin,
      step: null,
    });
    const begun = await mustBegin(server, terminal, evidence);
    assert.equal((await prove(server, terminal, begun.attempt, 'pin', goodPin)).status, 200);
  });

  it('make a terminal pause, so that a stranger with many cards locks few people and nobody elsewhere', async () => {
    await server.applyPolicy({ tries: { terminal: 10, terminalPauseSeconds: 30 } });
    const ward = await Promise.all(Array.from({ length: 12 }, () => makeClinician(server, { totp: false })));
    const corridor = await server.enrol();
    let waits = 0;
    for (const { evidence } of ward) {
      const begun = await begin(server, corridor, evidence);
      if (begun.status !== 200) continue;
      const { attempt } = begun.body as Answer<'attempts/begin'>;
      for (let tries = 0; tries < 5; tries += 1) {
        const tried = await prove(server, corridor, attempt, 'pin', otherPin);
        if (tried.code !== 'SERVER_BUSY') continue;
        assert.equal(tried.status, 503);
        waits = Math.max(waits, failureOf(tried).retryAfterSeconds ?? 0);
      }
    }
    assert.ok(waits >= 1);
    const locked = await server.database.query<{ person: string }>(
      'select person from credential where person = any($1) and locked_until > $2',
      [ward.map(({ person }) => person.id), server.now()],
    );
    assert.ok(locked.length >= 2 && locked.length <= 4, `${locked.length} of 12 are locked`);
    const free = ward.filter(({ person }) => !locked.some((row) => row.person === person.id));
    const elsewhere = await server.enrol();
    for (const clinician of free.slice(0, 3)) await logIn(server, elsewhere, clinician);
    const waiting = await mustBegin(server, corridor, free[0]?.evidence as Clinician['evidence']);
    server.advance(31_000);
    assert.equal((await prove(server, corridor, waiting.attempt, 'pin', goodPin)).status, 200);
  });

  it('are not made by holding a card over a reader, however often', async () => {
    const clinician = await makeClinician(server);
    for (let taps = 0; taps < 50; taps += 1) await mustBegin(server, other, clinician.evidence);
    await logIn(server, terminal, clinician);
  });
});
