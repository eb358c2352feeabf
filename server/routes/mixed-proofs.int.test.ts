import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { AttemptId } from '#contract/ids.ts';
import type { AskedFactor } from '#contract/screen.ts';
import { createBegun } from '../logins/begun.ts';
import type { Lane, Transaction } from '../store/database.ts';
import type { Answered, TestServer, TestTerminal } from '../testing.ts';
import { enrolMany } from '../testing-cardless.ts';
import {
  type Clinician,
  eventsWhere,
  goodPin,
  makeClinician,
  mustBegin,
  otherPin,
  prove,
  ticketOf,
} from '../testing-login.ts';
import { startTestPair, type TestPair } from '../testing-pair.ts';
import { createAttemptRoutes } from './attempts.ts';
import type { TerminalSender } from './handlers.ts';

/** Two processes of one server: proofs of one attempt, of one person and of one terminal come to both. */
let pair: TestPair;
let server: TestServer;
let second: TestServer;
let terminals: TestTerminal[];
before(async () => {
  pair = await startTestPair();
  ({ first: server, second } = pair);
  terminals = await enrolMany(server, 8);
});
beforeEach(() => pair.applyPolicy({ tries: { terminal: 100 } }));
after(() => pair.close());

const createKey = (): string => randomBytes(16).toString('base64url');
interface Typed {
  readonly at: TestTerminal;
  readonly attempt: string;
  readonly factor: AskedFactor;
  readonly secret: string;
  readonly isRight: boolean;
}
const bodyOf = ({ attempt, factor, secret }: Pick<Typed, 'attempt' | 'factor' | 'secret'>) => ({
  ticket: ticketOf(attempt),
  factor,
  secret,
  idempotencyKey: createKey(),
});
/** Each under a key of its own, in turn at both processes, all at once. */
const proveAll = (typed: readonly Typed[]): Promise<Answered[]> =>
  Promise.all(
    typed.map(({ at, ...one }, place) =>
      (place % 2 === 0 ? server : second).call(at, 'attempts/prove', {
        params: { attempt: one.attempt },
        body: bodyOf(one),
      }),
    ),
  );
const isSomebodyWaiting = async (): Promise<boolean> => {
  const [row] = await server.database.query<{ waits: boolean }>(
    `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waits`,
  );
  return row?.waits === true;
};

/** Statements of this name wait before they are sent, or hold up their transaction afterwards. */
type Around = Readonly<Record<string, { readonly before?: () => Promise<void>; readonly after?: () => Promise<void> }>>;
const around = <Given extends Lane>(lane: Given, names: Around): Given => {
  const wrap =
    (query: Transaction['query']): Transaction['query'] =>
    async <Row>(text: string, values?: readonly unknown[], name?: string): Promise<Row[]> => {
      const held = names[name ?? ''];
      await held?.before?.();
      const rows = await query<Row>(text, values, name);
      await held?.after?.();
      return rows;
    };
  return {
    ...lane,
    query: wrap(lane.query),
    transaction: (work: (tx: Transaction) => Promise<never>) =>
      lane.transaction((tx) => work({ ...tx, query: wrap(tx.query) })),
  };
};

describe('a right and a wrong proof of one attempt at once', () => {
  for (const [what, failures] of [
    ['an early wrong one', 0],
    ['one that disables factor and card', 18],
  ] as const)
    it(`do not wait for each other: ${what} is refused while the right one opens, or bars it`, async () => {
      const [at] = terminals as [TestTerminal];
      const who = await makeClinician(server, { totp: false });
      await server.database.query('update credential set failures = $2 where person = $1', [who.person.id, failures]);
      const { attempt } = await mustBegin(server, at, who.evidence);
      const [counted, refusing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const until = async (is: () => boolean): Promise<void> => {
        while (!is() && !(await isSomebodyWaiting())) await wait(5);
      };
      let isConcluded = false;
      // The right one was counted first and concludes when the wrong one holds its attempt, which goes on when they meet.
      const names: Around = {
        'count-tries': { after: async () => counted.resolve() },
        conclude: {
          before: () => refusing.promise,
          after: async () => {
            isConcluded = true;
          },
        },
        'keep-refusal': {
          after: async () => {
            refusing.resolve();
            await until(() => isConcluded);
          },
        },
      };
      const deps = {
        ...server.deps,
        database: around(server.deps.database, names),
        logins: around(server.logins, names),
      };
      const place = { run: <Value>(work: () => Promise<Value>) => work(), leave: () => undefined };
      const queue = { tryEnter: () => place, tryEnterIdle: () => undefined, wait: () => 0 };
      const routes = createAttemptRoutes(deps, { queue, begun: createBegun(deps) });
      const sender = { kind: 'terminal', terminal: at.id, name: 'ward', address: '127.0.0.1' } as TerminalSender;
      const send = (secret: string) => {
        const body = bodyOf({ attempt, factor: 'pin', secret });
        return routes['attempts/prove']({ params: { attempt: attempt as AttemptId }, query: undefined, body }, sender);
      };
      const right = send(goodPin);
      await counted.promise;
      const [opened, refused] = await Promise.all([right, send(otherPin)]);
      assert.ok(!refused.ok);
      assert.equal(refused.failure.code, failures === 0 ? 'PROOF_WRONG' : 'PROOF_LOCKED');
      assert.equal(opened.ok, failures === 0, JSON.stringify(opened));
      const kinds = (await eventsWhere(server, 'attempt', attempt)).map(({ kind }) => kind);
      assert.equal(kinds.filter((kind) => kind === 'session.began').length, failures === 0 ? 1 : 0);
      assert.equal(kinds.filter((kind) => kind === 'proof.refused').length >= 1, true);
    });
});

describe('200 proofs at once, right and wrong ones of two factors, of people at two terminals each', () => {
  const modes = {
    'of any factor': {},
    'where somebody is asked about another terminal': { session: { elsewhere: 'ask' as const } },
    'of both factors': {
      factors: [{ name: 'both', demand: { kind: 'all' as const, factors: ['pin' as const, 'totp' as const] } }],
    },
  };
  for (const [mode, changes] of Object.entries(modes))
    it(`${mode}: each is answered, no wrong one opens anything, and nobody gets more tries than the limit`, async () => {
      await pair.applyPolicy({ tries: { terminal: 100 }, ...changes });
      const people: Clinician[] = [];
      while (people.length < 4) people.push(await makeClinician(server));
      const begun: { readonly at: TestTerminal; readonly who: Clinician; readonly attempt: string }[] = [];
      for (const [place, at] of terminals.entries()) {
        const who = people[place % 4] as Clinician;
        begun.push({ at, who, attempt: (await mustBegin(server, at, who.evidence)).attempt });
      }
      const shown = (who: Clinician, round: number): Pick<Typed, 'factor' | 'secret' | 'isRight'> => {
        if (round % 5 === 0) return { factor: 'pin', secret: goodPin, isRight: true };
        if (round % 5 === 1) return { factor: 'totp', secret: who.code(), isRight: true };
        const wrong = { isRight: false };
        return round % 5 === 2
          ? { ...wrong, factor: 'totp', secret: '000000' }
          : { ...wrong, factor: 'pin', secret: otherPin };
      };
      const typed = Array.from({ length: 25 }, (_, round) =>
        begun.map(({ at, who, attempt }) => ({ at, attempt, ...shown(who, round * 7) })),
      ).flat();
      assert.equal(typed.length, 200);
      const answers = await proveAll(typed);
      const known = new Set(['PROOF_WRONG', 'PROOF_LOCKED', 'ATTEMPT_ENDED', 'SERVER_BUSY']);
      for (const [place, { status, code, body }] of answers.entries()) {
        if (status === 200) assert.ok(typed[place]?.isRight, 'a wrong one was accepted');
        else assert.ok(known.has(code ?? ''), JSON.stringify(body));
      }
      for (const { attempt } of begun) {
        const events = await eventsWhere(server, 'attempt', attempt);
        assert.ok(events.filter(({ kind }) => kind === 'session.began').length <= 1);
      }
      for (const { person } of people) {
        const rows = await server.database.query<{ failures: number }>(
          'select failures from credential where person = $1',
          [person.id],
        );
        assert.ok(rows.every(({ failures }) => failures <= 5));
      }
      // What was in the way of each other is over: the next one is let in.
      const next = await makeClinician(server);
      const { attempt } = await mustBegin(server, terminals[0] as TestTerminal, next.evidence);
      assert.equal((await prove(server, terminals[0] as TestTerminal, attempt, 'pin', goodPin)).status, 200);
    });
});
