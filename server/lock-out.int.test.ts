import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { after, before, beforeEach, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '#contract/api/index.ts';
import type { Opened } from '#contract/api/logins.ts';
import type { JournalRecord } from '#contract/audit.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { withdrawFactor } from './people/take-away.ts';
import { createConsoleRoutes } from './routes/console.ts';
import type { Reply } from './routes/handlers.ts';
import { tryDisableFactor } from './store/credentials.ts';
import type { Transaction } from './store/database.ts';
import { tryLockPerson } from './store/people.ts';
import type { Answered, TestConsole, TestServer, TestTerminal } from './testing.ts';
import { byPasskey, nextStep, openBrowser, password, signInBySecrets } from './testing-browser.ts';
import {
  beginEmergency,
  enrolMany,
  makeCodes,
  makeLoanCard,
  mustBeginEmergency,
  mustIssue,
  mustName,
  mustTypeCode,
  openEmergency,
  typeCode,
} from './testing-cardless.ts';
import {
  begin,
  type Clinician,
  eventsWhere,
  goodPin,
  keepTicket,
  logIn,
  makeClinician,
  mustBegin,
  otherPin,
  prove,
  ticketOf,
} from './testing-login.ts';
import { startTestPair, type TestPair } from './testing-pair.ts';

/** Two processes of one server: what one has locked the other has. */
let pair: TestPair;
let server: TestServer;
let second: TestServer;
let admins: readonly [TestConsole, TestConsole];
let terminals: TestTerminal[];
before(async () => {
  pair = await startTestPair();
  ({ first: server, second } = pair);
  admins = [await server.signIn(['admin', 'helpdesk']), await server.signIn(['admin'])];
  terminals = await enrolMany(server, 6);
});
beforeEach(() => server.applyPolicy({}));
after(() => pair.close());

const beginWitness = async (at: TestTerminal, { evidence }: Clinician): Promise<Answered> => {
  const answered = await server.call(at, 'attempts/begin', {
    body: { lock: randomUUID(), card: evidence, purpose: 'witness' },
  });
  keepTicket(answered);
  return answered;
};
/** Whether somebody waits for a lock in the database. */
const isWaiting = async (): Promise<boolean> => {
  const [row] = await server.database.query<{ waits: boolean }>(
    `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waits`,
  );
  return row?.waits === true;
};
const sessionsOf = async (person: string): Promise<number> =>
  (await server.database.query(`select 1 from session where person = $1`, [person])).length;
const tries = (person: string) =>
  server.database.query(
    `select kind, failures, locked_until is not null as locked from credential where person = $1 order by kind`,
    [person],
  );
/** What the journal of a terminal says of a wrong PIN without the server. */
const reportWrong = async (at: TestTerminal, { person }: Clinician): Promise<void> => {
  const facts: JournalRecord['facts'] = {
    kind: 'offline.refused',
    outcome: 'minor',
    factors: [],
    detail: {},
    person: person.id,
    reason: 'wrong-secret',
  };
  const place = { epoch: randomUUID(), sequence: 1, previous: firstPrevious, at: server.now().toISOString() };
  const records = [sealRecord({ ...place, facts })];
  assert.equal((await server.call(at, 'terminals/report', { body: { records } })).status, 200);
};

it('a lock holds on every path, with every right secret, at every terminal and process', async () => {
  const [first, other, third, fourth] = terminals as [TestTerminal, TestTerminal, TestTerminal, TestTerminal];
  await server.applyPolicy({ grace: { minutes: 5, roles: ['clinician', 'helpdesk'] } });
  await second.policies.refresh();
  const who = await makeClinician(server, { roles: ['clinician', 'helpdesk'], password });
  const { number } = who.person;
  const signIn = (typed: string) =>
    server.call(server.anyone, 'console/sign-in', { body: { number, password: typed, code: who.code() } });
  const browser = await signInBySecrets(server, who);
  nextStep(server);
  // What was begun before the lock: at other terminals, and to vouch for somebody.
  const { session } = await logIn(server, first, who);
  const ended = { reason: 'button', endedAt: server.now().toISOString() };
  await server.call(first, 'sessions/end', { params: { session }, body: ended });
  const grace = await mustBegin(server, first, who.evidence, session);
  assert.ok(grace.grace, 'the card alone would open it');
  const [there, vouching, guessed] = [
    await mustBegin(server, other, who.evidence),
    (await beginWitness(third, who)).body as Answer<'attempts/begin'>,
    await mustBegin(server, fourth, who.evidence),
  ];
  const before = await sessionsOf(who.person.id);

  // Four wrong PINs with the server and one without it; wrong codes; wrong passwords.
  for (const _ of Array(4))
    assert.equal((await prove(server, fourth, guessed.attempt, 'pin', otherPin)).code, 'PROOF_WRONG');
  await reportWrong(first, who);
  for (const _ of Array(4))
    assert.equal((await prove(server, fourth, guessed.attempt, 'totp', '000000')).code, 'PROOF_WRONG');
  assert.equal((await prove(server, fourth, guessed.attempt, 'totp', '000000')).code, 'PROOF_LOCKED');
  for (const _ of Array(5)) assert.equal((await signIn('wrong')).code, 'CONSOLE_SIGN_IN_REFUSED');
  const locked = await tries(who.person.id);
  assert.deepEqual(
    locked,
    ['password', 'pin', 'totp'].map((kind) => ({ kind, failures: 5, locked: true })),
  );

  const refusals: readonly [string, () => Promise<Answered>, string][] = [
    ['PIN', () => prove(server, other, there.attempt, 'pin', goodPin), 'PROOF_LOCKED'],
    ['code', () => prove(server, other, there.attempt, 'totp', who.code()), 'PROOF_LOCKED'],
    ['PIN at another process', () => prove(second, other, there.attempt, 'pin', goodPin), 'PROOF_LOCKED'],
    ['PIN of a witness', () => prove(server, third, vouching.attempt, 'pin', goodPin), 'PROOF_LOCKED'],
    ['code of a witness', () => prove(server, third, vouching.attempt, 'totp', who.code()), 'PROOF_LOCKED'],
    [
      'grace of an open attempt',
      () => {
        const { attempt } = grace;
        const body = { ticket: ticketOf(attempt), factor: 'grace' };
        return server.call(first, 'attempts/prove', { params: { attempt }, body });
      },
      'PROOF_LOCKED',
    ],
    ['new tap', () => begin(server, other, who.evidence), 'CARD_REFUSED'],
    ['new tap at another process', () => begin(second, other, who.evidence), 'CARD_REFUSED'],
    ['new tap within the grace', () => begin(server, first, who.evidence, session), 'CARD_REFUSED'],
    ['new tap of a witness', () => beginWitness(third, who), 'CARD_REFUSED'],
    ['console', () => signIn(password), 'CONSOLE_SIGN_IN_REFUSED'],
    [
      'proof at an open console',
      () =>
        browser.call('passkeys/begin-enrolment', { body: { proof: { kind: 'secrets', password, code: who.code() } } }),
      'CONSOLE_PROOF_REFUSED',
    ],
    [
      'passkey that was not used',
      () => browser.call('passkeys/begin-enrolment', { body: { proof: byPasskey } }),
      'CONSOLE_PROOF_REFUSED',
    ],
  ];
  for (const [path, tryIt, code] of refusals) assert.equal((await tryIt()).code, code, path);
  // A journal that comes late lifts nothing, nor does a substitute: the second factor is the person's own.
  await reportWrong(first, who);
  assert.deepEqual(
    (await tries(who.person.id)).map((row) => ({ ...(row as object), failures: 5 })),
    locked,
  );
  const { code } = await mustIssue(server, admins[0], who, { kind: 'code' });
  assert.equal((await typeCode(server, other, code)).code, 'CODE_REFUSED');
  const loan = await makeLoanCard(server, admins[0]);
  await mustIssue(server, admins[0], who, { kind: 'loan-card', card: loan.card });
  assert.equal((await begin(server, other, loan.evidence)).code, 'CARD_REFUSED');
  assert.equal(await sessionsOf(who.person.id), before, 'nothing opened');
});

it('a lock that comes while a substitute is in use holds for it, and a pause of codes for the right code', async () => {
  const [at, there] = terminals as [TestTerminal, TestTerminal];
  const who = await makeClinician(server, { totp: false });
  const { code } = await mustIssue(server, admins[0], who, { kind: 'code' });
  const [begun, elsewhere] = [await mustTypeCode(server, at, code), await mustTypeCode(server, there, code)];
  for (const _ of Array(5)) await prove(server, at, begun.attempt, 'pin', otherPin);
  assert.equal((await prove(server, there, elsewhere.attempt, 'pin', goodPin)).code, 'PROOF_LOCKED');
  assert.equal((await typeCode(server, there, code)).code, 'CODE_REFUSED');

  const [made] = (await makeCodes(server, admins)).codes;
  const paused = terminals[5] as TestTerminal;
  for (const _ of Array(3)) assert.equal((await beginEmergency(server, paused, '0'.repeat(20))).code, 'CODE_REFUSED');
  for (const process of [server, second])
    assert.equal((await beginEmergency(process, paused, made?.code ?? '')).code, 'SERVER_BUSY');
  for (const _ of Array(5)) await typeCode(server, paused, '0'.repeat(12));
  assert.equal((await typeCode(second, paused, code)).code, 'SERVER_BUSY');
  // The door with an alarm is another one: by a code that is right, for a colleague whose PIN is locked.
  const typed = String(randomInt(10_000_000, 99_999_999));
  await server.database.query('update person set number = $2 where id = $1', [who.person.id, typed]);
  const emergency = await mustBeginEmergency(server, there, made?.code ?? '');
  const opened = await openEmergency(server, there, await mustName(server, there, emergency, typed));
  const kinds = (await eventsWhere(server, 'session', (opened.body as Opened).session)).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['emergency.opened', 'session.began']);
});

it('a factor that is taken away or set anew counts no longer in an attempt that it was shown in', async () => {
  const [at, there] = terminals as [TestTerminal, TestTerminal];
  const settle = (attempt: string) =>
    server.call(at, 'attempts/settle', {
      params: { attempt },
      body: { ticket: ticketOf(attempt), choice: 'keep-both' },
    });
  const take = async ({ person }: Clinician) => {
    const [params, body] = [{ person: person.id, kind: 'pin' }, { reason: 'seen by somebody' }];
    assert.equal((await server.call(admins[0], 'people/revoke-factor', { params, body })).status, 200);
  };
  const renew = ({ person }: Clinician) => {
    const later = new Date(server.now().getTime() + 1);
    return server.database.query(`update credential set set_at = $2 where person = $1 and kind = 'pin'`, [
      person.id,
      later,
    ]);
  };
  for (const end of [take, renew]) {
    await server.applyPolicy({ session: { elsewhere: 'ask' } });
    const asked = await makeClinician(server);
    await logIn(server, there, asked).catch(() => undefined);
    const { attempt } = await mustBegin(server, at, asked.evidence);
    assert.equal(((await prove(server, at, attempt, 'pin', goodPin)).body as { kind: string }).kind, 'elsewhere');
    await end(asked);
    assert.equal((await settle(attempt)).code, 'ATTEMPT_ENDED');

    await server.applyPolicy({ factors: [{ name: 'both', demand: { kind: 'all', factors: ['pin', 'totp'] } }] });
    const both = await makeClinician(server);
    const begun = await mustBegin(server, at, both.evidence);
    assert.equal(((await prove(server, at, begun.attempt, 'pin', goodPin)).body as { kind: string }).kind, 'more');
    await end(both);
    const next = await prove(server, at, begun.attempt, 'totp', both.code());
    assert.deepEqual(next.body, { kind: 'more', factors: ['pin'] });
    assert.equal(await sessionsOf(both.person.id), 0);
  }
});

/** Takes the PIN away, and is not done before `meanwhile` waits for it. Answers what came of that. */
const takeDuring = async ({ person }: Clinician, meanwhile: () => Promise<Answered>): Promise<Answered> => {
  let going: Promise<Answered> | undefined;
  await server.database.transaction(async (tx) => {
    const now = server.now();
    await tryLockPerson(tx, person.id);
    const credential = await tryDisableFactor(tx, person.id, 'pin');
    assert.ok(credential);
    going = meanwhile();
    while (!(await isWaiting())) await delay(5);
    const author = { actor: null, terminal: null, detail: {} };
    await withdrawFactor(tx, now, { credential, person: person.id, kind: 'pin' }, author, 'seen by somebody');
  });
  assert.ok(going);
  return going;
};

it('a factor that is taken away while the last step of an attempt waits for it opens nothing', async () => {
  const [at, there] = terminals as [TestTerminal, TestTerminal];
  await server.applyPolicy({ factors: [{ name: 'both', demand: { kind: 'all', factors: ['pin', 'totp'] } }] });
  const both = await makeClinician(server);
  const { attempt } = await mustBegin(server, at, both.evidence);
  await prove(server, at, attempt, 'pin', goodPin);
  const last = await takeDuring(both, () => prove(server, at, attempt, 'totp', both.code()));
  assert.equal(last.code, 'ATTEMPT_ENDED');
  assert.equal(await sessionsOf(both.person.id), 0);

  await server.applyPolicy({ session: { elsewhere: 'ask' } });
  const asked = await makeClinician(server);
  await logIn(server, there, asked);
  const begun = await mustBegin(server, at, asked.evidence);
  await prove(server, at, begun.attempt, 'pin', goodPin);
  const params = { attempt: begun.attempt };
  const body = { ticket: ticketOf(begun.attempt), choice: 'keep-both' };
  const settled = await takeDuring(asked, () => server.call(at, 'attempts/settle', { params, body }));
  assert.equal(settled.code, 'ATTEMPT_ENDED');
  assert.equal(await sessionsOf(asked.person.id), 1);
});

it('a card alone opens nothing within the grace period once a factor was taken away, before the tap, after it and meanwhile', async () => {
  const at = terminals[0] as TestTerminal;
  await server.applyPolicy({ grace: { minutes: 5, roles: ['clinician'] } });
  const lockAndTap = async (who: Clinician, between: () => Promise<unknown> = async () => undefined) => {
    const { session } = await logIn(server, at, who);
    const ended = { reason: 'button', endedAt: server.now().toISOString() };
    await server.call(at, 'sessions/end', { params: { session }, body: ended });
    await between();
    return mustBegin(server, at, who.evidence, session);
  };
  const byCard = (attempt: string) =>
    server.call(at, 'attempts/prove', { params: { attempt }, body: { ticket: ticketOf(attempt), factor: 'grace' } });
  const take = ({ person }: Clinician) =>
    server.call(admins[0], 'people/revoke-factor', {
      params: { person: person.id, kind: 'pin' },
      body: { reason: 'seen by somebody' },
    });
  const [first, second, third, untouched] = await Promise.all(Array.from({ length: 4 }, () => makeClinician(server)));
  assert.ok(first && second && third && untouched);

  const after = await lockAndTap(first, () => take(first));
  assert.deepEqual([after.grace, after.factors], [null, ['totp']]);

  const before = await lockAndTap(second);
  assert.ok(before.grace);
  await take(second);
  assert.equal((await byCard(before.attempt)).code, 'ATTEMPT_ENDED');

  const meanwhile = await lockAndTap(third);
  assert.equal((await takeDuring(third, () => byCard(meanwhile.attempt))).code, 'ATTEMPT_ENDED');

  for (const who of [first, second, third]) assert.equal(await sessionsOf(who.person.id), 1);
  assert.equal((await byCard((await lockAndTap(untouched)).attempt)).status, 200);
});

it('whoever is shut out while they sign in at the console has no session there, also once they are back', async () => {
  const shutOut: readonly ((who: Clinician) => Promise<Answered>)[] = [
    ({ person }) =>
      server.call(admins[0], 'people/suspend', { params: { person: person.id }, body: { reason: 'left' } }),
    ({ person }) => {
      const params = { person: person.id, kind: 'password' };
      return server.call(admins[0], 'people/revoke-factor', { params, body: { reason: 'seen by somebody' } });
    },
  ];
  for (const act of shutOut) {
    const who = await makeClinician(server, { roles: ['helpdesk'], password });
    let acting: Promise<Answered> | undefined;
    /** Where the session would be written, somebody else acts: it is done, or it waits for what is under way. */
    const actFirst = async (): Promise<void> => {
      let done = false;
      acting ??= act(who).finally(() => {
        done = true;
      });
      while (!done && !(await isWaiting())) await delay(5);
    };
    const database = {
      ...server.database,
      transaction: <Value>(work: (tx: Transaction) => Promise<Value>) =>
        server.database.transaction((tx) =>
          work({
            ...tx,
            query: async <Row>(text: string, values?: readonly unknown[], name?: string): Promise<Row[]> => {
              if (text.includes('insert into console_session')) await actFirst();
              return tx.query<Row>(text, values, name);
            },
          }),
        ),
    };
    const cookies: string[] = [];
    const reply = {
      setCookie: (_name: string, value: string) => void cookies.push(value),
      setHeader: () => undefined,
    } as unknown as Reply;
    const input = {
      params: undefined,
      query: undefined,
      body: { number: who.person.number, password, code: who.code() },
    };
    const from = { kind: 'anyone' as const, address: '127.0.0.1', held: null };
    await createConsoleRoutes({ ...server.deps, database })['console/sign-in'](input, from, reply);
    assert.equal((await acting)?.status, 200);
    await server.database.query(`update person set state = 'active' where id = $1`, [who.person.id]);
    const browser = openBrowser(server, { cookie: `__Host-kazasu=${cookies[0]}`, csrf: '' });
    assert.equal((await browser.call('console/me')).code, 'CONSOLE_SIGNED_OUT');
  }
});
