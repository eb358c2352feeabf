import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { JournalRecord } from '#contract/audit.ts';
import type { PersonId, SessionId } from '#contract/ids.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { policyOf } from '#core/policy/profiles.ts';
import { nameProof } from '#core/policy/proof-name.ts';
import { forgetPin } from './people/take-away.ts';
import { tryLockFactor } from './store/credentials.ts';
import type { Transaction } from './store/database.ts';
import { judgeOfflineUses } from './store/offline-judgement.ts';
import { issueRevocation } from './store/revocations.ts';
import { startTestServer, type TestServer, type TestTerminal } from './testing.ts';
import { mustIssue, mustTypeCode } from './testing-cardless.ts';
import {
  begin,
  type Clinician,
  eventsWhere,
  goodPin,
  logIn,
  makeClinician,
  mustBegin,
  otherPin,
  prove,
  ticketOf,
} from './testing-login.ts';

let server: TestServer;
let terminal: TestTerminal;
let ward: TestTerminal;
before(async () => {
  server = await startTestServer();
  terminal = await server.enrol();
  ward = await server.enrol();
});
after(() => server.close());

const hour = 3_600_000;
const plain: Pick<JournalRecord['facts'], 'outcome' | 'factors' | 'detail'> = {
  outcome: 'success',
  factors: [],
  detail: {},
};

/** What a terminal's journal says after a time without the server. */
const report = async (
  given: readonly JournalRecord['facts'][],
  at = terminal,
  happened = server.now(),
): Promise<void> => {
  const epoch = randomUUID();
  const records: JournalRecord[] = [];
  for (const facts of given) {
    const previous = records.at(-1)?.hash ?? firstPrevious;
    records.push(sealRecord({ epoch, sequence: records.length + 1, previous, at: happened.toISOString(), facts }));
  }
  for (const _ of [1, 2]) assert.equal((await server.call(at, 'terminals/report', { body: { records } })).status, 200);
};

interface Told {
  readonly loginAt: Date;
  readonly openedAt: Date;
}
const opened = (person: PersonId, session: string, { loginAt, openedAt }: Told): JournalRecord['facts'] => ({
  ...plain,
  kind: 'offline.opened',
  person,
  session: session as never,
  factors: ['card', 'pin'],
  detail: { loginAt: loginAt.toISOString(), at: openedAt.toISOString() },
});

/** Somebody logs in with the server; so many hours later, without it. */
const workAlone = async (clinician: Clinician, hours: number, change: Partial<Told> = {}) => {
  const loginAt = server.now();
  await logIn(server, terminal, clinician);
  server.advance(hours * hour);
  const session = randomUUID();
  const told: Told = { loginAt, openedAt: server.now(), ...change };
  return { session, facts: opened(clinician.person.id, session, told) };
};
const wrongOf = ({ person }: Clinician, reason = 'wrong-secret'): JournalRecord['facts'] => ({
  ...plain,
  kind: 'offline.refused',
  outcome: 'minor',
  person: person.id,
  reason,
});
const isWaiting = async (): Promise<boolean> => {
  const [row] = await server.database.people.query<{ waits: boolean }>(
    `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waits`,
  );
  return row?.waits === true;
};
const contested = async (person: string) =>
  (await eventsWhere(server, 'person', person)).filter(({ kind }) => kind === 'offline.contested');
const revoke = async (clinician: Clinician): Promise<void> => {
  const admin = await server.signIn(['admin', 'helpdesk']);
  const body = { params: { card: clinician.card }, body: { reason: 'lost' } };
  assert.equal((await server.call(admin, 'cards/revoke', body)).status, 200);
};

describe('a login without the server, told of afterwards', () => {
  test('is stored once with its person and session, and so is what the journal says of that session later', async () => {
    const clinician = await makeClinician(server);
    const { session, facts } = await workAlone(clinician, 3);
    await report([facts, { ...plain, kind: 'screen.opened', person: clinician.person.id, session: session as never }]);
    await report([{ ...plain, kind: 'screen.locked', person: clinician.person.id, session: session as never }]);
    const events = await eventsWhere(server, 'session', session);
    assert.deepEqual(
      events.map(({ kind, person }) => [kind, person]),
      ['offline.opened', 'screen.opened', 'screen.locked'].map((kind) => [kind, clinician.person.id]),
    );
    assert.deepEqual(await contested(clinician.person.id), []);
  });

  test('is an alarm where the card had been revoked before, and none where that came later', async () => {
    const before = await makeClinician(server);
    const loginAt = server.now();
    await logIn(server, terminal, before);
    server.advance(hour);
    await revoke(before);
    server.advance(hour);
    await report([opened(before.person.id, randomUUID(), { loginAt, openedAt: server.now() })]);
    const [alarm, ...others] = await contested(before.person.id);
    assert.deepEqual([alarm?.outcome, alarm?.reason, others], ['major', 'revoked-before', []]);

    const later = await makeClinician(server);
    const { facts } = await workAlone(later, 2);
    server.advance(hour);
    await revoke(later);
    await report([facts]);
    assert.deepEqual(await contested(later.person.id), []);
  });

  test('is an alarm where no login with the server was so, or one too long ago, or none that policy allows', async () => {
    const forged = await makeClinician(server);
    const { facts } = await workAlone(forged, 30, { loginAt: new Date(server.now().getTime() + 29 * hour) });
    await report([facts]);
    const old = await makeClinician(server);
    await report([(await workAlone(old, 25)).facts]);
    const clerk = await makeClinician(server, { roles: ['helpdesk'] });
    await report([(await workAlone(clerk, 1)).facts]);
    const reasons = await Promise.all([forged, old, clerk].map(({ person }) => contested(person.id)));
    assert.deepEqual(
      reasons.map((all) => all.map(({ reason }) => reason)),
      [['no-such-login'], ['too-old'], ['role']],
    );
  });

  test('is an alarm where policy does not let in so by a card that can be copied', async () => {
    const clinician = await makeClinician(server);
    const { facts } = await workAlone(clinician, 1);
    await server.applyPolicy({ offline: { assurance: ['pki'] } });
    await report([facts]);
    await server.applyPolicy({});
    assert.deepEqual(
      (await contested(clinician.person.id)).map(({ outcome, reason }) => [outcome, reason]),
      [['major', 'assurance']],
    );
  });

  test('is an alarm when its person worked on after a revocation that the terminal had not heard of, once', async () => {
    const [late, heard, ahead] = [
      await makeClinician(server),
      await makeClinician(server),
      await makeClinician(server),
    ];
    const lockedOf = (clinician: Clinician, session: string): JournalRecord['facts'] => ({
      ...plain,
      kind: 'screen.locked',
      person: clinician.person.id,
      session: session as never,
    });
    // Two hours after the revocation, by a clock of the terminal that is a day behind.
    const behind = (): Date => new Date(server.now().getTime() - 24 * hour);
    const first = await workAlone(late, 1);
    await report([first.facts], terminal, behind());
    const openedAt = server.now();
    server.advance(hour);
    await revoke(late);
    const revokedAt = server.now();
    server.advance(2 * hour);
    await report([lockedOf(late, first.session)], terminal, behind());
    const [alarm, ...others] = await contested(late.person.id);
    assert.deepEqual(
      [alarm?.outcome, alarm?.reason, alarm?.session, others],
      ['major', 'revoked-meanwhile', first.session, []],
    );
    const told = alarm?.detail as Record<string, string>;
    const [opened, revoked, locked] = ['openedAt', 'revokedAt', 'lockedAt'].map((name) => Date.parse(told[name] ?? ''));
    assert.ok(Math.abs((opened ?? 0) - openedAt.getTime()) < 1_000);
    assert.ok(Math.abs((revoked ?? 0) - revokedAt.getTime()) < 1_000);
    assert.ok(Math.abs((locked ?? 0) - openedAt.getTime() - 3 * hour) < 1_000);

    // Locked as soon as it was heard; and one who had left before.
    const second = await workAlone(heard, 1);
    await report([second.facts]);
    await revoke(heard);
    server.advance(1_000);
    await report([lockedOf(heard, second.session)]);
    const third = await workAlone(ahead, 1);
    const openedAhead = server.now();
    server.advance(2 * hour);
    await revoke(ahead);
    await report([third.facts], terminal, openedAhead);
    await report([lockedOf(ahead, third.session)], terminal, new Date(openedAhead.getTime() + hour));
    for (const { person } of [heard, ahead]) assert.deepEqual(await contested(person.id), []);
  });

  test('is an alarm where the PIN had been replaced before, and none where that came while somebody worked', async () => {
    const replace = ({ person }: Clinician) =>
      server.database.transaction((tx) => forgetPin(tx, server.now(), person.id, person.id));
    const [before, meanwhile] = [await makeClinician(server), await makeClinician(server)];
    const loginAt = server.now();
    await logIn(server, terminal, before);
    server.advance(hour);
    await replace(before);
    server.advance(hour);
    await report([opened(before.person.id, randomUUID(), { loginAt, openedAt: server.now() })]);
    assert.deepEqual(
      (await contested(before.person.id)).map(({ reason }) => reason),
      ['revoked-before'],
    );

    const { session, facts } = await workAlone(meanwhile, 1);
    await report([facts]);
    server.advance(hour);
    await replace(meanwhile);
    server.advance(hour);
    const { id: person } = meanwhile.person;
    await report([{ ...plain, kind: 'screen.locked', person, session: session as never }]);
    assert.deepEqual(await contested(person), []);
  });

  test('is stored, and so is its end, whatever stands where the terminal writes its times', async () => {
    const lock = async (clinician: Clinician, session: string): Promise<void> =>
      report([{ ...plain, kind: 'screen.locked', person: clinician.person.id, session: session as never }]);
    for (const at of ['x', 5, '-271821-04-20T00:00:00Z', '+275760-09-13T00:00:00Z']) {
      const clinician = await makeClinician(server);
      const { session, facts } = await workAlone(clinician, 1);
      await report([{ ...facts, detail: { ...facts.detail, at } }]);
      await lock(clinician, session);
      const other = await workAlone(clinician, 1);
      await report([{ ...other.facts, detail: { ...other.facts.detail, loginAt: at } }]);
      await lock(clinician, other.session);
      const events = [
        ...(await eventsWhere(server, 'session', session)),
        ...(await eventsWhere(server, 'session', other.session)),
      ];
      assert.deepEqual(
        events.map(({ kind, reason }) => (kind === 'offline.contested' ? reason : kind)),
        ['offline.opened', 'too-old', 'screen.locked', 'offline.opened', 'no-such-login', 'screen.locked'],
      );
    }
  });

  test('by a card that was forgotten ends what stands for it, as with the server, unless the card was forgotten later', async () => {
    const giveCode = async (clinician: Clinician) => mustIssue(server, await server.signIn(['helpdesk']), clinician);
    const standing = async ({ person }: Clinician) =>
      (
        await server.database.query<{ ended: string | null }>(
          'select end_reason as ended from substitute where person = $1',
          [person.id],
        )
      ).map(({ ended }) => ended);
    const back = await makeClinician(server);
    const loginAt = server.now();
    await logIn(server, terminal, back);
    server.advance(hour);
    await giveCode(back);
    server.advance(hour);
    assert.equal((await begin(server, terminal, back.evidence)).status, 200, 'suspended until it is used');
    await report([opened(back.person.id, randomUUID(), { loginAt, openedAt: server.now() })]);
    assert.deepEqual(await standing(back), ['returned']);
    const events = (await eventsWhere(server, 'person', back.person.id)).map(({ kind }) => kind);
    assert.deepEqual(
      ['offline.opened', 'card.returned', 'substitute.ended'].map(
        (kind) => events.filter((one) => one === kind).length,
      ),
      [1, 1, 1],
    );
    assert.deepEqual(await contested(back.person.id), []);
    await logIn(server, terminal, back);

    const away = await makeClinician(server);
    const { facts } = await workAlone(away, 1);
    server.advance(hour);
    await giveCode(away);
    await report([facts]);
    assert.deepEqual(await standing(away), [null]);
  });

  test('that ends what stands for a card holds up no revocation while it waits for somebody else’s factor', async () => {
    const [back, guessed] = [await makeClinician(server), await makeClinician(server)];
    await logIn(server, terminal, guessed);
    const loginAt = server.now();
    await logIn(server, terminal, back);
    server.advance(hour);
    const { code } = await mustIssue(server, await server.signIn(['helpdesk']), back);
    const { attempt } = await mustTypeCode(server, ward, code);
    const begun = (await prove(server, ward, attempt, 'pin', goodPin)).body as { session: string };
    const told = [opened(back.person.id, randomUUID(), { loginAt, openedAt: server.now() }), wrongOf(guessed)];
    let telling: Promise<void> | undefined;
    await server.database.transaction(async (tx) => {
      await tryLockFactor(tx, guessed.person.id, 'pin');
      telling = report(told);
      while (!(await isWaiting())) await delay(5);
      const what = { what: 'session', subject: randomUUID(), person: null } as const;
      await issueRevocation(tx, server.now(), { ...what, reason: 'seen by somebody', by: null });
    });
    await telling;
    assert.equal((await eventsWhere(server, 'session', begun.session)).at(-1)?.reason, 'substitute-ended');
    assert.deepEqual(await contested(back.person.id), []);
  });

  test('names nobody who was never there, and is an alarm', async () => {
    const stranger = await makeClinician(server);
    await report([opened(stranger.person.id, randomUUID(), { loginAt: server.now(), openedAt: server.now() })]);
    assert.deepEqual(await contested(stranger.person.id), []);
    const alarms = (await eventsWhere(server, 'terminal', terminal.id)).filter(({ reason }) => reason === 'never-here');
    assert.deepEqual(
      alarms.map(({ kind, person, outcome }) => [kind, person, outcome]),
      [['offline.contested', null, 'major']],
    );
  });

  test('is judged by as many statements where hundreds come at once as where one does, each by itself', async () => {
    const [clinician, stranger] = [await makeClinician(server), await makeClinician(server)];
    const loginAt = server.now();
    await logIn(server, terminal, clinician);
    server.advance(hour);
    const openedAt = server.now();
    const rules = policyOf('jp-mhlw-6.0', {});
    const judge = (count: number) =>
      server.database.transaction(async (tx) => {
        let asked = 0;
        const counting: Transaction = {
          ...tx,
          query: (...given) => {
            asked += 1;
            return tx.query(...given);
          },
        };
        const uses = Array.from({ length: count }, (_, place) => ({
          session: randomUUID() as SessionId,
          // Every third is somebody who was never there, every fifth had no such login.
          person: (place % 3 === 2 ? stranger : clinician).person.id,
          loginAt: place % 5 === 4 ? openedAt : loginAt,
          openedAt,
          terminal: terminal.id,
        }));
        const used = await judgeOfflineUses(counting, server.now(), uses, rules);
        return { asked, used: used.map(({ session }) => session), uses };
      });
    const [few, many] = [await judge(3), await judge(300)];
    assert.equal(many.asked, few.asked);
    const isFine = (_: unknown, place: number): boolean => place % 3 !== 2 && place % 5 !== 4;
    assert.deepEqual(
      many.used,
      many.uses.filter(isFine).map(({ session }) => session),
    );
    const alarms = await contested(clinician.person.id);
    assert.deepEqual(
      [alarms.length, new Set(alarms.map(({ reason }) => reason))],
      [many.uses.filter((_, place) => place % 3 !== 2 && place % 5 === 4).length, new Set(['no-such-login'])],
    );
  });
});

test('wrong tries without the server count with the others, once', async () => {
  const clinician = await makeClinician(server);
  await logIn(server, terminal, clinician);
  await report([wrongOf(clinician), wrongOf(clinician), wrongOf(clinician, 'unknown')]);
  const [pin] = await server.database.query<{ failures: number }>(
    `select failures from credential where person = $1 and kind = 'pin'`,
    [clinician.person.id],
  );
  assert.equal(pin?.failures, 2);
});

test('what was typed once is one try where both the server and its terminal have looked at it, and no more is left out', async () => {
  const clinician = await makeClinician(server);
  const failures = async (): Promise<number | undefined> => {
    const query = `select failures from credential where person = $1 and kind = 'pin'`;
    return (await server.database.query<{ failures: number }>(query, [clinician.person.id]))[0]?.failures;
  };
  await logIn(server, terminal, clinician);
  await logIn(server, ward, clinician);
  const { attempt } = await mustBegin(server, terminal, clinician.evidence);
  const idempotencyKey = randomBytes(16).toString('base64url');
  const body = { ticket: ticketOf(attempt), factor: 'pin', secret: otherPin, idempotencyKey };
  assert.equal((await server.call(terminal, 'attempts/prove', { params: { attempt }, body })).code, 'PROOF_WRONG');
  assert.equal(await failures(), 1);
  const told = (key: string) => ({ ...wrongOf(clinician), detail: { proof: nameProof(key) } });
  await report([told(idempotencyKey)], ward);
  assert.equal(await failures(), 2, 'at another terminal');
  await report([told(idempotencyKey)]);
  assert.equal(await failures(), 2);
  await report([told(idempotencyKey)]);
  assert.equal(await failures(), 3, 'told of twice');
  await report([told('never-came-to-the-server'), told(idempotencyKey)]);
  assert.equal(await failures(), 5);
});

test('so many without the server lock the PIN as with it, from when they were made, and disable nothing', async () => {
  const known = await makeClinician(server, { totp: false });
  await logIn(server, terminal, known);
  const { attempt } = await mustBegin(server, terminal, known.evidence);
  await prove(server, terminal, attempt, 'pin', otherPin);
  await report(Array(4).fill(wrongOf(known)));
  assert.equal((await prove(server, terminal, attempt, 'pin', goodPin)).code, 'PROOF_LOCKED');
  assert.equal((await begin(server, terminal, known.evidence)).code, 'CARD_REFUSED');
  const locks = (await eventsWhere(server, 'person', known.person.id)).filter(
    ({ kind }) => kind === 'credential.locked',
  );
  assert.deepEqual(
    locks.map(({ reason, detail }) => [reason, detail]),
    [['locked', { failures: 5, where: 'offline' }]],
  );
  server.advance(61_000);
  await logIn(server, terminal, known);

  const late = await makeClinician(server, { totp: false });
  await logIn(server, terminal, late);
  const before = server.now();
  server.advance(hour);
  await report(Array(30).fill(wrongOf(late)), terminal, before);
  const { attempt: next } = await mustBegin(server, terminal, late.evidence);
  assert.equal((await prove(server, terminal, next, 'pin', otherPin)).code, 'PROOF_LOCKED', 'one more is the last');
});

test('a terminal may keep a login by card and PIN of whom policy names, and no other', async () => {
  const mayKeep = async (clinician: Clinician) => (await mustBegin(server, terminal, clinician.evidence)).offline;
  const [nurse, clerk, withoutPin] = [
    await makeClinician(server),
    await makeClinician(server, { roles: ['helpdesk'] }),
    await makeClinician(server, { pin: false }),
  ];
  assert.deepEqual([await mayKeep(nurse), await mayKeep(clerk), await mayKeep(withoutPin)], [true, false, false]);
  const all = {
    factors: [{ name: 'both', demand: { kind: 'all' as const, factors: ['pin' as const, 'totp' as const] } }],
  };
  await server.applyPolicy(all);
  assert.equal(await mayKeep(nurse), false, 'both are wanted');
  await server.applyPolicy({ offline: { assurance: ['pki'] } });
  assert.equal(await mayKeep(nurse), false, 'a card that can be copied');
  await server.applyPolicy({ offline: { hours: 0 } });
  assert.equal(await mayKeep(nurse), false);
});
