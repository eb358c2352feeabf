import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import type { CardEvidence } from '#contract/card.ts';
import type { AttemptId, LockId, PersonId } from '#contract/ids.ts';
import type { ServerDeps } from '../deps.ts';
import { type Begun, createBegun } from '../logins/begun.ts';
import { type Ticket, tryReadTicket } from '../logins/ticket.ts';
import { createSecrets } from '../secrets.ts';
import { createUuid } from '../store/uuid.ts';
import { cheap, startTestServer, type TestServer, type TestTerminal } from '../testing.ts';
import {
  failureOf,
  goodPin,
  makeClinician,
  makeEvidence,
  mustBegin,
  otherPin,
  prove,
  ticketOf,
} from '../testing-login.ts';
import { mustTakeAsLong } from '../testing-times.ts';
import { createAttemptRoutes } from './attempts.ts';
import type { TerminalSender } from './handlers.ts';
import { createLoginsRoutes } from './logins.ts';

let server: TestServer;
let terminal: TestTerminal;
before(async () => {
  server = await startTestServer();
  terminal = await server.enrol();
});
after(async () => {
  for (const { close } of begun) await close();
  await server.close();
});

/** Another process of the server, as far as a login sees it: own memory, own reading of the keys, same database. */
const otherDeps = (): ServerDeps => ({
  ...server.deps,
  secrets: createSecrets(server.folder, server.now(), cheap),
  log: pino({ level: 'silent' }),
});
const begun: Begun[] = [];
const keepBegun = (deps: ServerDeps): Begun => {
  const own = createBegun(deps);
  begun.push(own);
  return own;
};
const startAnother = () => {
  const deps = otherDeps();
  return createLoginsRoutes(deps, keepBegun(deps));
};
const sender = () =>
  ({ kind: 'terminal', terminal: terminal.id, name: 'ward', address: '127.0.0.1' }) as TerminalSender;

describe('another process of the server', () => {
  it('answers busy when its queue is full, and takes no try for it', async () => {
    const { evidence } = await makeClinician(server, { totp: false });
    const { attempt } = await mustBegin(server, terminal, evidence);
    const deps = otherDeps();
    const full = createAttemptRoutes(deps, {
      queue: { tryEnter: () => undefined, tryEnterIdle: () => undefined, wait: () => 0 },
      begun: keepBegun(deps),
    });
    const result = await full['attempts/prove'](
      {
        params: { attempt: attempt as AttemptId },
        query: undefined,
        body: { ticket: ticketOf(attempt), factor: 'pin', secret: otherPin },
      },
      sender(),
    );
    assert.deepEqual(result, { ok: false, failure: { code: 'SERVER_BUSY', retryAfterSeconds: 1 } });
    assert.equal(failureOf(await prove(server, terminal, attempt, 'pin', otherPin)).triesLeft, 4);
  });

  it('goes on counting where the first one stopped', async () => {
    const { evidence } = await makeClinician(server, { totp: false });
    const { attempt } = await mustBegin(server, terminal, evidence);
    for (const left of [4, 3])
      assert.equal(failureOf(await prove(server, terminal, attempt, 'pin', otherPin)).triesLeft, left);
    const params = { attempt: attempt as AttemptId };
    for (const expected of [2, 1, undefined]) {
      const result = await startAnother()['attempts/prove'](
        { params, query: undefined, body: { ticket: ticketOf(attempt), factor: 'pin', secret: otherPin } },
        sender(),
      );
      assert.equal(!result.ok && result.failure.triesLeft, expected);
    }
    assert.notEqual((await prove(server, terminal, attempt, 'pin', goodPin)).status, 200);
  });

  it('accepts a code that the first one accepted no second time', async () => {
    const clinician = await makeClinician(server);
    const code = clinician.code();
    const first = await mustBegin(server, terminal, clinician.evidence);
    assert.equal((await prove(server, terminal, first.attempt, 'totp', code)).status, 200);
    const another = startAnother();
    const body = { lock: randomUUID() as LockId, card: clinician.evidence, purpose: 'login' as const };
    const begun = await another['attempts/begin']({ params: undefined, query: undefined, body }, sender());
    assert.ok(begun.ok);
    const params = { attempt: begun.value.attempt };
    const given = {
      params,
      query: undefined,
      body: { ticket: begun.value.ticket, factor: 'totp' as const, secret: code },
    };
    const proved = await another['attempts/prove'](given, sender());
    assert.equal(!proved.ok && proved.failure.code, 'PROOF_WRONG');
  });
});

describe('the time of a refusal', () => {
  it('is the same for an unknown and a revoked card', async () => {
    const revoked = await makeClinician(server);
    await server.database.query(`update card set state = 'revoked' where id = $1`, [revoked.card]);
    const another = startAnother();
    const show = (card: () => CardEvidence) => async () => {
      const body = { lock: randomUUID() as LockId, card: card(), purpose: 'login' as const };
      await another['attempts/begin']({ params: undefined, query: undefined, body }, sender());
    };
    const asked = { unknown: show(makeEvidence), revoked: show(() => revoked.evidence) };
    await mustTakeAsLong(asked, { rounds: 60, apart: 3, share: 0.5 });
  });
});

describe('taps that are written a moment later', () => {
  const tapOf = async (change: Partial<Ticket> = {}) => {
    const { evidence } = await makeClinician(server);
    const { attempt } = await mustBegin(server, terminal, evidence);
    const known = tryReadTicket(server.deps.secrets, ticketOf(attempt)) ?? assert.fail('no ticket');
    return { ...known, attempt: createUuid(server.now()) as AttemptId, ...change };
  };
  const isWritten = async ({ attempt }: Ticket): Promise<boolean> =>
    (await server.database.query('select 1 from attempt where id = $1', [attempt])).length > 0;

  it('wait for nobody who is gone from the database', async () => {
    const own = keepBegun(otherDeps());
    const [good, gone, other] = [await tapOf(), await tapOf({ person: randomUUID() as PersonId }), await tapOf()];
    for (const tap of [good, gone, other]) own.add(tap, []);
    await own.settled();
    assert.deepEqual([await isWritten(good), await isWritten(gone), await isWritten(other)], [true, false, true]);
  });

  it('are written without being asked, and at once when the process ends', async () => {
    const [own, ending] = [keepBegun(otherDeps()), keepBegun(otherDeps())];
    const [one, last] = [await tapOf(), await tapOf()];
    own.add(one, []);
    ending.add(last, []);
    await ending.close();
    assert.ok(await isWritten(last));
    const until = performance.now() + 10_000;
    while (!(await isWritten(one))) assert.ok(performance.now() < until, 'it is never written');
  });
});
