import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fetch } from 'undici';
import type { Opened } from '#contract/api/logins.ts';
import { startTestServer, type TestServer, type TestTerminal } from './testing.ts';
import { eventsWhere, goodPin, makeClinician, mustBegin, otherPin, ticketOf } from './testing-login.ts';
import { startTestProcess } from './testing-process.ts';

/** Terminals whose proofs are under way when the process dies: each is somewhere else between request and answer. */
const crowd = 8;
/** When the process dies: so many milliseconds after the proofs were sent, or with so many of them answered. */
const deaths = [{ after: 1 }, { after: 10 }, { after: 30 }, { answers: 1 }, { answers: 2 }, { answers: 5 }] as const;

let server: TestServer;
let terminals: readonly TestTerminal[];
before(async () => {
  server = await startTestServer();
  terminals = await Promise.all(Array.from({ length: crowd }, () => server.enrol()));
});
after(() => server.close());

/** A proof of one terminal, which makes its key once and sends it as often as it must. */
const prepareProof = async (terminal: TestTerminal, secret: string) => {
  const clinician = await makeClinician(server, { totp: false });
  const { attempt } = await mustBegin(server, terminal, clinician.evidence);
  const idempotencyKey = randomBytes(16).toString('base64url');
  const body = JSON.stringify({ ticket: ticketOf(attempt), factor: 'pin', secret, idempotencyKey });
  const send = async (origin: string) => {
    const answer = await fetch(`${origin}/v1/attempts/${attempt}/proofs`, {
      dispatcher: terminal.agent,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    return { status: answer.status, body: (await answer.json()) as Opened & { failure?: { triesLeft?: number } } };
  };
  return { attempt, person: clinician.person.id, isRight: secret === goodPin, send };
};
type Prepared = Awaited<ReturnType<typeof prepareProof>>;

/** It was looked at once and recorded once, however often it was sent. */
const mustBeOnce = async ({ attempt, person, isRight }: Prepared): Promise<void> => {
  const kinds = (await eventsWhere(server, 'attempt', attempt)).map(({ kind }) => kind);
  const expected = isRight ? ['attempt.begun', 'proof.accepted', 'session.began'] : ['attempt.begun', 'proof.refused'];
  assert.deepEqual(kinds, expected);
  const [found] = await server.database.query(
    `select (select count(*) from session where attempt = $1) as sessions,
            (select failures from credential where person = $2 and kind = 'pin') as failures`,
    [attempt, person],
  );
  assert.deepEqual(found, isRight ? { sessions: 1, failures: 0 } : { sessions: 0, failures: 1 });
};

describe('a server process that is killed while proofs are under way', () => {
  it('costs nobody a login or a try, and nothing is counted or recorded twice', async (t) => {
    let answered = 0;
    for (const death of deaths) {
      const second = await startTestProcess(server);
      const proofs = await Promise.all(
        terminals.map((terminal, place) => prepareProof(terminal, place % 4 === 3 ? otherPin : goodPin)),
      );
      // So that what is killed is at work on proofs, and not on greeting.
      await Promise.all(terminals.map(({ agent }) => fetch(`${second.origin}/v1/health`, { dispatcher: agent })));
      let came = 0;
      const enough = Promise.withResolvers<void>();
      const hear = (): void => {
        came += 1;
        if ('answers' in death && came === death.answers) enough.resolve();
      };
      const sent = proofs.map(async (proof) => {
        const answer = await proof.send(second.origin).catch(() => undefined);
        if (answer !== undefined) hear();
        return answer;
      });
      await ('answers' in death ? enough.promise : delay(death.after));
      const gone = second.kill();
      const before = await Promise.all(sent);
      await gone;
      answered += before.filter((one) => one !== undefined).length;
      const again = await Promise.all(proofs.map((proof) => proof.send(server.origin)));
      for (const [place, proof] of proofs.entries()) {
        const [first, now] = [before[place], again[place]];
        assert.ok(now !== undefined);
        assert.equal(now.status, proof.isRight ? 200 : 403, JSON.stringify(now.body));
        if (proof.isRight && first !== undefined) assert.equal(now.body.session, first.body.session);
        if (!proof.isRight) assert.equal(now.body.failure?.triesLeft, 4);
        await mustBeOnce(proof);
      }
    }
    const all = deaths.length * crowd;
    t.diagnostic(`${all} proofs, ${answered} answered before the process died`);
    assert.ok(answered > 0 && answered < all, `${answered} of ${all} were answered: nothing was under way`);
  });
});
