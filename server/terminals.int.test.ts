import assert from 'node:assert/strict';
import { randomUUID, webcrypto } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import type { TerminalSummary } from '#contract/api/terminals.ts';
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

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const eventsOf = async (terminal: string, kind: string) => {
  await server.app.settled();
  return server.database.query<{ outcome: string; reason: string | null; detail: Record<string, unknown> }>(
    'select outcome, reason, detail from event where terminal = $1 and kind = $2 order by seq',
    [terminal, kind],
  );
};

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

  test('a terminal is in the group that it was announced for, before and after it is enrolled, and in none otherwise', async () => {
    const admin = await server.signIn(['admin']);
    const group = `ICU ${randomUUID().slice(0, 6)}`;
    const announce = async (body: { name: string; place: string; group?: string }) => {
      const { status, body: answer } = await server.call(admin, 'terminals/announce', { body });
      assert.equal(status, 200);
      return answer as { terminal: string; code: string };
    };
    const groupOf = async (id: string): Promise<string | undefined> => {
      const list = await server.call(admin, 'terminals/list', { query: { limit: 200 } });
      return (list.body as { terminals: TerminalSummary[] }).terminals.find((one) => one.id === id)?.group;
    };
    const name = (): string => `ward-${randomUUID().slice(0, 6)}`;
    const { terminal, code } = await announce({ name: name(), place: '', group });
    assert.equal(await groupOf(terminal), group);
    const request = await createRequest(await createKeys());
    assert.equal((await server.call(server.anyone, 'terminals/enrol', { body: { code, request } })).status, 200);
    assert.equal(await groupOf(terminal), group);
    const [event] = await server.database.query<{ group: string }>(
      `select detail ->> 'group' as group from event where kind = 'terminal.announced' and terminal = $1`,
      [terminal],
    );
    assert.equal(event?.group, group);
    assert.equal(await groupOf((await announce({ name: name(), place: '4F' })).terminal), '');
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
          `select 1 from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock' and query like '%certificate_serial%'`,
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
    const answered = await server.call(terminal, 'terminals/confirm', { body });
    assert.deepEqual([answered.status, answered.code], [403, 'TERMINAL_OTHER']);
    const changed = { ...body, number: number + 1 };
    assert.equal((await server.call(other, 'terminals/confirm', { body: changed })).code, 'TERMINAL_OTHER');
    const nonsense = { ...body, signature: '?' };
    assert.equal((await server.call(other, 'terminals/confirm', { body: nonsense })).code, 'TERMINAL_OTHER');
    for (const [of, times] of [
      [terminal, 1],
      [other, 2],
    ] as const) {
      const alarms = (await eventsOf(of.id, 'request.refused')).filter(({ reason }) => reason === 'signature');
      assert.deepEqual(
        alarms.map(({ outcome }) => outcome),
        Array(times).fill('serious'),
      );
    }
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
