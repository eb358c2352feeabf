import assert from 'node:assert/strict';
import { randomUUID, verify } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import { grantFacts, type Opened } from '#contract/api/logins.ts';
import { usualHashCost } from '../secrets.ts';
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
  otherPin,
  prove,
  ticketOf,
} from '../testing-login.ts';

let server: TestServer;
let terminal: TestTerminal;
let other: TestTerminal;

before(async () => {
  server = await startTestServer({ hashCost: usualHashCost });
  terminal = await server.enrol();
  other = await server.enrol();
});
after(() => server.close());

const kindsOf = (events: readonly { readonly kind: string }[]) => events.map(({ kind }) => kind);

describe('a second factor', () => {
  it('opens a session and signs a grant for this terminal, lock and attempt', async () => {
    const clinician = await makeClinician(server);
    const lock = randomUUID();
    const begun = await server.call(terminal, 'attempts/begin', { body: { lock, card: clinician.evidence } });
    const { attempt, ticket } = begun.body as Answer<'attempts/begin'>;
    const { body } = await server.call(terminal, 'attempts/prove', {
      params: { attempt },
      body: { ticket, factor: 'pin', secret: goodPin },
    });
    const { session, grant } = body as Opened;
    const facts = grantFacts.parse(JSON.parse(Buffer.from(grant.payload, 'base64url').toString()));
    assert.deepEqual(
      { ...facts, issuedAt: 0, expiresAt: Date.parse(facts.expiresAt) - Date.parse(facts.issuedAt) },
      { terminal: terminal.id, lock, session, attempt, person: clinician.person.id, issuedAt: 0, expiresAt: 30_000 },
    );
    const signature = Buffer.from(grant.signature, 'base64url');
    const [key] = terminal.admission.grantKeys;
    assert.ok(key);
    assert.equal(grant.key, key.id);
    assert.ok(verify(null, Buffer.from(grant.payload), key.key, signature));
    assert.ok(!verify(null, Buffer.from(`${grant.payload}x`), key.key, signature));
    const events = await eventsWhere(server, 'attempt', attempt);
    assert.deepEqual(kindsOf(events), ['attempt.begun', 'proof.accepted', 'session.began']);
    assert.deepEqual(events.at(-1)?.factors, ['card', 'pin']);
  });

  it('takes full-width digits', async () => {
    const clinician = await makeClinician(server);
    const wide = (digits: string) =>
      digits.replace(/[0-9]/g, (digit) => String.fromCodePoint(digit.charCodeAt(0) + 0xfee0));
    const first = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, terminal, first.attempt, 'pin', wide(goodPin))).status, 200);
    const second = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, terminal, second.attempt, 'totp', wide(clinician.code()))).status, 200);
  });

  it('is refused with the tries that are left, then locks, and a lock that has passed allows as many again', async () => {
    const clinician = await makeClinician(server, { totp: false });
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    for (const left of [4, 3, 2, 1]) {
      const failure = failureOf(await prove(server, terminal, attempt, 'pin', otherPin));
      assert.deepEqual([failure.code, failure.triesLeft], ['PROOF_WRONG', left]);
    }
    assert.equal((await prove(server, terminal, attempt, 'pin', otherPin)).code, 'PROOF_LOCKED');
    assert.equal((await begin(server, other, clinician.evidence)).code, 'CARD_REFUSED');
    assert.deepEqual(kindsOf(await eventsWhere(server, 'attempt', attempt)).slice(-2), [
      'proof.refused',
      'credential.locked',
    ]);
    server.advance(15 * 60_000 + 1000);
    const again = await mustBegin(server, terminal, clinician.evidence);
    for (const left of [4, 3, 2, 1]) {
      assert.equal(failureOf(await prove(server, terminal, again.attempt, 'pin', otherPin)).triesLeft, left);
    }
    assert.equal((await prove(server, terminal, again.attempt, 'pin', otherPin)).code, 'PROOF_LOCKED');
  });

  it('is disabled at the hard limit, and time does not bring it back', async () => {
    const clinician = await makeClinician(server, { totp: false });
    await server.database.query('update credential set failures = 19 where person = $1', [clinician.person.id]);
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, terminal, attempt, 'pin', otherPin)).code, 'PROOF_LOCKED');
    assert.equal((await eventsWhere(server, 'attempt', attempt)).at(-1)?.reason, 'disabled');
    server.advance(24 * 3_600_000);
    assert.equal((await begin(server, terminal, clinician.evidence)).code, 'CARD_REFUSED');
    server.advance(-24 * 3_600_000);
  });

  it('counts each factor by itself, and a right one ends its own count alone', async () => {
    const clinician = await makeClinician(server);
    const first = await mustBegin(server, terminal, clinician.evidence);
    await prove(server, terminal, first.attempt, 'totp', '000000');
    await prove(server, terminal, first.attempt, 'pin', otherPin);
    assert.equal((await prove(server, terminal, first.attempt, 'pin', goodPin)).status, 200);
    const second = await mustBegin(server, terminal, clinician.evidence);
    assert.equal(failureOf(await prove(server, terminal, second.attempt, 'totp', '000000')).triesLeft, 3);
    assert.equal(failureOf(await prove(server, terminal, second.attempt, 'pin', otherPin)).triesLeft, 4);
  });

  it('counts by the person, not by the attempt or the terminal', async () => {
    const clinician = await makeClinician(server, { totp: false });
    for (const at of [terminal, other, terminal, other]) {
      const { attempt } = await mustBegin(server, at, clinician.evidence);
      assert.equal((await prove(server, at, attempt, 'pin', otherPin)).code, 'PROOF_WRONG');
    }
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, terminal, attempt, 'pin', otherPin)).code, 'PROOF_LOCKED');
  });

  it('looks at no more than the limit of 200 wrong PINs at once', async () => {
    const clinician = await makeClinician(server, { totp: false });
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => prove(server, terminal, attempt, 'pin', otherPin)),
    );
    const events = await eventsWhere(server, 'attempt', attempt);
    const looked = events.filter(({ kind, reason }) => kind === 'proof.refused' && reason === 'wrong');
    assert.equal(looked.length, 5);
    assert.ok(answers.every(({ status }) => status !== 200));
    assert.ok(answers.filter(({ code }) => code === 'PROOF_WRONG').length <= 4);
    const known = new Set(['PROOF_WRONG', 'PROOF_LOCKED', 'ATTEMPT_ENDED', 'SERVER_BUSY']);
    assert.deepEqual(
      [...new Set(answers.map(({ code }) => code))].filter((code) => !known.has(code ?? '')),
      [],
    );
    const right = await server.database.query<{ failures: number }>(
      'select failures from credential where person = $1',
      [clinician.person.id],
    );
    assert.equal(right[0]?.failures, 5);
  });

  it('accepts one code once, though 200 come at once', async () => {
    const clinician = await makeClinician(server);
    const terminals = await Promise.all(Array.from({ length: 4 }, () => server.enrol()));
    const attempts = await Promise.all(terminals.map((at) => mustBegin(server, at, clinician.evidence)));
    const code = clinician.code();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, place) => {
        const [at, attempt] = [terminals[place % 4], attempts[place % 4]];
        assert.ok(at && attempt);
        return prove(server, at, attempt.attempt, 'totp', code);
      }),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.ok(!answers.some(({ status }) => status >= 500));
  });

  it('answers a used code like a wrong one, and the log tells them apart', async () => {
    const clinician = await makeClinician(server);
    const code = clinician.code();
    const first = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, terminal, first.attempt, 'totp', code)).status, 200);
    const second = await mustBegin(server, terminal, clinician.evidence);
    const used = await prove(server, terminal, second.attempt, 'totp', code);
    const wrong = await prove(server, terminal, second.attempt, 'totp', '000000');
    const said = (answered: typeof used) => {
      const { triesLeft, supportCode, ...words } = failureOf(answered);
      assert.ok(supportCode);
      return [answered.status, triesLeft, words];
    };
    assert.deepEqual(said(used), [403, 4, { code: 'PROOF_WRONG' }]);
    assert.deepEqual(said(wrong), [403, 3, { code: 'PROOF_WRONG' }]);
    const pin = await prove(server, terminal, second.attempt, 'pin', otherPin);
    assert.deepEqual(said(pin), [403, 4, { code: 'PROOF_WRONG' }], 'whichever factor it was');
    assert.deepEqual(kindsOf(await eventsWhere(server, 'attempt', second.attempt)), [
      'attempt.begun',
      'proof.replayed',
      'proof.refused',
      'proof.refused',
    ]);
  });

  it('takes one step either way and never an earlier one than the last', async () => {
    const clinician = await makeClinician(server);
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    for (const steps of [-2, 2])
      assert.equal((await prove(server, terminal, attempt, 'totp', clinician.code(steps))).code, 'PROOF_WRONG');
    const earlier = clinician.code(-1);
    const current = clinician.code();
    assert.equal((await prove(server, terminal, attempt, 'totp', clinician.code(1))).status, 200);
    const next = await mustBegin(server, terminal, clinician.evidence);
    for (const code of [earlier, current])
      assert.equal((await prove(server, terminal, next.attempt, 'totp', code)).code, 'PROOF_WRONG');
  });

  it('cannot be replayed when the attempt has ended', async () => {
    const clinician = await makeClinician(server);
    const { attempt } = await logIn(server, terminal, clinician);
    assert.equal((await prove(server, terminal, attempt, 'pin', goodPin)).code, 'ATTEMPT_ENDED');
    assert.equal((await prove(server, terminal, randomUUID(), 'pin', goodPin)).code, 'ATTEMPT_ENDED');
    const replay = (await eventsWhere(server, 'attempt', attempt)).at(-1);
    assert.deepEqual([replay?.kind, replay?.reason], ['proof.replayed', 'attempt-accepted']);
  });

  it('is refused from another terminal and without a certificate', async () => {
    const clinician = await makeClinician(server);
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, other, attempt, 'pin', goodPin)).code, 'TERMINAL_OTHER');
    const event = (await eventsWhere(server, 'attempt', attempt)).at(-1);
    assert.deepEqual([event?.reason, event?.terminal, event?.outcome], ['other-terminal', other.id, 'serious']);
    const body = { ticket: ticketOf(attempt), factor: 'pin', secret: goodPin };
    assert.equal((await server.call(server.anyone, 'attempts/prove', { params: { attempt }, body })).status, 401);
  });

  it('comes too late after the time of the attempt', async () => {
    const clinician = await makeClinician(server);
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    server.advance(61_000);
    assert.equal((await prove(server, terminal, attempt, 'pin', goodPin)).code, 'ATTEMPT_ENDED');
    assert.equal((await eventsWhere(server, 'attempt', attempt)).at(-1)?.reason, 'too-late');
  });

  it('is refused when card or person was shut out meanwhile', async () => {
    for (const shutOut of [
      `update card set state = 'revoked' where person = $1`,
      `update person set state = 'suspended' where id = $1`,
    ]) {
      const clinician = await makeClinician(server);
      const { attempt } = await mustBegin(server, terminal, clinician.evidence);
      await server.database.query(shutOut, [clinician.person.id]);
      assert.equal((await prove(server, terminal, attempt, 'pin', goodPin)).code, 'CARD_REFUSED');
    }
  });

  it('is denied with an alarm when what is stored is damaged', async () => {
    const damage = [
      '{}',
      '""',
      'null',
      '{"pepper":1,"phc":"$scrypt$x"}',
      '{"pepper":9,"phc":"$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}',
      '{"key":1,"text":"AAAA"}',
    ];
    for (const stored of damage) {
      const clinician = await makeClinician(server);
      await server.database.query('update credential set secret = $2::jsonb where person = $1', [
        clinician.person.id,
        stored,
      ]);
      const { attempt } = await mustBegin(server, terminal, clinician.evidence);
      assert.equal((await prove(server, terminal, attempt, 'pin', goodPin)).code, 'PROOF_WRONG');
      assert.equal((await prove(server, terminal, attempt, 'totp', clinician.code())).code, 'PROOF_WRONG');
      const events = await eventsWhere(server, 'attempt', attempt);
      assert.deepEqual(
        events.slice(1).map(({ outcome, reason }) => `${outcome} ${reason}`),
        Array(2).fill('major credential-damaged'),
      );
    }
  });

  it('is refused when it is out of force in any way, also at the console and while an attempt is open', async () => {
    for (const state of ['locked', 'disabled']) {
      const clinician = await makeClinician(server, {
        roles: ['clinician', 'helpdesk'],
        password: 'plum rain on the roof',
      });
      const { attempt } = await mustBegin(server, terminal, clinician.evidence);
      await server.database.query('update credential set state = $2 where person = $1', [clinician.person.id, state]);
      assert.equal((await prove(server, terminal, attempt, 'pin', goodPin)).code, 'PROOF_LOCKED');
      assert.equal((await prove(server, terminal, attempt, 'totp', clinician.code())).code, 'PROOF_LOCKED');
      assert.equal((await begin(server, terminal, clinician.evidence)).code, 'CARD_REFUSED');
      const { number } = clinician.person;
      const body = { number, password: 'plum rain on the roof', code: clinician.code() };
      assert.equal((await server.call(server.anyone, 'console/sign-in', { body })).code, 'CONSOLE_SIGN_IN_REFUSED');
    }
  });

  it('keeps a seed with its person: moved to another one it opens nothing', async () => {
    const [one, another] = [await makeClinician(server), await makeClinician(server)];
    await server.database.query(
      `update credential set secret = (select secret from credential where person = $1 and kind = 'totp') where person = $2 and kind = 'totp'`,
      [one.person.id, another.person.id],
    );
    const { attempt } = await mustBegin(server, terminal, another.evidence);
    assert.equal((await prove(server, terminal, attempt, 'totp', one.code())).code, 'PROOF_WRONG');
  });

  it('keeps to the limit of tries, of memory and of waiting under a flood, and taps go on', async (t) => {
    // So dear that those whose try is counted are too many for the quickest processor.
    const flooded = await startTestServer({ hashCost: { ...usualHashCost, passes: 48 } });
    t.after(() => flooded.close());
    const [quiet, known] = [await flooded.enrol(), await makeClinician(flooded)];
    const clinicians = await Promise.all(Array.from({ length: 12 }, () => makeClinician(flooded, { totp: false })));
    const terminals: TestTerminal[] = [];
    for (const _ of clinicians) terminals.push(await flooded.enrol());
    const attempts = await Promise.all(
      clinicians.map((clinician, place) => mustBegin(flooded, terminals[place] as TestTerminal, clinician.evidence)),
    );
    const before = process.memoryUsage().rss;
    let [most, isOver] = [before, false];
    const watching = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 5).unref();
    const flood = Promise.all(
      Array.from({ length: 500 }, (_, place) => {
        const [at, begun] = [terminals[place % 12], attempts[place % 12]];
        assert.ok(at && begun);
        return prove(flooded, at, begun.attempt, 'pin', otherPin);
      }),
    );
    void flood.finally(() => {
      isOver = true;
    });
    let taps = 0;
    while (!isOver) {
      // On a slow machine the flood lasts longer than a terminal may hold unknown cards.
      if (taps < 20) assert.equal((await begin(flooded, quiet, makeEvidence())).code, 'CARD_REFUSED');
      await mustBegin(flooded, quiet, known.evidence);
      if (!isOver) taps += 1;
    }
    const answers = await flood;
    clearInterval(watching);
    assert.ok(taps >= 2, `${taps} taps were answered meanwhile`);
    // 500 at once would be more than nine gigabytes.
    assert.ok(most - before < 600 * 2 ** 20, `${Math.round((most - before) / 2 ** 20)} MiB more`);
    const busy = answers.filter(({ code }) => code === 'SERVER_BUSY');
    assert.ok(busy.length > 0, 'somebody was told to come again');
    assert.ok(busy.every((answered) => answered.status === 503 && (failureOf(answered).retryAfterSeconds ?? 0) >= 1));
    const counted = await flooded.database.query<{ failures: number }>(
      'select failures from credential where person = any($1)',
      [clinicians.map(({ person }) => person.id)],
    );
    assert.ok(counted.every(({ failures }) => failures <= 5));
  });
});
