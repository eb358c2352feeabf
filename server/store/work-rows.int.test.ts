import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import type { PersonId, SessionId } from '#contract/ids.ts';
import { policy } from '#contract/policy.ts';
import { keep } from '../keeper.ts';
import { startTestServer, type TestServer, type TestTerminal } from '../testing.ts';
import { logIn, makeClinician } from '../testing-login.ts';
import { createToken, hashToken } from '../tokens.ts';
import { endAttempt } from './attempts.ts';
import { insertCeremony, moveCeremony } from './ceremonies.ts';
import { insertConsoleSession, insertTicket } from './console.ts';
import { insertInvitation } from './invitations.ts';
import { endSession, endSessionsAt } from './sessions.ts';
import { lowestUuidAt, timeOf } from './uuid.ts';
import { workTables } from './work-rows.ts';

let server: TestServer;
let terminal: TestTerminal;
before(async () => {
  server = await startTestServer();
  terminal = await server.enrol();
});
after(() => server.close());

const hours = (count: number): number => count * 3_600_000;
const keepNow = (workDays: number) =>
  keep({
    background: server.database.background,
    policy: () => policy.parse({ retention: { workDays } }),
    now: server.now,
    log: pino({ level: 'silent' }),
  });
const countRows = async (): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const table of workTables) {
    counts[table] = (await server.database.query<{ count: number }>(`select count(*) from ${table}`))[0]?.count ?? -1;
  }
  return counts;
};

/** One row of each kind that hang together: a session with a ticket and a window of the console, an enrolment step. */
const useAll = async (): Promise<{ session: SessionId; person: PersonId }> => {
  const clinician = await makeClinician(server, { totp: false });
  const { id: person } = clinician.person;
  const { session } = await logIn(server, terminal, clinician);
  await server.app.settled();
  const now = server.now();
  const expiresAt = new Date(now.getTime() + 30_000);
  const endsAt = new Date(now.getTime() + hours(12));
  const { database } = server;
  await insertTicket(database, now, {
    ticketHash: hashToken(createToken()),
    session,
    person,
    terminal: terminal.id,
    expiresAt,
  });
  await insertConsoleSession(database, now, { person, terminal: terminal.id, session, endsAt });
  await insertInvitation(database, server.secrets, now, { person, by: null });
  const begun = { task: 'pin', person, terminal: terminal.id, askedBy: person, label: '', expiresAt } as const;
  await moveCeremony(database, now, await insertCeremony(database, now, begun), { state: 'cancelled' });
  return { session, person };
};

describe('what was needed while something went on', () => {
  test('is removed when it has been over for long enough, and not before', async (t) => {
    t.after(() => server.advance(-hours(24 * 106)));
    const old = await useAll();
    await endSession(server.database, server.now(), 'button', old.session);
    server.advance(hours(24 * 4));
    const late = await useAll();
    const both = await countRows();
    await keepNow(5);
    assert.deepEqual(await countRows(), both, 'nothing is five days old');
    server.advance(hours(24 * 2));
    await keepNow(5);
    const left = await countRows();
    for (const table of workTables) assert.equal(left[table], (both[table] ?? 0) - 1, table);
    const [open] = await server.database.query<{ id: string }>('select id from session');
    assert.equal(open?.id, late.session);
    server.advance(hours(24 * 100));
    await keepNow(5);
    assert.equal((await countRows())['session'], 1, 'a session that is open stays, however old');
    const ended = await server.database.query("select 1 from event where kind = 'session.began'");
    assert.equal(ended.length, 2, 'the log keeps both');
  });

  test('is removed in small steps until nothing is left', async () => {
    const { person } = await useAll();
    await endSessionsAt(server.database, server.now(), 'button', terminal.id);
    const [card] = await server.database.query<{ id: string }>('select id from card where person = $1', [person]);
    const [attempt] = await server.database.query<{ id: string }>(
      "select id from attempt where state <> 'open' limit 1",
    );
    assert.ok(attempt);
    await endAttempt(server.database, server.now(), attempt.id as never, 'refused');
    const at = server.now();
    await server.database.query(
      `insert into attempt (id, terminal, lock_id, card, person, support_code, state, started_at, expires_at, ended_at)
       select ($1 || lpad(i::text, 12, '0'))::uuid, $2, gen_random_uuid(), $3, $4, 'X', 'refused', $5, $5, $5
       from generate_series(1, 1700) i`,
      [lowestUuidAt(at).slice(0, 24), terminal.id, card?.id, person, at],
    );
    server.advance(hours(24 * 12));
    // The server may be keeping house itself at that moment: then this one gives way.
    for (let tries = 0; tries < 20 && Object.values(await countRows()).some((count) => count > 0); tries += 1)
      await keepNow(5);
    for (const [table, count] of Object.entries(await countRows())) assert.equal(count, 0, table);
  });
});

test('the lowest identifier of a time is not above any that is made then', () => {
  const at = new Date('2026-11-22T06:00:00.123Z');
  assert.equal(timeOf(lowestUuidAt(at)).getTime(), at.getTime());
  assert.ok(lowestUuidAt(at) < lowestUuidAt(new Date(at.getTime() + 1)));
  assert.ok(randomUUID().length === lowestUuidAt(at).length);
});
