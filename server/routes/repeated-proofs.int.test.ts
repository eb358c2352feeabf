import assert from 'node:assert/strict';
import { createPublicKey, randomBytes, randomUUID, verify } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { grantFacts, type Opened } from '#contract/api/logins.ts';
import type { AttemptId } from '#contract/ids.ts';
import type { AskedFactor } from '#contract/screen.ts';
import { createBegun } from '../logins/begun.ts';
import type { Answered, TestServer, TestTerminal } from '../testing.ts';
import {
  type Clinician,
  eventsWhere,
  failureOf,
  goodPin,
  keepTicket,
  logIn,
  makeClinician,
  mustBegin,
  otherPin,
  ticketOf,
} from '../testing-login.ts';
import { startTestPair, type TestPair } from '../testing-pair.ts';
import { createAttemptRoutes } from './attempts.ts';
import type { TerminalSender } from './handlers.ts';

/** Two processes of one server: what one has answered to nobody is asked of the other, or of the same one again. */
let pair: TestPair;
let server: TestServer;
let second: TestServer;
let terminal: TestTerminal;
let other: TestTerminal;
before(async () => {
  pair = await startTestPair();
  ({ first: server, second } = pair);
  [terminal, other] = await Promise.all([server.enrol(), server.enrol()]);
});
after(() => pair.close());

interface Proof {
  readonly params: { readonly attempt: string };
  readonly body: {
    readonly ticket: string;
    readonly factor: AskedFactor;
    readonly secret: string;
    readonly idempotencyKey: string;
  };
}
const createKey = (): string => randomBytes(16).toString('base64url');
const proofOf = (attempt: string, factor: AskedFactor, secret: string, idempotencyKey = createKey()): Proof => ({
  params: { attempt },
  body: { ticket: ticketOf(attempt), factor, secret, idempotencyKey },
});
const send = (proof: Proof, to = server, from = terminal): Promise<Answered> => to.call(from, 'attempts/prove', proof);
/** Sends it, and the same again to the same process and to another one. */
const sendThrice = async (proof: Proof): Promise<readonly Answered[]> => [
  await send(proof),
  await send(proof),
  await send(proof, second),
];
const beginFor = async (clinician: Clinician): Promise<string> =>
  (await mustBegin(server, terminal, clinician.evidence)).attempt;
const kindsAt = async (attempt: string): Promise<string[]> =>
  (await eventsWhere(server, 'attempt', attempt)).map(({ kind }) => kind);
const countOf = async ({ person }: Clinician, kind = 'pin'): Promise<number | undefined> => {
  const [row] = await server.database.query<{ failures: number }>(
    'select failures from credential where person = $1 and kind = $2',
    [person.id, kind],
  );
  return row?.failures;
};
const sessionsOf = async (attempt: string): Promise<number> =>
  (await server.database.query('select 1 from session where attempt = $1', [attempt])).length;
const loggedIn = ['attempt.begun', 'proof.accepted', 'session.began'];

/** Every answer opens the same session, and each by a grant that holds. */
const mustBeOneSession = async (attempt: string, answers: readonly Answered[]): Promise<Opened> => {
  const [first, ...others] = answers.map(({ status, body }) => {
    assert.equal(status, 200, JSON.stringify(body));
    const { grant, ...opened } = body as Opened;
    const [key] = terminal.admission.grantKeys;
    assert.ok(key && key.id === grant.key);
    const payload = Buffer.from(grant.payload);
    assert.ok(verify(null, payload, createPublicKey(key.key), Buffer.from(grant.signature, 'base64url')));
    const facts = grantFacts.parse(JSON.parse(Buffer.from(grant.payload, 'base64url').toString()));
    assert.deepEqual([facts.session, facts.attempt, facts.terminal], [opened.session, attempt, terminal.id]);
    return { ...opened, grant };
  });
  assert.ok(first);
  for (const one of others) assert.deepEqual({ ...one, grant: null }, { ...first, grant: null });
  assert.equal(await sessionsOf(attempt), 1);
  const body = { token: first.token, idleSeconds: 0 };
  const touched = await second.call(terminal, 'sessions/touch', { params: { session: first.session }, body });
  assert.equal(touched.status, 200, 'its token holds');
  return first;
};

describe('a proof whose answer was lost', () => {
  it('opens the session that it opened before, by PIN and by TOTP, and is recorded once', async () => {
    for (const factor of ['pin', 'totp'] as const) {
      const clinician = await makeClinician(server);
      const attempt = await beginFor(clinician);
      const secret = factor === 'pin' ? goodPin : clinician.code();
      await mustBeOneSession(attempt, await sendThrice(proofOf(attempt, factor, secret)));
      assert.deepEqual(await kindsAt(attempt), loggedIn);
      assert.equal(await countOf(clinician, factor), 0);
    }
  });

  it('is refused word for word as before, counted and recorded once; the next one counts anew', async () => {
    const clinician = await makeClinician(server);
    const attempt = await beginFor(clinician);
    const answers = await sendThrice(proofOf(attempt, 'pin', otherPin));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.deepEqual([answers[0]?.code, failureOf(answers[0] as Answered).triesLeft], ['PROOF_WRONG', 4]);
    assert.deepEqual(await kindsAt(attempt), ['attempt.begun', 'proof.refused']);
    assert.equal(await countOf(clinician), 1);
    assert.equal(failureOf(await send(proofOf(attempt, 'pin', otherPin))).triesLeft, 3);
    assert.equal((await send(proofOf(attempt, 'pin', goodPin), second)).status, 200);
  });

  it('is refused as before when it locked or disabled the factor and ended the attempt', async () => {
    for (const [failures, reason] of [
      [4, 'locked'],
      [19, 'disabled'],
    ] as const) {
      const clinician = await makeClinician(server, { totp: false });
      await server.database.query('update credential set failures = $2 where person = $1', [
        clinician.person.id,
        failures,
      ]);
      const attempt = await beginFor(clinician);
      const answers = await sendThrice(proofOf(attempt, 'pin', otherPin));
      for (const answer of answers) assert.deepEqual(answer, answers[0]);
      assert.equal(answers[0]?.code, 'PROOF_LOCKED');
      assert.equal(await countOf(clinician), failures + 1);
      const events = await eventsWhere(server, 'attempt', attempt);
      assert.deepEqual(
        events.map(({ kind }) => kind),
        ['attempt.begun', 'proof.refused', 'credential.locked'],
      );
      assert.equal(events.at(-1)?.reason, reason);
    }
  });

  it('opens one session though 200 come at once to two processes, and is refused once in the same way', async () => {
    const many = (proof: Proof) =>
      Promise.all(Array.from({ length: 200 }, (_, place) => send(proof, place % 2 === 0 ? server : second)));
    for (const factor of ['pin', 'totp'] as const) {
      const clinician = await makeClinician(server);
      const attempt = await beginFor(clinician);
      const proof = proofOf(attempt, factor, factor === 'pin' ? goodPin : clinician.code());
      const answers = await many(proof);
      // Who finds no place to be hashed in and no answer yet is told to come again.
      const looked = answers.filter(({ code }) => factor === 'totp' || code !== 'SERVER_BUSY');
      await mustBeOneSession(attempt, [...looked, await send(proof, second)]);
      assert.deepEqual(await kindsAt(attempt), loggedIn);
      assert.equal(await countOf(clinician, factor), 0);
    }
    const clinician = await makeClinician(server);
    const attempt = await beginFor(clinician);
    const answers = (await many(proofOf(attempt, 'totp', '000000'))).map(failureOf);
    for (const failure of answers) assert.deepEqual(failure, answers[0]);
    assert.deepEqual([answers[0]?.code, answers[0]?.triesLeft], ['PROOF_WRONG', 4]);
    assert.deepEqual(await kindsAt(attempt), ['attempt.begun', 'proof.refused']);
    assert.equal(await countOf(clinician, 'totp'), 1);
  });
});

/** A process that dies where it would hash, or where it would write what came of it. */
const dieAt = async (where: 'hash' | 'conclusion', proof: Proof): Promise<void> => {
  const die = (): Promise<never> => Promise.reject(new Error('killed'));
  const deps = {
    ...server.deps,
    logins: {
      ...server.logins,
      query: <Row>(text: string, values?: readonly unknown[], name?: string): Promise<Row[]> =>
        name === 'conclude' ? die() : server.logins.query<Row>(text, values, name),
    },
  };
  const place = { run: where === 'hash' ? die : <Value>(work: () => Promise<Value>) => work(), leave: () => undefined };
  const queue = { tryEnter: () => place, tryEnterIdle: () => undefined, wait: () => 0 };
  const dying = createAttemptRoutes(deps, { queue, begun: createBegun(deps) });
  const sender = { kind: 'terminal', terminal: terminal.id, name: 'ward', address: '127.0.0.1' } as TerminalSender;
  const params = { attempt: proof.params.attempt as AttemptId };
  await assert.rejects(dying['attempts/prove']({ params, query: undefined, body: proof.body }, sender), /killed/);
};

describe('a proof whose server died', () => {
  it('goes on at another one and is counted once, also where that count brought a lock', async () => {
    for (const where of ['hash', 'conclusion'] as const) {
      for (const failures of [0, 4]) {
        const clinician = await makeClinician(server);
        await server.database.query(`update credential set failures = $2 where person = $1 and kind = 'pin'`, [
          clinician.person.id,
          failures,
        ]);
        const attempt = await beginFor(clinician);
        const proof = proofOf(attempt, 'pin', goodPin);
        await dieAt(where, proof);
        assert.equal(await countOf(clinician), failures + 1, 'counted before it was looked at');
        await mustBeOneSession(attempt, [await send(proof, second), await send(proof)]);
        assert.deepEqual(await kindsAt(attempt), loggedIn);
        assert.equal(await countOf(clinician), 0);
      }
    }
  });

  it('is wrong once where it was wrong, and locks where it was the last one', async () => {
    for (const [failures, code] of [
      [0, 'PROOF_WRONG'],
      [4, 'PROOF_LOCKED'],
    ] as const) {
      const clinician = await makeClinician(server, { totp: false });
      await server.database.query('update credential set failures = $2 where person = $1', [
        clinician.person.id,
        failures,
      ]);
      const proof = proofOf(await beginFor(clinician), 'pin', otherPin);
      await dieAt('hash', proof);
      await dieAt('hash', proof);
      assert.equal((await send(proof, second)).code, code);
      assert.equal(await countOf(clinician), failures + 1);
    }
  });

  it('takes a TOTP along', async () => {
    const clinician = await makeClinician(server);
    const attempt = await beginFor(clinician);
    const proof = proofOf(attempt, 'totp', clinician.code());
    await dieAt('conclusion', proof);
    await mustBeOneSession(attempt, [await send(proof, second)]);
  });
});

describe('a key that was used', () => {
  it('looks at no more secrets than the limit, though 200 come with it at once', async () => {
    const clinician = await makeClinician(server, { totp: false });
    const attempt = await beginFor(clinician);
    const key = createKey();
    const guesses = Array.from({ length: 200 }, (_, guess) => String(70_000_000 + guess * 7));
    await Promise.all(
      guesses.map((guess, place) => send(proofOf(attempt, 'pin', guess, key), place % 2 === 0 ? server : second)),
    );
    const looked = (await eventsWhere(server, 'attempt', attempt)).filter(({ reason }) => reason === 'wrong');
    assert.equal(looked.length, 5);
    assert.equal(await countOf(clinician), 5);
  });

  it('is no other factor’s and no other attempt’s: a code that was used stays used', async () => {
    const clinician = await makeClinician(server);
    const [key, code] = [createKey(), clinician.code()];
    const attempt = await beginFor(clinician);
    assert.equal((await send(proofOf(attempt, 'totp', code, key))).status, 200);
    const next = await beginFor(clinician);
    assert.equal((await send(proofOf(next, 'totp', code, key))).code, 'PROOF_WRONG');
    assert.equal((await send(proofOf(next, 'pin', code, key))).code, 'PROOF_WRONG');
    assert.deepEqual([await countOf(clinician, 'totp'), await countOf(clinician, 'pin')], [1, 1]);
  });

  it('says nothing to another terminal, and nothing of an attempt that ended with another one', async () => {
    const clinician = await makeClinician(server);
    const attempt = await beginFor(clinician);
    const proof = proofOf(attempt, 'pin', goodPin);
    await mustBeOneSession(attempt, [await send(proof)]);
    assert.equal((await send(proof, server, other)).code, 'TERMINAL_OTHER');
    assert.equal((await send(proofOf(attempt, 'pin', goodPin))).code, 'ATTEMPT_ENDED');
    const { idempotencyKey: _, ...body } = proof.body;
    const without = await server.call(terminal, 'attempts/prove', { params: { attempt }, body });
    assert.equal(without.code, 'ATTEMPT_ENDED');
    assert.deepEqual((await kindsAt(attempt)).slice(3), ['proof.refused', 'proof.replayed', 'proof.replayed']);
    await mustBeOneSession(attempt, [await send(proof, second)]);
  });

  it('opens nothing once its session has ended or half a minute has passed, and that is in the log', async () => {
    const ends: readonly ((session: string) => unknown)[] = [
      (session) => {
        const body = { reason: 'button', endedAt: server.now().toISOString() };
        return server.call(terminal, 'sessions/end', { params: { session }, body });
      },
      async () => logIn(server, terminal, await makeClinician(server)),
      () => server.advance(31_000),
    ];
    for (const end of ends) {
      const clinician = await makeClinician(server);
      const attempt = await beginFor(clinician);
      const proof = proofOf(attempt, 'pin', goodPin);
      const { session } = (await send(proof)).body as Opened;
      await end(session);
      for (const to of [server, second]) assert.equal((await send(proof, to)).code, 'ATTEMPT_ENDED');
      const replays = (await kindsAt(attempt)).filter((kind) => kind === 'proof.replayed');
      assert.equal(replays.length, 2);
    }
  });

  it('has the shape that the contract asks for', async () => {
    const attempt = await beginFor(await makeClinician(server));
    for (const key of ['', 'short', `${'A'.repeat(21)}B`, 'A'.repeat(23), `${'A'.repeat(20)}+A`])
      assert.equal((await send(proofOf(attempt, 'pin', goodPin, key))).status, 400, key);
  });
});

it('a person who vouches for a colleague is asked once what the colleague’s name is, however often they prove it', async () => {
  const witness = await makeClinician(server);
  const body = { lock: randomUUID(), card: witness.evidence, purpose: 'witness' };
  const begun = await server.call(terminal, 'attempts/begin', { body });
  keepTicket(begun);
  const { attempt } = begun.body as { attempt: string };
  const answers = await sendThrice(proofOf(attempt, 'pin', goodPin));
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  const { kind, supportCode } = (answers[0] as Answered).body as { kind: string; supportCode: string };
  assert.equal(kind, 'witnessed');
  assert.equal((await eventsWhere(server, 'support_code', supportCode)).length, 1);
});
