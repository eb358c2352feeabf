import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { generateSync } from 'otplib';
import { fetch } from 'undici';
import type { Answered, TestServer, TestTerminal } from './testing.ts';
import { password } from './testing-browser.ts';
import { enrolMany } from './testing-cardless.ts';
import {
  begin,
  type Clinician,
  eventsWhere,
  giveCard,
  goodPin,
  logIn,
  makeClinician,
  mustBegin,
  otherPin,
  prove,
  ticketOf,
} from './testing-login.ts';
import { startTestPair, type TestPair } from './testing-pair.ts';
import { startTestProcess, type TestProcess } from './testing-process.ts';

/** Two processes of one server: whoever guesses asks both, at many terminals, with whatever card of the person. */
let pair: TestPair;
let server: TestServer;
let second: TestServer;
let terminals: TestTerminal[];
before(async () => {
  pair = await startTestPair();
  ({ first: server, second } = pair);
  terminals = await enrolMany(server, 20);
});
beforeEach(() => pair.applyPolicy({ tries: { terminal: 100 } }));
after(() => pair.close());

const either = (place: number): TestServer => (place % 2 === 0 ? server : second);
const countOf = async ({ person }: Clinician, kind = 'pin'): Promise<number | undefined> => {
  const [row] = await server.database.query<{ failures: number }>(
    'select failures from credential where person = $1 and kind = $2',
    [person.id, kind],
  );
  return row?.failures;
};
const opened = async ({ person }: Clinician): Promise<number> => {
  const [row] = await server.database.query<{ count: number }>(
    `select (select count(*) from session where person = $1) + (select count(*) from console_session where person = $1) as count`,
    [person.id],
  );
  return row?.count ?? 0;
};
const lookedAt = async ({ person }: Clinician): Promise<number> =>
  (await eventsWhere(server, 'person', person.id)).filter(
    ({ kind, reason }) => kind === 'proof.refused' && reason === 'wrong',
  ).length;
/** Nothing opened, and the log tells of each that was looked at and of one lock. */
const mustBeLocked = async (who: Clinician, looks: number): Promise<void> => {
  assert.deepEqual([await lookedAt(who), await countOf(who), await opened(who)], [looks, looks, 0]);
  const locks = (await eventsWhere(server, 'person', who.person.id)).filter(({ kind }) => kind === 'credential.locked');
  assert.equal(locks.length, looks / 5);
  for (const process of [server, second])
    assert.equal((await begin(process, terminals[0] as TestTerminal, who.evidence)).code, 'CARD_REFUSED');
};
const refusals = new Set(['PROOF_WRONG', 'PROOF_LOCKED', 'ATTEMPT_ENDED', 'CARD_REFUSED', 'SERVER_BUSY']);
const mustBeRefused = (answers: readonly Answered[]): void => {
  for (const { code, body } of answers) assert.ok(refusals.has(code ?? ''), JSON.stringify(body));
};
/** 200 wrong PINs at once for what was begun, in turn at both processes. */
const guess = (begun: readonly { readonly at: TestTerminal; readonly attempt: string }[]): Promise<Answered[]> =>
  Promise.all(
    Array.from({ length: 200 }, (_, place) => {
      const { at, attempt } = begun[place % begun.length] ?? assert.fail();
      const body = {
        ticket: ticketOf(attempt),
        factor: 'pin',
        secret: otherPin,
        // Half of them come under a key of their own, as of another guard.
        ...(place % 4 < 2 ? {} : { idempotencyKey: randomBytes(16).toString('base64url') }),
      };
      return either(Math.floor(place / begun.length)).call(at, 'attempts/prove', { params: { attempt }, body });
    }),
  );
const beginAll = async (cards: readonly Clinician['evidence'][]) => {
  const begun: { readonly at: TestTerminal; readonly attempt: string }[] = [];
  for (const [place, at] of terminals.entries()) {
    const { attempt } = await mustBegin(either(place), at, cards[place % cards.length] ?? assert.fail());
    begun.push({ at, attempt });
  }
  return begun;
};

describe('what was counted by a process that is killed', () => {
  // First, while the clock of the test is that of the others.
  const processes: TestProcess[] = [];
  after(() => Promise.all(processes.map((process) => process.kill())));
  const startProcess = async (): Promise<TestProcess> => {
    const process = await startTestProcess(server);
    processes.push(process);
    return process;
  };
  const send = async ({ origin }: TestProcess, at: TestTerminal, path: string, body: object) => {
    const answer = await fetch(`${origin}${path}`, {
      dispatcher: at.agent,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as {
      readonly attempt: string;
      readonly ticket: string;
      readonly failure?: { readonly code: string; readonly triesLeft?: number };
    };
  };
  const tap = (process: TestProcess, at: TestTerminal, { evidence }: Clinician) =>
    send(process, at, '/v1/attempts', { lock: randomUUID(), card: evidence });
  const tryOne = (
    process: TestProcess,
    at: TestTerminal,
    { attempt, ticket }: Awaited<ReturnType<typeof tap>>,
    factor: string,
    secret: string,
  ) => send(process, at, `/v1/attempts/${attempt}/proofs`, { ticket, factor, secret });

  it('is what the next one begins with: tries, locks and codes that were used', async () => {
    const [at, there] = terminals as [TestTerminal, TestTerminal];
    const [guessed, coded] = [await makeClinician(server, { totp: false }), await makeClinician(server)];
    // By the time of the other processes, which no test moves on.
    const code = generateSync({ secret: coded.seed, epoch: Math.floor(Date.now() / 1000) });
    const first = await startProcess();
    const begun = await tap(first, at, guessed);
    for (const left of [4, 3, 2, 1])
      assert.equal((await tryOne(first, at, begun, 'pin', otherPin)).failure?.triesLeft, left);
    const used = await tryOne(first, there, await tap(first, there, coded), 'totp', code);
    assert.equal(used.failure, undefined, JSON.stringify(used));
    await first.kill();

    const next = await startProcess();
    const goingOn = await tryOne(next, at, begun, 'pin', otherPin);
    assert.equal(goingOn.failure?.code, 'PROOF_LOCKED', 'the attempt goes on, and so does its count');
    assert.equal((await tryOne(next, at, begun, 'pin', goodPin)).failure?.code, 'ATTEMPT_ENDED');
    assert.equal((await tap(next, at, guessed)).failure?.code, 'CARD_REFUSED');
    const replayed = await tryOne(next, there, await tap(next, there, coded), 'totp', code);
    assert.deepEqual([replayed.failure?.code, replayed.failure?.triesLeft], ['PROOF_WRONG', 4]);
    await next.kill();

    const last = await startProcess();
    assert.equal((await tap(last, there, guessed)).failure?.code, 'CARD_REFUSED', 'the lock is kept');
    await last.kill();
    assert.deepEqual([await lookedAt(guessed), await countOf(guessed), await opened(guessed)], [5, 5, 0]);
    assert.equal(await opened(coded), 1);
    const other = await makeClinician(server);
    await logIn(server, at, other);
  });
});

describe('of 200 wrong PINs at once, at two processes and twenty terminals', () => {
  it('as many are looked at as the limit says, though they come by two cards of the person', async () => {
    const who = await makeClinician(server, { totp: false });
    const { evidence } = await giveCard(server, who.person);
    mustBeRefused(await guess(await beginAll([who.evidence, evidence])));
    await mustBeLocked(who, 5);
    assert.equal((await begin(second, terminals[1] as TestTerminal, evidence)).code, 'CARD_REFUSED');
  });

  it('no more are looked at though each comes by a tap of its own', async () => {
    const who = await makeClinician(server, { totp: false });
    const answers = await Promise.all(
      terminals.map(async (at, place) => {
        const heard: Answered[] = [];
        for (let tries = 0; tries < 10; tries += 1) {
          const process = either(place + tries);
          const tapped = await begin(process, at, who.evidence);
          const { attempt } = tapped.body as { attempt?: string };
          heard.push(attempt === undefined ? tapped : await prove(process, at, attempt, 'pin', otherPin));
        }
        return heard;
      }),
    );
    assert.equal(answers.flat().length, 200);
    mustBeRefused(answers.flat());
    await mustBeLocked(who, 5);
  });

  it('as many again are looked at once the lock has passed, and then it locks for longer', async () => {
    const who = await makeClinician(server, { totp: false });
    mustBeRefused(await guess(await beginAll([who.evidence])));
    await mustBeLocked(who, 5);
    const lockOf = async () => {
      const [row] = await server.database.query<{ until: Date }>(
        `select locked_until as until from credential where person = $1 and kind = 'pin'`,
        [who.person.id],
      );
      return (row?.until.getTime() ?? 0) - server.now().getTime();
    };
    const first = await lockOf();
    server.advance(first + 1000);
    mustBeRefused(await guess(await beginAll([who.evidence])));
    await mustBeLocked(who, 10);
    assert.ok((await lockOf()) > 1.5 * first);
  });
});

it('a code that comes 200 times at once, to terminals and to the console of both processes, opens one thing', async () => {
  // So many tries that what bars the code is that it was used, and no lock.
  await pair.applyPolicy({ tries: { soft: 20, hard: 100, terminal: 100 } });
  const who = await makeClinician(server, { roles: ['clinician', 'helpdesk'], password });
  const begun = await beginAll([who.evidence]);
  const code = who.code();
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, place) => {
      const process = either(Math.floor(place / 20));
      if (place % 10 === 9)
        return process.call(process.anyone, 'console/sign-in', { body: { number: who.person.number, password, code } });
      const { at, attempt } = begun[place % 20] ?? assert.fail();
      return prove(process, at, attempt, 'totp', code);
    }),
  );
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  for (const { status, code: why } of answers.filter((one) => one.status !== 200))
    assert.ok([...refusals, 'CONSOLE_SIGN_IN_REFUSED'].includes(why ?? ''), `${status} ${why}`);
  assert.equal(await opened(who), 1);
  const kinds = (await eventsWhere(server, 'person', who.person.id)).map(({ kind, reason }) => `${kind} ${reason}`);
  assert.equal(kinds.filter((kind) => /^(session\.began|console\.signed-in) /.test(kind)).length, 1);
  assert.ok(kinds.includes('proof.replayed code-used'), [...new Set(kinds)].join());
});
