import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { JournalRecord } from '#contract/audit.ts';
import type { SessionId } from '#contract/ids.ts';
import { policyOf } from '#core/policy/profiles.ts';
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
  prove,
} from './testing-login.ts';
import { hour, opened, plain, report, workAlone, wrongOf } from './testing-offline.ts';

let server: TestServer;
let terminal: TestTerminal;
let ward: TestTerminal;
before(async () => {
  server = await startTestServer();
  terminal = await server.enrol();
  ward = await server.enrol();
});
after(() => server.close());

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
    const { session, facts } = await workAlone(server, terminal, clinician, 3);
    await report(server, terminal, [
      facts,
      { ...plain, kind: 'screen.opened', person: clinician.person.id, session: session as never },
    ]);
    await report(server, terminal, [
      { ...plain, kind: 'screen.locked', person: clinician.person.id, session: session as never },
    ]);
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
    await report(server, terminal, [opened(before.person.id, randomUUID(), { loginAt, openedAt: server.now() })]);
    const [alarm, ...others] = await contested(before.person.id);
    assert.deepEqual([alarm?.outcome, alarm?.reason, others], ['major', 'revoked-before', []]);

    const later = await makeClinician(server);
    const { facts } = await workAlone(server, terminal, later, 2);
    server.advance(hour);
    await revoke(later);
    await report(server, terminal, [facts]);
    assert.deepEqual(await contested(later.person.id), []);
  });

  test('is an alarm where no login with the server was so, or one too long ago, or none that policy allows', async () => {
    const forged = await makeClinician(server);
    const { facts } = await workAlone(server, terminal, forged, 30, {
      loginAt: new Date(server.now().getTime() + 29 * hour),
    });
    await report(server, terminal, [facts]);
    const old = await makeClinician(server);
    await report(server, terminal, [(await workAlone(server, terminal, old, 25)).facts]);
    const clerk = await makeClinician(server, { roles: ['helpdesk'] });
    await report(server, terminal, [(await workAlone(server, terminal, clerk, 1)).facts]);
    const reasons = await Promise.all([forged, old, clerk].map(({ person }) => contested(person.id)));
    assert.deepEqual(
      reasons.map((all) => all.map(({ reason }) => reason)),
      [['no-such-login'], ['too-old'], ['role']],
    );
  });

  test('is an alarm where policy does not let in so by a card that can be copied', async () => {
    const clinician = await makeClinician(server);
    const { facts } = await workAlone(server, terminal, clinician, 1);
    await server.applyPolicy({ offline: { assurance: ['pki'] } });
    await report(server, terminal, [facts]);
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
    const first = await workAlone(server, terminal, late, 1);
    await report(server, terminal, [first.facts], behind());
    const openedAt = server.now();
    server.advance(hour);
    await revoke(late);
    const revokedAt = server.now();
    server.advance(2 * hour);
    await report(server, terminal, [lockedOf(late, first.session)], behind());
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
    const second = await workAlone(server, terminal, heard, 1);
    await report(server, terminal, [second.facts]);
    await revoke(heard);
    server.advance(1_000);
    await report(server, terminal, [lockedOf(heard, second.session)]);
    const third = await workAlone(server, terminal, ahead, 1);
    const openedAhead = server.now();
    server.advance(2 * hour);
    await revoke(ahead);
    await report(server, terminal, [third.facts], openedAhead);
    await report(server, terminal, [lockedOf(ahead, third.session)], new Date(openedAhead.getTime() + hour));
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
    await report(server, terminal, [opened(before.person.id, randomUUID(), { loginAt, openedAt: server.now() })]);
    assert.deepEqual(
      (await contested(before.person.id)).map(({ reason }) => reason),
      ['revoked-before'],
    );

    const { session, facts } = await workAlone(server, terminal, meanwhile, 1);
    await report(server, terminal, [facts]);
    server.advance(hour);
    await replace(meanwhile);
    server.advance(hour);
    const { id: person } = meanwhile.person;
    await report(server, terminal, [{ ...plain, kind: 'screen.locked', person, session: session as never }]);
    assert.deepEqual(await contested(person), []);
  });

  test('is stored, and so is its end, whatever stands where the terminal writes its times', async () => {
    const lock = async (clinician: Clinician, session: string): Promise<void> =>
      report(server, terminal, [
        { ...plain, kind: 'screen.locked', person: clinician.person.id, session: session as never },
      ]);
    for (const at of ['x', 5, '-271821-04-20T00:00:00Z', '+275760-09-13T00:00:00Z']) {
      const clinician = await makeClinician(server);
      const { session, facts } = await workAlone(server, terminal, clinician, 1);
      await report(server, terminal, [{ ...facts, detail: { ...facts.detail, at } }]);
      await lock(clinician, session);
      const other = await workAlone(server, terminal, clinician, 1);
      await report(server, terminal, [{ ...other.facts, detail: { ...other.facts.detail, loginAt: at } }]);
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
    await report(server, terminal, [opened(back.person.id, randomUUID(), { loginAt, openedAt: server.now() })]);
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
    const { facts } = await workAlone(server, terminal, away, 1);
    server.advance(hour);
    await giveCode(away);
    await report(server, terminal, [facts]);
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
      telling = report(server, terminal, told);
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
    await report(server, terminal, [
      opened(stranger.person.id, randomUUID(), { loginAt: server.now(), openedAt: server.now() }),
    ]);
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
