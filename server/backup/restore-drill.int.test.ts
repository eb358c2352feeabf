import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '#contract/api/index.ts';
import type { Pushed, RevocationOrder } from '#contract/api/terminals.ts';
import { forgetPin } from '../people/take-away.ts';
import { tryLockPerson } from '../store/people.ts';
import { startTestServer, type TestConsole, type TestServer, type TestTerminal } from '../testing.ts';
import { openTestDatabase, type TestDatabase } from '../testing-cluster.ts';
import { begin, type Clinician, goodPin, logIn, makeClinician, mustBegin, prove } from '../testing-login.ts';
import { openStream } from '../testing-stream.ts';
import { dump } from './dump.ts';
import { readBackup } from './form.ts';
import { restore } from './load.ts';
import { makeIdentity, openLines, recipientOf, writeSealed } from './sealed-file.ts';

type Told = Extract<Pushed, { kind: 'revocation' }>;
type Hello = Extract<Pushed, { kind: 'hello' }>;

/** A hospital's server, and what became of it when its backup was put back; what came after the backup is lost. */
let lost: TestServer;
let server: TestServer;
let target: TestDatabase;
let [knowing, other]: TestTerminal[] = [];
let clinicians: Record<'card' | 'person' | 'factor' | 'replaced', Clinician>;
let shutOut: TestTerminal;
let setAside: TestTerminal;
/** What the terminal was told after the backup. */
const orders: RevocationOrder[] = [];
const nothing = async (): Promise<void> => undefined;

before(async () => {
  lost = await startTestServer();
  target = await openTestDatabase();
  [knowing, other] = [await lost.enrol(), await lost.enrol()];
  shutOut = await lost.enrol();
  setAside = await lost.enrol();
  const make = () => makeClinician(lost, { totp: false });
  clinicians = { card: await make(), person: await make(), factor: await make(), replaced: await make() };
  for (const clinician of Object.values(clinicians)) await logIn(lost, knowing, clinician);
  await lost.app.settled();

  const folder = join(lost.folder, 'backups');
  await mkdir(folder);
  const identity = await makeIdentity();
  const recipient = await recipientOf(identity);
  const at = new Date();
  const { path } = await writeSealed(dump(lost.connectionString, at), { folder, recipient, keep: 1, at });

  const admin = await lost.signIn(['admin']);
  const stream = await openStream(lost, knowing, '/v1/terminals/stream?after=0&clock=0');
  const hear = async (): Promise<void> => {
    orders.push((await stream.next<Told>(({ kind }) => kind === 'revocation')).order);
  };
  const body = { reason: 'lost' };
  const mustCall = async (...call: Parameters<TestServer['call']> extends [unknown, ...infer Rest] ? Rest : never) => {
    assert.equal((await lost.call(admin, ...call)).status, 200, call[0]);
    await hear();
  };
  await mustCall('cards/revoke', { params: { card: clinicians.card.card }, body });
  await mustCall('people/suspend', { params: { person: clinicians.person.person.id }, body });
  await mustCall('people/revoke-factor', { params: { person: clinicians.factor.person.id, kind: 'pin' }, body });
  const { person } = clinicians.replaced;
  await lost.database.transaction((tx) => forgetPin(tx, lost.now(), person.id, person.id));
  await hear();
  await mustCall('terminals/revoke', { params: { terminal: shutOut.id }, body });
  await mustCall('terminals/disable', { params: { terminal: setAside.id }, body });
  stream.close();

  const { head } = await readBackup(openLines(path, identity), { head: nothing, rows: nothing });
  await restore(target.connectionString, () => openLines(path, identity), { head, now: new Date(), by: 'operator' });
  const { connectionString } = target;
  server = await startTestServer({ beside: { folder: lost.folder, connectionString, now: lost.now } });
});
after(async () => {
  await server.close();
  await target.close();
  await lost.close();
});

const bring = async (given: readonly RevocationOrder[], from = knowing) => {
  assert.ok(from);
  const answered = await server.call(from, 'terminals/return-revocations', { body: { orders: given } });
  assert.equal(answered.status, 200, JSON.stringify(answered.body));
  return (answered.body as Answer<'terminals/return-revocations'>).taken;
};
const eventsOf = (kind: string) =>
  server.database.query<{ outcome: string; reason: string | null; terminal: string | null; detail: object }>(
    'select outcome, reason, terminal, detail from event where kind = $1 order by seq',
    [kind],
  );
/** Whether somebody waits for a lock in the database. */
const isWaiting = async (): Promise<boolean> => {
  const [row] = await server.database.people.query<{ waits: boolean }>(
    `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waits`,
  );
  return row?.waits === true;
};
const countRevocations = async (): Promise<number> =>
  (await server.database.query<{ count: number }>('select count(*) from revocation'))[0]?.count ?? 0;
const getOther = (): TestTerminal => other ?? assert.fail();
const getKnowing = (): TestTerminal => knowing ?? assert.fail();

describe('a server that was put back from a backup', () => {
  it('knows nothing of what was revoked after it, and asks terminals for it', async () => {
    await mustBegin(server, getOther(), clinicians.card.evidence);
    const known = orders.at(-1)?.number ?? 0;
    const stream = await openStream(server, getKnowing(), `/v1/terminals/stream?after=${known}&clock=0`);
    const { lostRevocations } = await stream.next<Hello>(({ kind }) => kind === 'hello');
    stream.close();
    const [asked] = lostRevocations ?? [];
    assert.ok(asked);
    for (const { number } of orders) assert.ok(number > asked.after && number <= asked.upTo);
  });

  it('takes back nothing that it did not say itself: a changed or an invented order is refused, with an alarm', async () => {
    const [first, second] = orders;
    assert.ok(first && second);
    const forged: RevocationOrder[] = [
      { ...first, subject: clinicians.factor.card },
      { ...first, at: new Date().toISOString() },
      { ...second, mark: first.mark },
      { ...second, mark: undefined },
    ];
    assert.equal(await bring(forged), 0);
    await logIn(server, getOther(), clinicians.person);
    assert.equal(await countRevocations(), 0);
    const alarms = (await eventsOf('request.refused')).filter(({ reason }) => reason === 'revocation-mark');
    assert.deepEqual(
      alarms.map(({ outcome, terminal }) => [outcome, terminal]),
      [['serious', getKnowing().id]],
    );
  });

  it('refuses again at every terminal what was revoked, as soon as one that was told is back', async () => {
    const hearing = await openStream(server, getOther(), '/v1/terminals/stream?after=0&clock=0');
    await hearing.next<Hello>(({ kind }) => kind === 'hello');
    let bringing: Promise<number> | undefined;
    await server.database.transaction(async (tx) => {
      await tryLockPerson(tx, clinicians.factor.person.id);
      // A terminal of an earlier version does not know what is for now.
      bringing = bring(orders.map(({ forNow: _, ...order }) => order));
      while (!(await isWaiting())) await delay(5);
      assert.equal((await eventsOf('revocation.returned')).length, 2, 'who comes before waits for nobody');
    });
    assert.equal(await bringing, orders.length);
    const refused = await begin(server, getOther(), clinicians.card.evidence);
    assert.equal(refused.code, 'CARD_REFUSED');
    assert.equal((await begin(server, getOther(), clinicians.person.evidence)).code, 'CARD_REFUSED');
    for (const { evidence } of [clinicians.factor, clinicians.replaced]) {
      const { code } = await begin(server, getOther(), evidence).then(async (begun) => {
        if (begun.status !== 200) return begun;
        const { attempt } = begun.body as Answer<'attempts/begin'>;
        return prove(server, getOther(), attempt, 'pin', goodPin);
      });
      assert.ok(code !== undefined, 'the PIN that was revoked, and the one that was replaced');
    }
    const away = await server.call(shutOut, 'terminals/report', { body: { records: [] } });
    assert.equal(away.code, 'TERMINAL_REVOKED');
    assert.equal((await begin(server, setAside, clinicians.factor.evidence)).code, 'TERMINAL_DISABLED');
    for (const { what, subject } of orders) {
      const { order } = await hearing.next<Told>((told) => told.kind === 'revocation');
      // A PIN that was replaced is one that is revoked now.
      const isReplaced = subject === clinicians.replaced.person.id;
      assert.deepEqual([order.what, isReplaced ? order.person : order.subject], [what, subject]);
      assert.ok(order.number > 1_000_000 && order.mark !== undefined);
      assert.equal(order.forNow, subject === setAside.id ? true : undefined);
    }
    hearing.close();
    const returned = await eventsOf('revocation.returned');
    assert.deepEqual(
      returned.map(({ outcome, terminal }) => [outcome, terminal]),
      orders.map(() => ['serious', getKnowing().id]),
    );
  });

  it('takes each back once, whoever brings it and however often', async () => {
    const before = await countRevocations();
    await Promise.all([bring(orders), bring(orders, getOther()), bring(orders.toReversed(), getOther())]);
    assert.equal(await countRevocations(), before);
    assert.equal((await eventsOf('revocation.returned')).length, orders.length);
  });

  it('lets an admin put in force again what was only suspended, and is not told otherwise by a late terminal', async () => {
    const admin: TestConsole = await server.signIn(['admin']);
    const params = { person: clinicians.person.person.id };
    const reinstated = await server.call(admin, 'people/resume', { params, body: { reason: 'seen' } });
    assert.equal(reinstated.status, 200, JSON.stringify(reinstated.body));
    await bring(orders, getOther());
    await mustBegin(server, getOther(), clinicians.person.evidence);
    const enabled = { params: { terminal: setAside.id }, body: { reason: 'seen' } };
    assert.equal((await server.call(admin, 'terminals/enable', enabled)).status, 200);
    await bring(orders, getOther());
    await mustBegin(server, setAside, clinicians.person.evidence);
  });
});
