import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import { record } from '../store/events.ts';
import { startTestServer, type TestConsole, type TestServer } from '../testing.ts';
import { logIn, makeClinician } from '../testing-login.ts';

const day = 86_400_000;
let server: TestServer;
let auditor: TestConsole;
let admin: TestConsole;
before(async () => {
  server = await startTestServer();
  const [clinician, terminal] = [await makeClinician(server), await server.enrol('3東-NS-02')];
  await logIn(server, terminal, clinician);
  await record(server.database, server.now(), {
    kind: 'code.guessed-at',
    outcome: 'serious',
    terminal: terminal.id,
    reason: 'emergency',
  });
  await record(server.database, server.now(), { kind: 'attempt.refused', outcome: 'minor', reason: 'card-unknown' });
  await server.database.query('update terminal set last_seen_at = $1', [new Date(server.now().getTime() - 20 * day)]);
  [auditor, admin] = await Promise.all([server.signIn(['auditor']), server.signIn(['admin'])]);
  await server.database.query(
    `insert into emergency_use (id, means, witness, person, terminal, session, reason, at, support_code)
     values (gen_random_uuid(), 'witness', $1, $2, $3, gen_random_uuid(), 'patient-urgent', $4, 'ABC')`,
    [admin.person, clinician.person.id, terminal.id, server.now()],
  );
});
after(() => server?.close());

const period = () => ({
  from: new Date(server.now().getTime() - 7 * day).toISOString(),
  until: new Date(server.now().getTime() + day).toISOString(),
});
const begin = async (): Promise<Answer<'periodic-reviews/begin'>['review']> => {
  const answered = await server.call(auditor, 'periodic-reviews/begin', { body: period() });
  assert.equal(answered.status, 200, JSON.stringify(answered.body));
  return (answered.body as Answer<'periodic-reviews/begin'>).review;
};
const list = async () => (await server.call(admin, 'periodic-reviews/list')).body as Answer<'periodic-reviews/list'>;
const show = async (review: string) =>
  (await server.call(admin, 'periodic-reviews/show', { params: { review } })).body as Answer<'periodic-reviews/show'>;
const inDays = (days: number): string => new Date(server.now().getTime() + days * day).toISOString().slice(0, 10);
const sign = (review: { id: string; digest: string }, change: object = {}, from = auditor) =>
  server.call(from, 'periodic-reviews/sign', {
    params: { review: review.id },
    body: { digest: review.digest, verdict: 'in-order', findings: '警報は訓練\n対応済み', next: inDays(30), ...change },
  });

describe('a periodic review', () => {
  it('is due as long as none was signed, and takes the figures and lists of its period once and for all', async () => {
    assert.partialDeepStrictEqual(await list(), {
      due: null,
      overdue: true,
      waiting: { emergencies: 1, approvals: 0 },
    });
    const review = await begin();
    assert.ok(new Date(review.until) <= server.now(), 'it ends with what there is');
    const { snapshot } = await show(review.id);
    const counted = (kind: string) => snapshot.events.find((one) => one.kind === kind)?.count;
    assert.deepEqual([counted('session.began'), counted('code.guessed-at')], [1, 1]);
    assert.deepEqual(snapshot.refusals, [{ kind: 'attempt.refused', reason: 'card-unknown', count: 1 }]);
    assert.partialDeepStrictEqual(snapshot.alarms, {
      total: 1,
      items: [{ kind: 'code.guessed-at', terminal: '3東-NS-02', reason: 'emergency' }],
    });
    assert.partialDeepStrictEqual(snapshot.emergencies, { total: 1, items: [{ means: 'witness', signedOff: null }] });
    assert.equal(snapshot.accounts.privileged.total, 2);
    assert.deepEqual([snapshot.terminals.active, snapshot.terminals.silent.total], [1, 1]);
    const [stored] = await server.database.query<{ snapshot: string }>(
      'select snapshot from periodic_review where id = $1',
      [review.id],
    );
    assert.equal(
      createHash('sha256')
        .update(stored?.snapshot ?? '')
        .digest('hex'),
      review.digest,
    );
    const [event] = await server.database.query<{ actor: string; detail: { digest: string } }>(
      `select actor, detail from event where kind = 'periodic-review.begun'`,
    );
    assert.equal(event?.actor, auditor.person);
    assert.equal(event?.detail.digest, review.digest);
    // What happens afterwards is not in it.
    await record(server.database, server.now(), { kind: 'attempt.refused', outcome: 'minor', reason: 'card-unknown' });
    assert.deepEqual(await show(review.id), { review, snapshot });
  });

  it('is replaced by one that is begun before it was signed, which two at once do in turn', async () => {
    const [first] = (await list()).reviews;
    const both = await Promise.all([begin(), begin()]);
    const { reviews } = await list();
    assert.deepEqual(
      reviews.map(({ state }) => state),
      ['open', 'dropped', 'dropped'],
    );
    assert.ok(first && (await sign(first)).code === 'PERIODIC_REVIEW_ENDED');
    assert.equal(both.length, 2);
  });

  it('is signed once, by an auditor who saw that snapshot, with a next day that is ahead', async () => {
    const [open] = (await list()).reviews;
    assert.ok(open);
    assert.equal((await sign(open, {}, admin)).code, 'CONSOLE_ROLE_MISSING');
    assert.equal((await sign(open, { digest: '0'.repeat(64) })).code, 'PERIODIC_REVIEW_ENDED');
    assert.equal((await sign(open, { next: inDays(-1) })).code, 'PERIODIC_REVIEW_DATE');
    assert.equal((await sign(open, { next: inDays(500) })).code, 'PERIODIC_REVIEW_DATE');
    assert.equal((await sign(open, { findings: 'a\u0000b' })).code, 'REQUEST_INVALID');
    assert.equal((await sign({ ...open, id: randomUUID() })).code, 'PERIODIC_REVIEW_UNKNOWN');
    const answers = await Promise.all([sign(open), sign(open)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
    const { due, overdue, reviews } = await list();
    assert.deepEqual([due, overdue], [inDays(30), false]);
    assert.partialDeepStrictEqual(reviews[0], {
      state: 'signed',
      signed: { verdict: 'in-order', findings: '警報は訓練\n対応済み', next: inDays(30) },
    });
    const events = await server.database.query<{ actor: string; reason: string; detail: { digest: string } }>(
      `select actor, reason, detail from event where kind = 'periodic-review.signed'`,
    );
    assert.deepEqual(
      events.map(({ actor, reason, detail }) => [actor, reason, detail.digest]),
      [[auditor.person, 'in-order', open.digest]],
    );
  });

  it('is kept as it was: the database changes and removes none of it', async () => {
    for (const sql of [
      `update periodic_review set findings = 'nothing'`,
      `update periodic_review set snapshot = '{}' where dropped_at is not null`,
      'delete from periodic_review',
    ]) {
      await assert.rejects(server.database.query(sql), /kept as it was/);
    }
  });

  it('is overdue when its day has passed', async () => {
    server.advance(32 * day);
    auditor = await server.signIn(['auditor']);
    admin = await server.signIn(['admin']);
    assert.equal((await list()).overdue, true);
    const empty = { from: server.now().toISOString(), until: period().from };
    assert.equal((await server.call(auditor, 'periodic-reviews/begin', { body: empty })).code, 'PERIODIC_REVIEW_DATE');
    const long = { ...period(), from: new Date(server.now().getTime() - 500 * day).toISOString() };
    assert.equal((await server.call(auditor, 'periodic-reviews/begin', { body: long })).code, 'PERIODIC_REVIEW_DATE');
  });
});

describe('the checklist', () => {
  const state = async (id: string) => {
    const answered = await server.call(auditor, 'checklist/show');
    assert.equal(answered.status, 200, JSON.stringify(answered.body));
    const item = (answered.body as Answer<'checklist/show'>).items.find((one) => one.id === id);
    return { state: item?.state, evidence: item?.evidence ?? [] };
  };

  it('follows the state of the installation, item by item', async () => {
    assert.equal((await state('log-reviewed')).state, 'not-met', 'the last review is overdue');
    const review = await begin();
    assert.equal((await sign(review)).status, 200);
    const reviewed = await state('log-reviewed');
    assert.equal(reviewed.state, 'met');
    assert.equal(reviewed.evidence[0]?.values['by'], 'A person');

    assert.equal((await state('emergency')).state, 'not-met', 'nobody has signed an emergency off for a month');
    await server.database.query(
      `update emergency_use set reviewed_at = $1, reviewed_by = $2, verdict = 'in-order', findings = 'x'`,
      [server.now(), auditor.person],
    );
    assert.equal((await state('emergency')).state, 'met');

    assert.equal((await state('backups')).state, 'not-met');
    await record(server.database, server.now(), {
      kind: 'backup.made',
      outcome: 'success',
      detail: { tables: 1, rows: 1, writeOnce: false },
    });
    assert.equal((await state('backups')).state, 'partly');

    assert.equal((await state('rights-approved')).state, 'partly');
    await server.applyPolicy({ fourEyes: ['roles', 'policy', 'emergency-codes'], grace: { minutes: 5 } });
    assert.equal((await state('rights-approved')).state, 'met');
    assert.equal((await state('card-not-alone')).state, 'partly', 'a grace by card alone');

    assert.deepEqual(
      (await state('connections')).evidence.find(({ fact }) => fact === 'tls'),
      { fact: 'tls', good: true, values: { version: '1.3' } },
    );
    await server.app.placed();
    assert.equal((await state('log-protected')).state, 'met');
    const [month] = await server.database.query<{ name: string }>('select name from event_month limit 1');
    await server.database.query(`alter table ${month?.name} disable trigger event_only_added_to`);
    assert.equal((await state('log-protected')).state, 'not-met', 'a month of the log can be changed');
    await server.database.query(`alter table ${month?.name} enable trigger event_only_added_to`);
  });
});
