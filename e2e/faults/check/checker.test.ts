import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '../account.ts';
import { check } from './checker.ts';
import type { Findings, LoggedEvent } from './findings.ts';

const epoch = '11111111-1111-4111-8111-111111111111';
const bounds = { offlineHours: 24, lock: 2_500 };
const iso = (at: number): string => new Date(at).toISOString();

let seq = 0;
const event = (given: Partial<LoggedEvent>): LoggedEvent => ({
  seq: ++seq,
  kind: 'guard.started',
  id: `event-${seq}`,
  at: iso(1_000),
  person: null,
  terminal: null,
  session: null,
  reason: null,
  support_code: null,
  detail: {},
  epoch: null,
  sequence: null,
  hash: null,
  ...given,
});
const record = (sequence: number, kind: string, session: string | null = null): LoggedEvent =>
  event({ kind, session, terminal: 'T', person: 'P', epoch, sequence, hash: `hash-${sequence}` });
const opened: Entry = {
  kind: 'opened',
  at: 500,
  login: 1,
  terminal: 'ward',
  number: '100001',
  offline: false,
  record: { epoch, sequence: 1, hash: 'hash-1', session: 'S' },
};
const login: readonly Entry[] = [
  { kind: 'tried', at: 300, login: 1, terminal: 'ward', number: '100001', right: true },
  { kind: 'entered', at: 400, login: 1 },
  opened,
];
const events = [
  record(1, 'screen.opened', 'S'),
  record(2, 'screen.locked', 'S'),
  event({ kind: 'session.began', session: 'S' }),
  event({ kind: 'session.ended', session: 'S' }),
];

/** A run of one login in which all is well. */
const sound: Findings = {
  entries: login,
  events,
  journals: { ward: [{ epoch, sequence: 1, hash: 'hash-1', facts: { kind: 'screen.opened' } }] },
  terminals: { ward: 'T' },
  people: { '100001': 'P' },
  verified: { ok: true, said: 'Verified' },
  recovered: { ward: 900 },
};
const broken = (change: Partial<Findings>): string[] =>
  check({ ...sound, ...change }, bounds).map(({ invariant, what }) => `${invariant} ${what}`);
const assertBroken = (change: Partial<Findings>, ...expected: readonly RegExp[]): void => {
  const found = broken(change);
  for (const one of expected)
    assert.ok(
      found.some((what) => one.test(what)),
      `${one} is not in ${found.join('\n')}`,
    );
};

test('a run in which all is well breaks nothing', () => {
  assert.deepEqual(broken({}), []);
});

test('I1: an opening that was shown and is not in the log, or twice, or as another event, or before it was written', () => {
  assertBroken(
    { events: events.slice(1) },
    /^I1 login 1: its opening .* 0 times/,
    /^I1 .* on the disk and not in the log/,
  );
  assertBroken({ events: [...events, record(1, 'screen.opened', 'S')] }, /^I1 login 1: .* 2 times/);
  assertBroken(
    { events: [{ ...record(1, 'screen.opened', 'S'), hash: 'x' }, ...events.slice(1)] },
    /^I1 login 1: .* another event/,
  );
  assertBroken({ entries: [...login.slice(0, 2), { ...opened, record: null }] }, /^I1 login 1: .* before its event/);
  const nobodys = [{ ...record(1, 'screen.opened', 'S'), person: null }, ...events.slice(1)];
  assertBroken({ events: nobodys }, /^I1 login 1: its opening .* does not name 100001/);
  const putBack: Entry = { kind: 'restored', at: 900, from: 400, noticed: 'server.restored' };
  assertBroken({ entries: [...login, putBack], events: nobodys }, /^I1 login 1: .* does not name 100001/);
  const short: Entry = { ...putBack, noticed: null };
  assert.deepEqual(broken({ entries: [...login, short], events: nobodys }), []);
});

test('I1: any record of a terminal that stands in the log twice, and a session that ends twice or never', () => {
  assertBroken({ events: [...events, record(2, 'screen.locked', 'S')] }, /^I1 ward .* \(screen.locked\) .* 2 times/);
  assertBroken({ events: [...events, event({ kind: 'session.ended', session: 'S' })] }, /^I1 ended 2 times/);
  assertBroken({ events: events.slice(0, 3) }, /^I1 began and never ended/);
  assertBroken({ events: events.toSpliced(1, 1) }, /^I1 opened and never locked/);
});

test('I1: a record that a fault has spoilt need not be there; only that one', () => {
  const spoilt: Entry = { kind: 'spoilt', at: 600, terminal: 'ward', records: [{ epoch, sequence: 1 }], noticed: null };
  assert.deepEqual(broken({ entries: [...login, spoilt], events: events.slice(1), journals: {} }), []);
  const other: Entry = { ...spoilt, records: [{ epoch, sequence: 9 }] };
  assertBroken({ entries: [...login, other], events: events.slice(1), journals: {} }, /^I1 login 1/);
});

test('I1: a refusal whose code helpdesk was given, and a person who was added, once; not where the database was put back', () => {
  const refused: Entry = { kind: 'refused', at: 700, login: 2, why: 'card', code: 'ABC' };
  const logged = event({ kind: 'attempt.refused', support_code: 'ABC' });
  assert.deepEqual(broken({ entries: [...login, refused], events: [...events, logged] }), []);
  assertBroken({ entries: [...login, refused] }, /^I1 login 2: its refusal ABC is in the log 0 times/);
  assertBroken({ entries: [...login, refused], events: [...events, logged, logged] }, /^I1 login 2: .* 2 times/);
  const acts: Entry[] = [
    { kind: 'asked', at: 700, act: 1, what: 'add', number: '200001' },
    { kind: 'done', at: 710, act: 1 },
  ];
  const added = event({ kind: 'person.added', detail: { number: '200001' } });
  assertBroken({ entries: [...login, ...acts] }, /^I1 200001 was added 0 times/);
  assertBroken({ entries: [...login, ...acts], events: [...events, added, added] }, /^I1 200001 was added 2 times/);
  assert.deepEqual(broken({ entries: [...login, ...acts.slice(0, 1)] }), [], 'nobody was told that it is done');
  const restored: Entry = { kind: 'restored', at: 900, from: 600, noticed: 'server.restored' };
  const noticed = event({ kind: 'server.restored' });
  assert.deepEqual(broken({ entries: [...login, ...acts, refused, restored], events: [...events, noticed] }), []);
  const before = event({ kind: 'server.restored', at: iso(500) });
  assertBroken(
    { entries: [...login, restored], events: [...events, before] },
    /^I3 the database was put back .*restored/,
  );
});

test('I1: what a terminal brought that has no guard, each record once; not where the database was put back', () => {
  const brought: Entry = { kind: 'brought', at: 700, terminal: 'S', epoch, upTo: 2 };
  const own = [1, 2].map((sequence) => event({ terminal: 'S', epoch, sequence, hash: `own-${sequence}` }));
  assert.deepEqual(broken({ entries: [...login, brought], events: [...events, ...own] }), []);
  const lacking = { entries: [...login, brought], events: [...events, ...own.slice(1)] };
  assertBroken(lacking, /^I1 S .*: 1 of 2 that were taken are not in the log once/);
  const restored: Entry = { kind: 'restored', at: 900, from: 600, noticed: 'server.restored' };
  const noticed = event({ kind: 'server.restored' });
  assert.deepEqual(broken({ entries: [...login, brought, restored], events: [...events, noticed] }), []);
});

test('I1: a wrong try counts once, neither twice because its answer was lost nor not at all', () => {
  const tries: Entry[] = [
    { kind: 'tried', at: 700, login: 2, terminal: 'ward', number: '100001', right: false },
    { kind: 'entered', at: 710, login: 2 },
    { kind: 'wrong', at: 720, login: 2 },
  ];
  const counted = event({ kind: 'proof.refused', person: 'P', reason: 'wrong' });
  assert.deepEqual(broken({ entries: [...login, ...tries], events: [...events, counted] }), []);
  assertBroken({ entries: [...login, ...tries] }, /^I1 100001: 0 wrong tries are in the log, 1 were answered/);
  assertBroken({ entries: [...login, ...tries], events: [...events, counted, counted] }, /^I1 100001: 2 wrong tries/);
});

test('I2: a desktop that nobody opened', () => {
  const shown: Entry = { kind: 'shown-unasked', at: 700, terminal: 'ward', number: '100001' };
  assertBroken({ entries: [...login, shown] }, /^I2 ward showed a desktop/);
});

test('I2: somebody who was suspended when they typed; without the server only with an alarm, and where it was not known', () => {
  const suspended: Entry[] = [
    { kind: 'asked', at: 100, act: 1, what: 'suspend', number: '100001' },
    { kind: 'done', at: 120, act: 1 },
  ];
  const back: Entry = { kind: 'asked', at: 450, act: 2, what: 'resume', number: '100001' };
  assertBroken({ entries: [...suspended, ...login] }, /^I2 login 1: 100001, suspended for 280 ms, was let in/);
  assert.deepEqual(broken({ entries: [...suspended, ...login, back] }), [], 'they were asked back before it opened');
  const detail = { loginAt: iso(0), at: iso(450) };
  const alone = event({ kind: 'offline.opened', session: 'S', detail });
  const alarm = event({ kind: 'offline.contested', session: 'S' });
  const entries = [...suspended, ...login];
  assertBroken({ entries, events: [...events, alone] }, /^I2 login 1: .* no alarm/);
  assert.deepEqual(broken({ entries, events: [...events, alone, alarm] }), []);
  const told = event({ kind: 'revocation.confirmed', terminal: 'T', person: 'P', at: iso(200) });
  assertBroken({ entries, events: [...events, alone, alarm, told] }, /^I2 login 1: .* which had told that terminal/);
});

test('I2: somebody who was let in without the server longer after their login than policy says', () => {
  const old = { loginAt: iso(0), at: iso(25 * 3_600_000) };
  assertBroken({ events: [...events, event({ kind: 'offline.opened', session: 'X', detail: old })] }, /^I2 session X/);
});

test('I2: somebody who works on after they were suspended, while nothing fails', () => {
  const suspended: Entry[] = [
    { kind: 'asked', at: 1_000, act: 1, what: 'suspend', number: '100001' },
    { kind: 'done', at: 1_020, act: 1 },
  ];
  const covered = (at: number): Entry => ({ kind: 'covered', at, terminal: 'ward', login: 1 });
  const struck: Entry = { kind: 'struck', at: 900, fault: 'link-deaf', where: 'ward', place: 0 };
  assert.deepEqual(broken({ entries: [...login, ...suspended, covered(3_000)] }), []);
  assertBroken(
    { entries: [...login, ...suspended, covered(4_000)] },
    /^I2 login 1: 100001 worked on at ward for 2980 ms/,
  );
  assert.deepEqual(broken({ entries: [...login, struck, ...suspended, covered(4_000)] }), []);
});

test('I3: a log that does not verify, and damage that nobody noticed', () => {
  assertBroken({ verified: { ok: false, said: 'NOT VERIFIED at position 3' } }, /^I3 .* position 3/);
  const spoilt: Entry = { kind: 'spoilt', at: 600, terminal: 'ward', records: [], noticed: 'journal.damaged' };
  assertBroken({ entries: [...login, spoilt] }, /^I3 .* no journal.damaged/);
  const noticed = event({ kind: 'journal.damaged', terminal: 'T' });
  assert.deepEqual(broken({ entries: [...login, spoilt], events: [...events, noticed] }), []);
});

test('I4: a terminal that lets nobody in again by itself', () => {
  assertBroken({ recovered: { ward: null } }, /^I4 ward/);
});
