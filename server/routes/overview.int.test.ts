import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import type { Alert } from '#contract/api/overview.ts';
import { sumAll } from '../event-sums.ts';
import { record, recordAll } from '../store/events.ts';
import { issueRevocation } from '../store/revocations.ts';
import { startTestServer, type TestConsole, type TestServer, type TestTerminal } from '../testing.ts';
import { logIn, makeClinician, mustBegin, otherPin, prove } from '../testing-login.ts';

let server: TestServer;
let admin: TestConsole;
let ward: TestTerminal;
let clinic: TestTerminal;
before(async () => {
  server = await startTestServer();
  [admin, ward, clinic] = await Promise.all([
    server.signIn(['admin']),
    server.enrol('3東-01'),
    server.enrol('外来-01'),
  ]);
  await server.database.query(`update terminal set place = '3階東病棟' where id = $1`, [ward.id]);
  await server.database.query(`update terminal set place = '内科外来' where id = $1`, [clinic.id]);
});
after(() => server.close());

const look = async (): Promise<Answer<'overview/show'>> => {
  await server.app.settled();
  await server.app.summed();
  // Past what is kept of the answer before.
  server.advance(301_000);
  const { body, status } = await server.call(admin, 'overview/show');
  assert.equal(status, 200, JSON.stringify(body));
  return body as Answer<'overview/show'>;
};
const alertOf = ({ alerts }: Answer<'overview/show'>, kind: Alert['kind']) => alerts.find((one) => one.kind === kind);
const today = (): string => new Date(server.now().getTime() + 9 * 3_600_000).toISOString().slice(0, 10);
const reportOf = async (from: string, to: string) =>
  (await server.call(admin, 'reports/show', { query: { from, to } })) as {
    status: number;
    code: string;
    body: unknown;
  };
const opened = (terminal: TestTerminal, times: readonly (readonly [unknown, unknown])[]) =>
  server.database.transaction((tx) =>
    recordAll(
      tx,
      server.now(),
      times.map(([readyMs, machineMs]) => ({
        kind: 'screen.opened',
        outcome: 'success',
        terminal: terminal.id,
        detail: { readyMs, machineMs } as Record<string, number>,
      })),
    ),
  );

describe('the overview', () => {
  it('counts logins and what goes wrong by hour and cause, a moment after they happen', async () => {
    const before = await look();
    assert.equal(before.hours.length, 24);
    assert.equal(before.timeZone, 'Asia/Tokyo');
    const sum = ({ hours }: typeof before) => hours.reduce((all, { logins }) => all + logins, 0);
    const clinician = await makeClinician(server);
    await logIn(server, ward, clinician);
    const second = await makeClinician(server);
    const { attempt } = await mustBegin(server, clinic, second.evidence);
    assert.equal((await prove(server, clinic, attempt, 'pin', otherPin)).code, 'PROOF_WRONG');
    const later = await look();
    assert.equal(sum(later) - sum(before), 1);
    const cause = later.causes.find(({ kind, reason }) => kind === 'proof.refused' && reason === 'wrong');
    assert.deepEqual([cause?.count, cause?.before], [1, 0]);
    assert.equal(later.terminals.inUse, 1);
    assert.deepEqual(later.offline.map(({ name }) => name).sort(), ['3東-01', '外来-01']);
  });

  it('tells median and 95th percentile of each terminal, and which readers somebody should look at', async () => {
    await opened(
      ward,
      Array.from({ length: 20 }, (_, place) => [3000 + place * 100, 200 + place * 10]),
    );
    await opened(
      clinic,
      Array.from({ length: 6 }, () => [9000, 4000]),
    );
    const misread = { kind: 'card.misread', outcome: 'minor', reason: 'unreadable', terminal: ward.id } as const;
    await server.database.transaction((tx) =>
      recordAll(
        tx,
        server.now(),
        Array.from({ length: 9 }, () => misread),
      ),
    );
    const { readers, readersWorrying, ready } = await look();
    assert.equal(readersWorrying, 2);
    assert.deepEqual(
      readers.map(({ name, worries }) => [name, worries]),
      [
        ['外来-01', ['slow']],
        ['3東-01', ['misreads']],
      ],
    );
    assert.deepEqual(readers[1]?.ready, { logins: 20, median: 3900, p95: 4800, machineMedian: 290, machineP95: 380 });
    assert.equal(ready?.logins, 26);
    const { body } = await server.call(admin, 'overview/terminals', { query: { search: '東', order: 'machine' } });
    const { terminals, total } = body as Answer<'overview/terminals'>;
    assert.deepEqual([total, terminals[0]?.name, terminals[0]?.misreads], [1, '3東-01', 9]);
  });

  it('does not fall for what a terminal says that cannot be a time', async () => {
    await opened(ward, [
      ['soon', true],
      [-5, 1e300],
      [1e308, -1],
    ]);
    const { ready } = await look();
    assert.ok((ready?.p95 ?? 0) <= 3_600_000);
  });

  it('says what waits for somebody, until it is done', async () => {
    const first = await look();
    assert.equal(alertOf(first, 'backup-none')?.tone, 'warn');
    assert.equal(first.backup, null);
    const { person } = await makeClinician(server);
    await server.database.transaction(async (tx) => {
      await record(tx, server.now(), { kind: 'backup.made', outcome: 'success', detail: { writeOnce: true } });
      await issueRevocation(tx, server.now(), {
        what: 'card',
        subject: randomUUID(),
        person: person.id,
        reason: 'lost',
        by: null,
      });
    });
    await server.database.query(
      `insert into emergency_use (id, means, witness, person, terminal, session, reason, at, support_code)
       values ($1, 'witness', $2, $3, $4, $5, 'drill', $6, '')`,
      [randomUUID(), admin.person, person.id, ward.id, randomUUID(), server.now()],
    );
    await server.database.query(
      `insert into approval (id, act, call, digest, asked_by, asked_at, expires_at)
       values ($1, 'roles', 'people/change', '\\x00', $2, $3, $3::timestamptz + interval '1 day')`,
      [randomUUID(), admin.person, server.now()],
    );
    const second = await look();
    assert.equal(alertOf(second, 'backup-none'), undefined);
    assert.equal(second.backup?.writeOnce, true);
    assert.equal(alertOf(second, 'unconfirmed')?.count, 1);
    assert.equal(alertOf(second, 'reviews')?.count, 1);
    assert.equal(alertOf(second, 'approvals')?.count, 1);
    assert.ok(second.alerts.findIndex(({ tone }) => tone === 'warn') > 0, 'the worst comes first');
    await server.database.query(
      `insert into receipt (revocation, terminal, received_at, signature, stored_at)
       select number, t.id, now(), '', now() from revocation, terminal t where t.state = 'active'`,
    );
    server.advance(3 * 24 * 3_600_000);
    admin = await server.signIn(['admin']);
    const third = await look();
    assert.equal(alertOf(third, 'unconfirmed'), undefined);
    assert.equal(alertOf(third, 'backup-old')?.at, second.backup?.at);
  });
});

describe('a report', () => {
  it('adds up by day, place, role, hour and cause', async () => {
    const clinician = await makeClinician(server, { roles: ['clinician', 'helpdesk'] });
    await logIn(server, clinic, clinician);
    await server.app.settled();
    await server.app.summed();
    const { body } = await reportOf(today(), today());
    const report = body as Answer<'reports/show'>;
    assert.deepEqual(
      report.days.map(({ day, logins }) => [day, logins]),
      [[today(), 1]],
    );
    assert.equal(report.total.logins, 1);
    assert.equal(
      report.clock.reduce((sum, logins) => sum + logins, 0),
      1,
    );
    assert.deepEqual(
      report.places.map(({ place, logins }) => [place, logins]),
      [['内科外来', 1]],
    );
    assert.deepEqual(report.roles.map(({ role, logins }) => [role, logins]).sort(), [
      ['clinician', 1],
      ['helpdesk', 1],
    ]);
  });

  it('is of whole days of the hospital’s zone, against as many before', async () => {
    const day = (offset: number): string =>
      new Date(Date.parse(`${today()}T00:00:00Z`) + offset * 24 * 3_600_000).toISOString().slice(0, 10);
    // A minute before and a minute after midnight in Japan.
    const midnight = Date.parse(`${day(-10)}T00:00:00+09:00`);
    for (const at of [midnight - 60_000, midnight + 60_000])
      await server.database.transaction((tx) =>
        record(tx, new Date(at), { kind: 'session.began', outcome: 'success' }),
      );
    await server.app.summed();
    const report = (await reportOf(day(-10), day(-9))).body as Answer<'reports/show'>;
    assert.deepEqual(
      report.days.map(({ logins }) => logins),
      [1, 0],
    );
    assert.equal(report.total.logins, 1);
    assert.equal(report.totalBefore.logins, 1);
    assert.equal(report.clock[0], 1);
  });

  it('tells how long it took from the card to the desktop, in those days and in no others', async () => {
    const day = (ago: number): string =>
      new Date(server.now().getTime() + 9 * 3_600_000 - ago * 24 * 3_600_000).toISOString().slice(0, 10);
    const begins = Date.parse(`${day(20)}T00:00:00+09:00`);
    const openings = [
      [begins - 1, 90_000],
      ...Array.from({ length: 20 }, (_, index) => [begins + index * 3_600_000, 1000 + index * 100] as const),
      [begins + 24 * 3_600_000, 90_000],
    ] as const;
    for (const [at, readyMs] of openings)
      await server.database.transaction((tx) =>
        record(tx, new Date(at), {
          kind: 'screen.opened',
          outcome: 'success',
          terminal: ward.id,
          detail: { readyMs, machineMs: readyMs / 10 },
        }),
      );
    await server.app.summed();
    const ready = async (from: string, to: string) => ((await reportOf(from, to)).body as Answer<'reports/show'>).ready;
    const expected = { logins: 20, median: 1900, p95: 2800, machineMedian: 190, machineP95: 280 };
    assert.deepEqual(await ready(day(20), day(20)), expected);
    assert.equal((await ready(day(21), day(19)))?.logins, 22);
    assert.equal(await ready('2024-01-01', '2024-01-31'), null);
    // A server of the version before has counted all lines without looking at these.
    await server.database.query('delete from ready_sum');
    await server.database.query('update ready_sum_end set seq = 0');
    await Promise.all(
      Array.from({ length: 6 }, () => sumAll({ background: server.database.background }, undefined, 7)),
    );
    // The server counts by itself too: whoever comes while it does is not waited for.
    await server.app.summed();
    assert.deepEqual(await ready(day(20), day(20)), expected);
    assert.equal((await ready(day(21), day(19)))?.logins, 22);
  });

  it('tells those times over many days as the log itself has them, to two digits', async () => {
    const from = Date.parse('2025-03-03T15:00:00Z');
    const openings = Array.from({ length: 400 }, (_, index) => {
      const readyMs = 80 + ((index * 7919) % 400) ** 2;
      return { at: from + index * 1.7 * 3_600_000, readyMs, machineMs: Math.round(readyMs / 7) };
    });
    await server.database.transaction(async (tx) => {
      for (const { at, ...detail } of openings)
        await record(tx, new Date(at), { kind: 'screen.opened', outcome: 'success', terminal: ward.id, detail });
    });
    await server.app.summed();
    const rank = (values: readonly number[], share: number): number =>
      Number((values.toSorted((one, other) => one - other)[Math.ceil(values.length * share) - 1] ?? 0).toPrecision(2));
    const readyTimes = openings.map(({ readyMs }) => readyMs);
    const machineTimes = openings.map(({ machineMs }) => machineMs);
    const { ready } = (await reportOf('2025-03-04', '2025-04-03')).body as Answer<'reports/show'>;
    assert.deepEqual(ready, {
      logins: 400,
      median: rank(readyTimes, 0.5),
      p95: rank(readyTimes, 0.95),
      machineMedian: rank(machineTimes, 0.5),
      machineP95: rank(machineTimes, 0.95),
    });
    const [first] = openings;
    const one = (await reportOf('2025-03-04', '2025-03-04')).body as Answer<'reports/show'>;
    assert.equal(first?.readyMs, 80);
    assert.equal(one.ready?.logins, openings.filter(({ at }) => at < from + 24 * 3_600_000).length);
  });

  it('covers a day to a year', async () => {
    for (const [from, to] of [
      ['2026-11-02', '2026-11-01'],
      ['2024-01-01', '2025-01-02'],
      ['0000-01-01', '0000-01-01'],
      ['9999-12-30', '9999-12-31'],
    ] as const)
      assert.equal((await reportOf(from, to)).code, 'REPORT_PERIOD', `${from} ${to}`);
    assert.equal((await reportOf('2024-01-01', '2024-12-31')).status, 200);
  });
});

it('however many processes count, each line is counted once', async () => {
  await server.app.summed();
  const { background } = server.database;
  const at = server.now();
  await background.transaction((tx) =>
    recordAll(
      tx,
      at,
      Array.from({ length: 500 }, () => ({ kind: 'link.lost', outcome: 'minor', reason: 'unreachable' })),
    ),
  );
  await Promise.all(Array.from({ length: 6 }, () => sumAll({ background }, undefined, 37)));
  // The server counts by itself too: whoever comes while it does is not waited for.
  await server.app.summed();
  const [row] = await background.query<{ lines: number }>(
    `select sum(lines)::bigint as lines from event_sum where kind = 'link.lost'`,
  );
  assert.equal(row?.lines, 500);
});
