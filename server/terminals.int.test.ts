import assert from 'node:assert/strict';
import { randomUUID, webcrypto } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import type { TerminalSummary } from '#contract/api/terminals.ts';
import type { JournalRecord } from '#contract/audit.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { issueRevocation } from './store/revocations.ts';
import { revoke } from './store/terminals.ts';
import {
  type Answered,
  createKeys,
  createRequest,
  startTestServer,
  type TestServer,
  type TestTerminal,
} from './testing.ts';
import { logIn, makeClinician } from './testing-login.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const eventsOf = (terminal: string, kind: string) =>
  server.database.query<{ outcome: string; reason: string | null; detail: Record<string, unknown> }>(
    'select outcome, reason, detail from event where terminal = $1 and kind = $2 order by seq',
    [terminal, kind],
  );

describe('enrolment', () => {
  // Each test begins with no wrong code counted.
  afterEach(() => server.advance(61_000));

  test('an admin’s code admits one terminal, once', async () => {
    const admin = await server.signIn(['admin']);
    const name = `ward-${randomUUID().slice(0, 6)}`;
    const announced = await server.call(admin, 'terminals/announce', { body: { name, place: '4F' } });
    const { terminal, code } = announced.body as { terminal: string; code: string };
    assert.match(code, /^(?:[0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{6}$/, '130 bits');
    const request = await createRequest(await createKeys());
    const typed = code.toLowerCase().replaceAll('-', ' ');
    const first = await server.call(server.anyone, 'terminals/enrol', { body: { code: typed, request } });
    assert.equal(first.status, 200);
    const second = await server.call(server.anyone, 'terminals/enrol', { body: { code, request } });
    assert.deepEqual([second.status, second.code], [403, 'ENROLMENT_REFUSED']);
    assert.equal((await eventsOf(terminal, 'terminal.enrolled')).length, 1);
    const stored = await server.database.query<{ code_hash: Buffer }>('select * from enrolment_code');
    assert.ok(!JSON.stringify(stored).includes(code));
    assert.ok(!server.logged().includes(code));

    const list = await server.call(admin, 'terminals/list');
    const { terminals } = list.body as { terminals: TerminalSummary[] };
    assert.deepEqual(
      terminals.filter((one) => one.id === terminal).map(({ name, state, online }) => ({ name, state, online })),
      [{ name, state: 'active', online: false }],
    );
    const taken = await server.call(admin, 'terminals/announce', { body: { name, place: '5F' } });
    assert.equal(taken.code, 'TERMINAL_NAME_TAKEN');
  });

  test('a code of yesterday, and one with a request that is not signed by its key, are refused and gone', async () => {
    const admin = await server.signIn(['admin']);
    const announceOne = async () =>
      (await server.call(admin, 'terminals/announce', { body: { name: randomUUID().slice(0, 12), place: '' } }))
        .body as { terminal: string; code: string };
    const request = await createRequest(await createKeys());
    const bad = await announceOne();
    const tries = [
      { code: bad.code, request: 'not a request' },
      { code: bad.code, request },
    ];
    for (const body of tries) {
      assert.equal((await server.call(server.anyone, 'terminals/enrol', { body })).code, 'ENROLMENT_REFUSED');
    }
    assert.deepEqual(
      (await eventsOf(bad.terminal, 'terminal.enrolment-refused')).map(({ reason }) => reason),
      ['request'],
    );
    const old = await announceOne();
    server.advance(24 * 3_600_000 + 1000);
    const late = await server.call(server.anyone, 'terminals/enrol', { body: { code: old.code, request } });
    server.advance(-24 * 3_600_000 - 1000);
    assert.equal(late.code, 'ENROLMENT_REFUSED');
  });

  test('a name that would lie on a lock screen, or that cannot be stored, is refused', async () => {
    const admin = await server.signIn(['admin']);
    for (const odd of ['a\u0000b', 'a\nb', 'a\u202eb', '\ud800']) {
      for (const body of [
        { name: odd, place: '' },
        { name: 'ward', place: odd },
      ]) {
        assert.equal((await server.call(admin, 'terminals/announce', { body })).code, 'REQUEST_INVALID');
      }
    }
  });

  test('guessing is slowed down, and each guess is in the log', async () => {
    const guess = () => server.call(server.anyone, 'terminals/enrol', { body: { code: randomUUID(), request: 'x' } });
    const codes: (string | undefined)[] = [];
    for (let tries = 0; tries < 12; tries += 1) codes.push((await guess()).code);
    assert.deepEqual(codes, [...Array(10).fill('ENROLMENT_REFUSED'), 'SERVER_BUSY', 'SERVER_BUSY']);
    server.advance(61_000);
    assert.equal((await guess()).code, 'ENROLMENT_REFUSED');
  });

  test('one code shown twice at the same moment admits one', async () => {
    const admin = await server.signIn(['admin']);
    const { body } = await server.call(admin, 'terminals/announce', { body: { name: 'twice', place: '' } });
    const { code } = body as { code: string };
    const requests = await Promise.all(Array.from({ length: 8 }, async () => createRequest(await createKeys())));
    const answers = await Promise.all(
      requests.map((request) => server.call(server.anyone, 'terminals/enrol', { body: { code, request } })),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  });

  test('a terminal renews its certificate with a new key', async () => {
    const terminal = await server.enrol();
    const keys = await createKeys();
    const renewed = await server.call(terminal, 'terminals/renew', { body: { request: await createRequest(keys) } });
    assert.equal(renewed.status, 200);
    assert.notEqual((renewed.body as { certificate: string }).certificate, terminal.admission.certificate);
    const bad = await server.call(terminal, 'terminals/renew', { body: { request: 'x' } });
    assert.equal(bad.code, 'ENROLMENT_REFUSED');
  });

  /** Begins a revocation, sends the call, waits until it waits for the terminal's row, and lets the revocation commit. */
  const revokeBeneath = async (terminal: string, send: () => Promise<Answered>): Promise<string | undefined> => {
    const { promise: code, resolve } = Promise.withResolvers<string | undefined>();
    await server.database.transaction(async (tx) => {
      assert.ok(await revoke(tx, server.now(), terminal as TestTerminal['id']));
      send().then(
        (answered) => resolve(answered.code),
        () => resolve('cut'),
      );
      for (;;) {
        const waiting = await server.database.query(
          `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%certificate_serial%'`,
        );
        if (waiting.length > 0) return;
      }
    });
    return code;
  };
  const stateOf = async (terminal: string) =>
    (await server.database.query<{ state: string }>('select state from terminal where id = $1', [terminal]))[0]?.state;

  test('a renewal that was under way does not undo a revocation', { timeout: 10_000 }, async () => {
    const terminal = await server.enrol();
    const request = await createRequest(terminal.keys);
    const renewed = await revokeBeneath(terminal.id, () =>
      server.call(terminal, 'terminals/renew', { body: { request } }),
    );
    assert.match(renewed ?? '', /^(TERMINAL_REVOKED|cut)$/);
    assert.equal(await stateOf(terminal.id), 'revoked');
    assert.equal((await eventsOf(terminal.id, 'terminal.renewed')).length, 0);
  });

  test('a code that was shown while its terminal is shut out admits nobody', { timeout: 10_000 }, async () => {
    const admin = await server.signIn(['admin']);
    const body = { name: randomUUID().slice(0, 12), place: '' };
    const announced = await server.call(admin, 'terminals/announce', { body });
    const { terminal, code } = announced.body as { terminal: string; code: string };
    const request = await createRequest(await createKeys());
    const enrolled = await revokeBeneath(terminal, () =>
      server.call(server.anyone, 'terminals/enrol', { body: { code, request } }),
    );
    assert.equal(enrolled, 'ENROLMENT_REFUSED');
    assert.equal(await stateOf(terminal), 'revoked');
  });
});

const journal = (count: number, facts: JournalRecord['facts'], epoch = randomUUID()): JournalRecord[] => {
  const records: JournalRecord[] = [];
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const previous = records.at(-1)?.hash ?? firstPrevious;
    records.push(sealRecord({ epoch, sequence, previous, at: '2026-11-22T07:00:00.000+09:00', facts }));
  }
  return records;
};
const started: JournalRecord['facts'] = { kind: 'guard.started', outcome: 'success', factors: [], detail: {} };

const storedOf = (terminal: TestTerminal) =>
  server.database.query<{
    sequence: number;
    hash: string;
    chain: string | null;
    person: string | null;
    session: string | null;
  }>(
    `select sequence, hash, detail->>'chain' as chain, person, session from event
     where terminal = $1 and epoch is not null order by seq`,
    [terminal.id],
  );

describe('a terminal’s journal', () => {
  test('is stored once, in order, however often and from however many connections it is sent', async () => {
    const terminal = await server.enrol();
    const records = journal(20, started);
    const parts = [records.slice(0, 12), records.slice(0, 12), records.slice(5, 20), records];
    for (const part of parts) {
      const answered = await server.call(terminal, 'terminals/report', { body: { records: part } });
      assert.equal(answered.status, 200);
    }
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => server.call(terminal, 'terminals/report', { body: { records } })),
    );
    for (const { body } of answers) assert.deepEqual(body, { epoch: records[0]?.epoch, sequence: 20 });
    const stored = await storedOf(terminal);
    assert.deepEqual(
      stored.map(({ sequence, hash, chain }) => ({ sequence, hash, chain })),
      records.map(({ sequence, hash }) => ({ sequence, hash, chain: null })),
    );
  });

  test('keeps what breaks the chain, marked', async () => {
    const terminal = await server.enrol();
    const records = journal(5, started);
    const changed = records.map((record) =>
      record.sequence === 2 ? { ...record, facts: { ...record.facts, outcome: 'major' as const } } : record,
    );
    const sent = changed.filter(({ sequence }) => sequence !== 4);
    assert.equal((await server.call(terminal, 'terminals/report', { body: { records: sent } })).status, 200);
    assert.deepEqual(
      (await storedOf(terminal)).map(({ sequence, chain }) => [sequence, chain]),
      [
        [1, null],
        [2, 'hash'],
        [3, null],
        [5, 'sequence'],
      ],
    );
  });

  test('keeps a second story for a place that is filled, once, and beside the first', async () => {
    const terminal = await server.enrol();
    const epoch = randomUUID();
    const first = journal(2, started, epoch);
    const second = journal(2, { ...started, kind: 'guard.stopped' }, epoch);
    await server.call(terminal, 'terminals/report', { body: { records: first } });
    for (const _ of [1, 2]) {
      const { body } = await server.call(terminal, 'terminals/report', { body: { records: second } });
      assert.deepEqual(body, { epoch, sequence: 2 });
    }
    assert.deepEqual(
      (await storedOf(terminal)).map(({ hash, chain }) => [hash, chain]),
      [...first.map(({ hash }) => [hash, null]), ...second.map(({ hash }) => [hash, 'rewritten'])],
    );
    assert.match(server.logged(), /other records for old places/);
  });

  test('confirms what came and no more, so that a record far ahead hides nothing', async () => {
    const terminal = await server.enrol();
    const records = journal(3, started);
    const [first, ...others] = records;
    assert.ok(first);
    const { hash: _, ...unsealed } = first;
    const ahead = sealRecord({ ...unsealed, sequence: Number.MAX_SAFE_INTEGER });
    await server.call(terminal, 'terminals/report', { body: { records: [ahead] } });
    const { body } = await server.call(terminal, 'terminals/report', { body: { records: [first] } });
    assert.deepEqual(body, { epoch: first.epoch, sequence: 1 });
    await server.call(terminal, 'terminals/report', { body: { records: others } });
    assert.equal((await storedOf(terminal)).length, 4);
  });

  test('tells of the terminal alone: what the server has to say is marked and names nobody', async () => {
    const terminal = await server.enrol();
    const { person } = await server.signIn(['admin']);
    const forged = journal(1, {
      ...started,
      kind: 'person.suspended',
      person,
      actor: person,
      supportCode: 'AAA-AAA-AAA',
    });
    assert.equal((await server.call(terminal, 'terminals/report', { body: { records: forged } })).status, 200);
    const [event] = await server.database.query<object>(
      'select kind, outcome, reason, person, actor, support_code, detail from event where hash = $1',
      [forged[0]?.hash],
    );
    assert.deepEqual(event, {
      kind: 'request.refused',
      outcome: 'serious',
      reason: 'foreign-kind',
      person: null,
      actor: null,
      support_code: null,
      detail: { kind: 'person.suspended' },
    });
  });

  test('holds any text that JSON can carry: no record stands in the way of those after it', async () => {
    const terminal = await server.enrol();
    const odd = { reason: 'a\u0000b', detail: { 'k\u0000': 'a\ud83d', call: 'x\u0000' } };
    const records = journal(2, { ...started, ...odd });
    const answered = await server.call(terminal, 'terminals/report', { body: { records } });
    assert.equal(answered.status, 200);
    const [event] = await server.database.query<object>('select reason, detail from event where hash = $1', [
      records[0]?.hash,
    ]);
    assert.deepEqual(event, { reason: 'a\ufffdb', detail: { 'k\ufffd': 'a\ufffd', call: 'x\ufffd' } });
  });

  test('belongs to its sender alone, and names a person only with a session that the person had there', async () => {
    const [terminal, other] = [await server.enrol(), await server.enrol()];
    const [hanako, taro] = [await makeClinician(server), await makeClinician(server)];
    const { session } = await logIn(server, terminal, hanako);
    const elsewhere = await logIn(server, other, taro);
    const opened = { ...started, kind: 'screen.opened' as const };
    const stories: JournalRecord['facts'][] = [
      { ...opened, session, person: hanako.person.id },
      { ...opened, session, person: taro.person.id },
      { ...opened, session: elsewhere.session, person: taro.person.id },
      { ...opened, person: hanako.person.id },
    ];
    for (const story of stories) {
      await server.call(terminal, 'terminals/report', { body: { records: journal(1, story) } });
    }
    assert.deepEqual(
      (await storedOf(terminal)).map((row) => [row.session, row.person]),
      [
        [session, hanako.person.id],
        [session, null],
        [null, null],
        [null, null],
      ],
    );
    assert.deepEqual(await storedOf(other), []);
    const named = journal(1, started).map((record) => ({ ...record, terminal: other.id }));
    const answered = await server.call(terminal, 'terminals/report', { body: { records: named } });
    assert.equal(answered.code, 'REQUEST_INVALID');
  });
});

const sign = async (terminal: TestTerminal, text: string): Promise<string> => {
  const signature = await webcrypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    terminal.keys.privateKey,
    Buffer.from(text),
  );
  return Buffer.from(signature).toString('base64url');
};

describe('a receipt', () => {
  const issue = () =>
    server.database.transaction((tx) =>
      issueRevocation(tx, server.now(), {
        what: 'session',
        subject: randomUUID(),
        person: null,
        reason: 'test',
        by: null,
      }),
    );

  test('that the terminal signed is stored once and shown with its time', async () => {
    const terminal = await server.enrol();
    const number = await issue();
    const receivedAt = new Date(server.now().getTime() + 20).toISOString();
    const lockedAt = new Date(server.now().getTime() + 50).toISOString();
    const body = {
      number,
      receivedAt,
      lockedAt,
      signature: await sign(terminal, `${number}.${lockedAt}.${receivedAt}`),
    };
    for (const _ of [1, 2]) assert.equal((await server.call(terminal, 'terminals/confirm', { body })).status, 200);
    assert.equal((await eventsOf(terminal.id, 'revocation.confirmed')).length, 1);
    const auditor = await server.signIn(['auditor']);
    const listed = await server.call(auditor, 'revocations/list', { query: { limit: 1 } });
    const [revocation] = (listed.body as { revocations: { number: number; receipts: { terminal: string }[] }[] })
      .revocations;
    assert.equal(revocation?.number, number);
    const own = revocation?.receipts.find((one) => one.terminal === terminal.id);
    assert.partialDeepStrictEqual(own, { state: 'confirmed', receivedAt, lockedAt });
  });

  test('of nobody’s screen is signed over an empty time', async () => {
    const terminal = await server.enrol();
    const number = await issue();
    const receivedAt = server.now().toISOString();
    const signature = await sign(terminal, `${number}..${receivedAt}`);
    const body = { number, receivedAt, lockedAt: null, signature };
    assert.equal((await server.call(terminal, 'terminals/confirm', { body })).status, 200);
  });

  test('that another terminal signed, or that was changed, is refused', async () => {
    const [terminal, other] = [await server.enrol(), await server.enrol()];
    const number = await issue();
    const receivedAt = server.now().toISOString();
    const signature = await sign(other, `${number}..${receivedAt}`);
    const body = { number, receivedAt, lockedAt: null, signature };
    assert.equal((await server.call(terminal, 'terminals/confirm', { body })).code, 'REQUEST_INVALID');
    const changed = { ...body, number: number + 1 };
    assert.equal((await server.call(other, 'terminals/confirm', { body: changed })).code, 'REQUEST_INVALID');
    const nonsense = { ...body, signature: '?' };
    assert.equal((await server.call(other, 'terminals/confirm', { body: nonsense })).code, 'REQUEST_INVALID');
    const stored = await server.database.query('select 1 from receipt where revocation = $1', [number]);
    assert.equal(stored.length, 0);
  });

  test('numbers of revocations have no gap, also when they are issued at once', async () => {
    const numbers = await Promise.all(Array.from({ length: 12 }, issue));
    const sorted = [...numbers].sort((a, b) => a - b);
    assert.deepEqual(
      sorted,
      sorted.map((_, index) => (sorted[0] ?? 0) + index),
    );
  });
});

test('the log is only added to', async () => {
  for (const statement of ['update event set reason = null', 'delete from event', 'truncate event']) {
    await assert.rejects(server.database.query(statement), /only added to/);
  }
});
