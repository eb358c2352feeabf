import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { JournalRecord } from '#contract/audit.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { startTestServer, type TestServer, type TestTerminal } from '../testing.ts';
import { openTestDatabase, type TestDatabase } from '../testing-cluster.ts';
import { storeRecords } from '../testing-journal.ts';
import { type Clinician, logIn, makeClinician } from '../testing-login.ts';
import { dump } from './dump.ts';
import { readBackup } from './form.ts';
import { restore } from './load.ts';
import { makeIdentity, openLines, recipientOf, writeSealed } from './sealed-file.ts';

type Facts = JournalRecord['facts'];

/** A person logs in at a terminal for the first time after the backup that is put back then. */
let lost: TestServer;
let server: TestServer;
let target: TestDatabase;
let terminal: TestTerminal;
let clinician: Clinician;
let other: Clinician;
let session: string;
let elsewhere: string;
let loginAt: Date;
const nothing = async (): Promise<void> => undefined;
const plain: Pick<Facts, 'outcome' | 'factors' | 'detail'> = { outcome: 'success', factors: [], detail: {} };

before(async () => {
  lost = await startTestServer();
  target = await openTestDatabase();
  terminal = await lost.enrol();
  clinician = await makeClinician(lost, { totp: false });
  other = await makeClinician(lost, { totp: false });
  elsewhere = (await logIn(lost, await lost.enrol(), other)).session;
  await lost.app.settled();
  const folder = join(lost.folder, 'backups');
  await mkdir(folder);
  const identity = await makeIdentity();
  const at = lost.now();
  const sealed = { folder, recipient: await recipientOf(identity), keep: 1, at };
  const { path } = await writeSealed(dump(lost.connectionString, at), sealed);
  loginAt = lost.now();
  session = (await logIn(lost, terminal, clinician)).session;
  lost.advance(3_600_000);
  const { head } = await readBackup(openLines(path, identity), { head: nothing, rows: nothing });
  const how = { head, now: lost.now(), by: 'operator' };
  await restore(target.connectionString, () => openLines(path, identity), how);
  const { connectionString } = target;
  server = await startTestServer({ beside: { folder: lost.folder, connectionString, now: lost.now } });
});
after(async () => {
  await server.close();
  await target.close();
  await lost.close();
});

/** A journal of the terminal of its own. */
const seal = (given: readonly Facts[], at: Date) => {
  const epoch = randomUUID();
  const records: JournalRecord[] = [];
  for (const facts of given) {
    const previous = records.at(-1)?.hash ?? firstPrevious;
    records.push(sealRecord({ epoch, sequence: records.length + 1, previous, at: at.toISOString(), facts }));
  }
  return { epoch, records };
};
const storedOf = (epoch: string) =>
  server.database.query<{ person: string | null; session: string | null; unproven: string | null }>(
    `select person, session, detail->>'unproven' as unproven from event where epoch = $1 order by sequence`,
    [epoch],
  );

/** What the log has of these records of the terminal's journal. */
const bring = async (given: readonly Facts[], at: Date, by = terminal) => {
  const { epoch, records } = seal(given, at);
  const answered = await server.call(by, 'terminals/report', { body: { records } });
  assert.equal(answered.status, 200, JSON.stringify(answered.body));
  return storedOf(epoch);
};
const wrongOf = ({ person }: Clinician): Facts => ({
  ...plain,
  kind: 'offline.refused',
  outcome: 'minor',
  person: person.id,
  reason: 'wrong-secret',
});
const openedIn = (inSession: string, { person }: Clinician): Facts => ({
  ...plain,
  kind: 'screen.opened',
  person: person.id,
  session: inSession as never,
});
const failuresOf = async ({ person }: Clinician) => {
  const query = `select failures from credential where person = $1 and kind = 'pin'`;
  return (await server.database.query<{ failures: number }>(query, [person.id]))[0]?.failures;
};

describe('what a terminal tells of a time that the database has lost', () => {
  it('names who was there and in which session, marked as the terminal’s word alone', async () => {
    const [opened, locked] = await bring(
      [openedIn(session, clinician), { ...openedIn(session, clinician), kind: 'screen.locked' }],
      loginAt,
    );
    const expected = { person: clinician.person.id, session, unproven: 'database-put-back' };
    assert.deepEqual([opened, locked], [expected, expected]);
  });

  it('counts a wrong try without the server of somebody whose login is lost', async () => {
    const [refused] = await bring([wrongOf(clinician)], server.now());
    assert.deepEqual(refused, { person: clinician.person.id, session: null, unproven: 'database-put-back' });
    assert.equal(await failuresOf(clinician), 1);
  });

  it('locks nobody further by that than a first time', async () => {
    await bring(Array(30).fill(wrongOf(clinician)), server.now());
    assert.equal(await failuresOf(clinician), 5);
  });

  it('makes a login without the server that followed one that is lost an alarm that names its person', async () => {
    const alone = randomUUID();
    const detail = { loginAt: loginAt.toISOString(), at: server.now().toISOString() };
    const told: Facts = { ...openedIn(alone, clinician), kind: 'offline.opened', detail };
    const [opened, shown] = await bring([told, openedIn(alone, clinician)], server.now());
    assert.deepEqual(
      [opened?.person, shown?.person, shown?.session],
      [clinician.person.id, clinician.person.id, alone],
    );
    const alarms = await server.database.query<object>(
      `select outcome, reason, person, session from event where kind = 'offline.contested'`,
    );
    assert.deepEqual(alarms, [{ outcome: 'major', reason: 'login-lost', person: clinician.person.id, session: alone }]);

    const expected = { person: clinician.person.id, session: alone, unproven: 'database-put-back' };
    const later = { ...openedIn(alone, clinician), kind: 'screen.locked' } as const;
    assert.deepEqual(await bring([later], server.now()), [expected], 'marked as long as it goes on');
    assert.deepEqual(
      await bring(
        [
          { ...later, person: other.person.id },
          { ...later, person: null },
        ],
        server.now(),
      ),
      [
        { ...expected, person: null, unproven: null },
        { ...expected, person: null },
      ],
      'and its person’s alone',
    );
  });

  it('names nobody in a session of somebody else, nobody who is not here, and nobody outside of that time', async () => {
    const unnamed = { person: null, session: null, unproven: null };
    assert.deepEqual(await bring([openedIn(elsewhere, other)], loginAt), [unnamed]);
    const nobody = { ...clinician, person: { ...clinician.person, id: randomUUID() as never } };
    assert.deepEqual(await bring([openedIn(randomUUID(), nobody), wrongOf(nobody)], loginAt), [unnamed, unnamed]);
    const hour = 3_600_000;
    const [early, late] = [loginAt.getTime() - hour, server.now().getTime() + 31 * 24 * hour];
    for (const at of [early, late])
      assert.deepEqual(await bring([wrongOf(other), openedIn(randomUUID(), other)], new Date(at)), [unnamed, unnamed]);
    assert.equal(await failuresOf(other), 0);
  });

  it('names nobody by the word of a terminal that was not there then, nor when it comes two months later', async () => {
    const told = [wrongOf(other), openedIn(randomUUID(), other)];
    const unnamed = { person: null, session: null, unproven: null };
    assert.deepEqual(await bring(told, loginAt, await server.enrol()), [unnamed, unnamed]);
    assert.equal(await failuresOf(other), 0);
    const namedAfter = async (days: number) => {
      const { epoch, records } = seal(told, loginAt);
      const then = new Date(server.now().getTime() + days * 24 * 3_600_000);
      await server.database.transaction((tx) => storeRecords(tx, then, terminal.id, records));
      return (await storedOf(epoch)).map(({ person }) => person);
    };
    const { id } = other.person;
    assert.deepEqual(
      [await namedAfter(59), await namedAfter(61)],
      [
        [id, id],
        [null, null],
      ],
    );
  });
});
