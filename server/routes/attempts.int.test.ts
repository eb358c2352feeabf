import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestServer, type TestServer, type TestTerminal } from '../testing.ts';
import {
  begin,
  eventsWhere,
  failureOf,
  goodPin,
  logIn,
  makeClinician,
  makeEvidence,
  mustBegin,
  prove,
} from '../testing-login.ts';

let server: TestServer;
let terminal: TestTerminal;

before(async () => {
  server = await startTestServer();
  terminal = await server.enrol();
});
after(() => server.close());

const kindsOf = (events: readonly { readonly kind: string }[]) => events.map(({ kind }) => kind);

describe('a card over the reader', () => {
  it('greets the person and asks for a second factor', async () => {
    const clinician = await makeClinician(server);
    const begun = await mustBegin(server, terminal, clinician.evidence);
    assert.deepEqual(begun.greeting, {
      person: clinician.person.id,
      name: '山田 花子',
      number: clinician.person.number,
      roles: ['clinician'],
    });
    assert.deepEqual(begun.factors, ['pin', 'totp']);
    const [event] = await eventsWhere(server, 'attempt', begun.attempt);
    assert.equal(event?.kind, 'attempt.begun');
    assert.equal(event?.support_code, begun.supportCode);
    assert.equal(event?.terminal, terminal.id);
  });

  it('that is known by its number alone is marked as weak in the events of attempt and login, and cannot be called stronger', async () => {
    const clinician = await makeClinician(server);
    const { attempt } = await logIn(server, terminal, clinician);
    const events = await eventsWhere(server, 'attempt', attempt);
    const marked = events.filter(({ kind }) => kind === 'attempt.begun' || kind === 'session.began');
    assert.deepEqual(
      marked.map(({ detail }) => detail['assurance']),
      ['identifier', 'identifier'],
    );
    for (const assurance of ['keyed', 'pki'] as const)
      assert.equal((await begin(server, terminal, { ...clinician.evidence, assurance })).code, 'CARD_REFUSED');
  });

  it('that is known by its number alone is refused, or not kept for times without the server, where policy says so', async () => {
    const clinician = await makeClinician(server);
    assert.equal((await mustBegin(server, terminal, clinician.evidence)).offline, true);
    await server.applyPolicy({ offline: { assurance: ['keyed', 'pki'] } });
    assert.equal((await mustBegin(server, terminal, clinician.evidence)).offline, false);
    const copies = {
      name: 'copies',
      when: { assurance: ['identifier' as const] },
      demand: { kind: 'refuse' as const },
    };
    await server.applyPolicy({ factors: [copies] });
    assert.equal((await begin(server, terminal, clinician.evidence)).code, 'CARD_REFUSED');
    await server.applyPolicy({});
  });

  it('offers only the factors that the person has and that are not locked', async () => {
    assert.deepEqual(
      (await mustBegin(server, terminal, (await makeClinician(server, { pin: false })).evidence)).factors,
      ['totp'],
    );
  });

  it('is refused alike whether unknown, revoked, suspended, random or without a factor, and the reason is in the log', async () => {
    const revoked = await makeClinician(server);
    await server.database.query(`update card set state = 'revoked' where id = $1`, [revoked.card]);
    const suspended = await makeClinician(server);
    await server.database.query(`update person set state = 'suspended' where id = $1`, [suspended.person.id]);
    const bare = await makeClinician(server, { pin: false, totp: false });
    const locked = await makeClinician(server, { totp: false });
    await server.database.query('update credential set failures = 5, locked_until = $2 where person = $1', [
      locked.person.id,
      new Date(server.now().getTime() + 60_000),
    ]);
    const cases = {
      'unknown-card': makeEvidence(),
      'card-revoked': revoked.evidence,
      'person-suspended': suspended.evidence,
      'random-identifier': { technology: 'iso14443a', identifier: '08A1B2C3', assurance: 'identifier' },
      'no-usable-factor': bare.evidence,
    } as const;
    const shapes = new Set<string>();
    for (const [reason, card] of [...Object.entries(cases), ['no-usable-factor', locked.evidence] as const]) {
      const answered = await begin(server, terminal, card);
      const { code, supportCode = '', ...rest } = failureOf(answered);
      assert.equal(code, 'CARD_REFUSED');
      assert.deepEqual(rest, {});
      assert.match(supportCode, /^[3-9A-Y]{3}-[3-9A-Y]{3}-[3-9A-Y]{3}$/);
      shapes.add(`${answered.status} ${JSON.stringify(answered.body).replace(supportCode, '')}`);
      const [event] = await eventsWhere(server, 'support_code', supportCode);
      assert.equal(event?.kind, 'attempt.refused');
      assert.equal(event?.reason, reason);
    }
    assert.equal(shapes.size, 1);
  });

  it('cannot be searched for: a terminal that shows unknown cards by the hundred has to wait, alone', async () => {
    const [searching, other] = [await server.enrol(), await server.enrol()];
    const { evidence } = await makeClinician(server);
    const codes: (string | undefined)[] = [];
    for (let tries = 0; tries < 210; tries += 1) codes.push((await begin(server, searching, makeEvidence())).code);
    assert.deepEqual([...new Set(codes.slice(0, 200))], ['CARD_REFUSED']);
    assert.deepEqual([...new Set(codes.slice(200))], ['SERVER_BUSY']);
    assert.equal((await begin(server, searching, evidence)).code, 'SERVER_BUSY');
    await mustBegin(server, other, evidence);
    server.advance(61_000);
    await mustBegin(server, searching, evidence);
  });

  it('ends the earlier open attempt of its terminal', async () => {
    const clinician = await makeClinician(server);
    const first = await mustBegin(server, terminal, clinician.evidence);
    await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, terminal, first.attempt, 'pin', goodPin)).code, 'ATTEMPT_ENDED');
    assert.deepEqual(kindsOf(await eventsWhere(server, 'attempt', first.attempt)), [
      'attempt.begun',
      'attempt.abandoned',
      'proof.replayed',
    ]);
  });

  it('leaves one open attempt however many begin at once', async () => {
    const clinician = await makeClinician(server);
    await Promise.all(Array.from({ length: 200 }, () => mustBegin(server, terminal, clinician.evidence)));
    const open = await server.database.query(`select 1 from attempt where terminal = $1 and state = 'open'`, [
      terminal.id,
    ]);
    assert.equal(open.length, 1);
  });

  it('never stands in the database or the log of the server', async () => {
    const clinician = await makeClinician(server);
    await logIn(server, terminal, clinician);
    const { identifier } = clinician.evidence;
    const tables = await server.database.query<{ all: string }>(
      `select query_to_xml('select * from event', true, true, '')::text || query_to_xml('select * from card', true, true, '')::text as all`,
    );
    const dump = `${tables[0]?.all}${server.logged()}`;
    for (const secret of [identifier, identifier.toLowerCase(), goodPin, clinician.seed])
      assert.ok(!dump.includes(secret));
  });
});
