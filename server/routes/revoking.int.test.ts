import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { generateSync } from 'otplib';
import type { Answer } from '#contract/api/index.ts';
import type { PersonId } from '#contract/ids.ts';
import { insertCeremony } from '../store/ceremonies.ts';
import { insertInvitation } from '../store/invitations.ts';
import { tryLockPerson } from '../store/people.ts';
import { lockIssuing } from '../store/revocations.ts';
import { startTestServer, type TestConsole, type TestServer, type TestTerminal } from '../testing.ts';
import { password } from '../testing-browser.ts';
import { issue } from '../testing-cardless.ts';
import { type Clinician, eventsWhere, goodPin, logIn, makeClinician, mustBegin, prove } from '../testing-login.ts';
import { openStream } from '../testing-stream.ts';

let server: TestServer;
let desk: TestConsole;
let admin: TestConsole;
let terminal: TestTerminal;
let other: TestTerminal;

before(async () => {
  server = await startTestServer();
  [desk, admin, terminal, other] = await Promise.all([
    server.signIn(['helpdesk']),
    server.signIn(['admin']),
    server.enrol('A'),
    server.enrol('B'),
  ]);
});
after(() => server.close());

const numberOf = ({ body }: { body: unknown }): number => (body as { revocation: number }).revocation;
const stream = (at: TestTerminal) => openStream(server, at, `/v1/terminals/stream?after=0&clock=${Date.now()}`);
const isOpen = async (session: string): Promise<boolean> =>
  (await server.database.query('select 1 from session where id = $1 and ended_at is null', [session])).length === 1;
const show = async (number: number, query = {}) => {
  const answered = await server.call(desk, 'revocations/show', { params: { number: String(number) }, query });
  return (answered.body as Answer<'revocations/show'>).revocation;
};

describe('a factor that is revoked', () => {
  it('is worthless at once, ends its person’s sessions by a numbered order, and can be set anew', async () => {
    const clinician = await makeClinician(server);
    const { session } = await logIn(server, terminal, clinician);
    const heard = await stream(terminal);
    const pending = await mustBegin(server, other, clinician.evidence);
    const params = { person: clinician.person.id, kind: 'pin' };
    const revoked = await server.call(desk, 'people/revoke-factor', { params, body: { reason: '覗かれた' } });
    const order = await heard.next<{ kind?: string; order?: object }>(
      ({ kind, order }) => kind === 'revocation' && (order as { number: number }).number === numberOf(revoked),
    );
    assert.partialDeepStrictEqual(order.order, { what: 'credential', person: clinician.person.id });
    heard.close();
    assert.ok(!(await isOpen(session)));
    assert.equal((await prove(server, other, pending.attempt, 'pin', goodPin)).code, 'PROOF_LOCKED');
    assert.deepEqual((await mustBegin(server, terminal, clinician.evidence)).factors, ['totp']);
    const again = await server.call(desk, 'people/revoke-factor', { params, body: { reason: 'again' } });
    assert.equal(again.code, 'FACTOR_UNKNOWN');
    const kinds = (await eventsWhere(server, 'person', clinician.person.id)).map(({ kind }) => kind);
    assert.ok(kinds.includes('credential.revoked') && kinds.includes('revocation.issued'));
  });

  it('takes with it what was under way to set it anew: an open invitation to the console, a keypad that waits for a PIN', async () => {
    const makeLink = async (person: PersonId): Promise<string> =>
      (await insertInvitation(server.database, server.secrets, server.now(), { person, by: person })).code;
    const open = async (code: string) =>
      (await server.call(server.anyone, 'console/open-invitation', { body: { code } })).code ?? 'open';
    for (const kind of ['password', 'totp', 'pin'] as const) {
      const { person, evidence } = await makeClinician(server, { roles: ['clinician', 'helpdesk'], password });
      const link = await makeLink(person.id);
      const now = server.now();
      const ceremony = await insertCeremony(server.database, now, {
        task: 'pin',
        person: person.id,
        terminal: terminal.id,
        askedBy: desk.person,
        label: '',
        expiresAt: new Date(now.getTime() + 180_000),
      });
      const params = { ceremony };
      const held = await server.call(terminal, 'ceremonies/give-card', { params, body: { card: evidence } });
      assert.equal(held.status, 200, JSON.stringify(held.body));
      assert.equal(await open(link), 'open');
      const given = { params: { person: person.id, kind }, body: { reason: 'seen by somebody' } };
      assert.equal((await server.call(admin, 'people/revoke-factor', given)).status, 200);
      const chosen = await server.call(terminal, 'ceremonies/give-pin', { params, body: { pin: '73920164' } });
      assert.deepEqual(
        [await open(link), chosen.code ?? 'set'],
        kind === 'pin' ? ['open', 'CEREMONY_ENDED'] : ['ENROLMENT_REFUSED', 'set'],
        kind,
      );
      // What is asked for afterwards is another matter.
      assert.equal(await open(await makeLink(person.id)), 'open');
    }
  });

  it('takes with it a seed that waits for its first code, and so does a suspension; who is suspended gets none', async () => {
    await server.applyPolicy({ fourEyes: [] });
    const begin = async ({ person: { id: person } }: Clinician) => {
      const begun = await server.call(admin, 'people/begin-totp', { params: { person } });
      assert.equal(begun.status, 200, JSON.stringify(begun.body));
      const secret = new URL((begun.body as { uri: string }).uri).searchParams.get('secret') ?? '';
      return async () => {
        const code = generateSync({ secret, epoch: Math.floor(server.now().getTime() / 1000) });
        const confirmed = await server.call(admin, 'people/confirm-totp', { params: { person }, body: { code } });
        return confirmed.code ?? 'enrolled';
      };
    };
    const act = async ({ person: { id } }: Clinician, call: 'people/suspend' | 'people/resume') => {
      const acted = await server.call(admin, call, { params: { person: id }, body: { reason: 'left' } });
      assert.equal(acted.status, 200, JSON.stringify(acted.body));
    };
    for (const [kind, expected] of [
      ['password', 'TOTP_NOT_BEGUN'],
      ['totp', 'TOTP_NOT_BEGUN'],
      ['pin', 'enrolled'],
    ] as const) {
      const clinician = await makeClinician(server, { password });
      const confirm = await begin(clinician);
      const given = { params: { person: clinician.person.id, kind }, body: { reason: 'seen by somebody' } };
      assert.equal((await server.call(admin, 'people/revoke-factor', given)).status, 200);
      assert.equal(await confirm(), expected, kind);
    }
    const left = await makeClinician(server);
    const confirm = await begin(left);
    await act(left, 'people/suspend');
    assert.equal(await confirm(), 'PERSON_SUSPENDED');
    const again = await server.call(admin, 'people/begin-totp', { params: { person: left.person.id } });
    assert.equal(again.code, 'PERSON_SUSPENDED');
    await act(left, 'people/resume');
    assert.equal(await confirm(), 'TOTP_NOT_BEGUN');
    await server.applyPolicy({});
  });

  it('is forgotten by every terminal when it is replaced, by a first secret or at a keypad, and sessions go on', async () => {
    const choose = async ({ person, evidence }: Clinician): Promise<void> => {
      const now = server.now();
      const toBegin = { task: 'pin', person: person.id, terminal: other.id, askedBy: desk.person, label: '' } as const;
      const expiresAt = new Date(now.getTime() + 180_000);
      const params = { ceremony: await insertCeremony(server.database, now, { ...toBegin, expiresAt }) };
      await server.call(other, 'ceremonies/give-card', { params, body: { card: evidence } });
      const chosen = await server.call(other, 'ceremonies/give-pin', { params, body: { pin: '73920164' } });
      assert.equal(chosen.status, 200, JSON.stringify(chosen.body));
    };
    const issueSecret = async ({ person }: Clinician): Promise<void> => {
      const given = { params: { person: person.id }, body: { identity: 'known-in-person' } };
      const issued = await server.call(admin, 'people/issue-first-secret', given);
      assert.equal(issued.status, 200, JSON.stringify(issued.body));
    };
    await server.applyPolicy({ fourEyes: [] });
    const ordersOf = ({ person }: Clinician) =>
      server.database.query<{ number: number; what: string; person: string | null }>(
        'select number, what, person from revocation where subject = $1',
        [person.id],
      );
    for (const replace of [choose, issueSecret]) {
      const clinician = await makeClinician(server);
      const { session } = await logIn(server, terminal, clinician);
      await replace(clinician);
      const orders = await ordersOf(clinician);
      assert.deepEqual(
        orders.map(({ what, person }) => [what, person]),
        [['credential', null]],
      );
      assert.ok(await isOpen(session));
      const shown = await show(orders[0]?.number ?? 0);
      assert.deepEqual([shown.name, shown.reason], [clinician.person.name, 'pin-replaced']);
    }
    const newcomer = await makeClinician(server, { pin: false });
    await issueSecret(newcomer);
    assert.deepEqual((await mustBegin(server, other, newcomer.evidence)).factors, ['totp', 'initial']);
    await choose(newcomer);
    assert.deepEqual((await mustBegin(server, other, newcomer.evidence)).factors, ['pin', 'totp']);
    assert.deepEqual(await ordersOf(newcomer), [], 'nobody was let in by a PIN before');
    // One that wrong tries disabled is kept at terminals too.
    await server.database.query(`update credential set state = 'disabled' where person = $1`, [newcomer.person.id]);
    await choose(newcomer);
    assert.equal((await ordersOf(newcomer)).length, 1);
    await server.applyPolicy({});
  });

  it('is revoked though its person opens their invitation 40 times at once: neither waits for the other', async () => {
    const { person } = await makeClinician(server, { roles: ['helpdesk'], password });
    const by = { person: person.id, by: person.id };
    const { code } = await insertInvitation(server.database, server.secrets, server.now(), by);
    const opening = Array.from({ length: 40 }, () =>
      server.call(server.anyone, 'console/open-invitation', { body: { code } }),
    );
    const given = { params: { person: person.id, kind: 'password' }, body: { reason: 'seen by somebody' } };
    assert.equal((await server.call(admin, 'people/revoke-factor', given)).status, 200);
    const codes = new Set((await Promise.all(opening)).map((answered) => answered.code ?? 'open'));
    for (const one of codes) assert.ok(['open', 'ENROLMENT_REFUSED'].includes(one), one);
    assert.equal(
      (await server.call(server.anyone, 'console/open-invitation', { body: { code } })).code,
      'ENROLMENT_REFUSED',
    );
  });

  it('is not one’s own, nor that of somebody with more power', async () => {
    const boss = await makeClinician(server, { roles: ['clinician', 'admin'] });
    const call = (from: TestConsole, person: string) =>
      server.call(from, 'people/revoke-factor', { params: { person, kind: 'totp' }, body: { reason: 'x' } });
    assert.equal((await call(desk, boss.person.id)).code, 'CONSOLE_ROLE_MISSING');
    assert.equal((await call(admin, admin.person)).code, 'PERSON_SELF');
    assert.equal((await call(admin, randomUUID())).code, 'PERSON_UNKNOWN');
    assert.equal((await call(admin, boss.person.id)).status, 200);
  });
});

describe('a session that is ended from the console', () => {
  it('locks its terminal alone, once', async () => {
    const clinician = await makeClinician(server);
    const [here, there] = [await logIn(server, terminal, clinician), await logIn(server, other, clinician)];
    const end = () =>
      server.call(desk, 'sessions/revoke', { params: { session: here.session }, body: { reason: '離席' } });
    const answers = await Promise.all([end(), end(), end()]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409]);
    assert.deepEqual([await isOpen(here.session), await isOpen(there.session)], [false, true]);
    const number = numberOf(answers.find(({ status }) => status === 200) ?? { body: {} });
    const { what, subject, name } = await show(number);
    assert.deepEqual([what, subject, name], ['session', here.session, '山田 花子']);
  });
});

describe('the receipts of a revocation', () => {
  it('are counted, come page by page, and say until when a terminal that is away could be fooled', async () => {
    const away = await server.enrol('away');
    const open = await stream(away);
    await open.next(({ kind }) => kind === 'hello');
    open.close();
    const clinician = await makeClinician(server);
    const seenAt = new Date(server.now().getTime() - 3_600_000);
    await server.database.query('update terminal set connected_at = null, last_seen_at = $2 where id = $1', [
      away.id,
      seenAt,
    ]);
    const { body } = await server.call(desk, 'cards/revoke', {
      params: { card: clinician.card },
      body: { reason: 'x' },
    });
    const number = numberOf({ body });
    await server.database.query('update terminal set connected_at = null, last_seen_at = $2 where id = $1', [
      away.id,
      seenAt,
    ]);
    const { counts, receipts } = await show(number);
    const all = counts.confirmed + counts.pending + counts.offline;
    assert.equal(receipts.length, all);
    const one = receipts.find((receipt) => receipt.terminal === away.id);
    assert.deepEqual(
      [one?.state, one?.lastSeenAt, one?.offlineUntil],
      ['offline', seenAt.toISOString(), new Date(seenAt.getTime() + 24 * 3_600_000).toISOString()],
    );
    const pages = [await show(number, { limit: 2 }), await show(number, { limit: 2, offset: 2 })];
    assert.deepEqual(
      pages.flatMap((page) => page.receipts.map(({ terminalName }) => terminalName)),
      receipts.slice(0, 4).map(({ terminalName }) => terminalName),
    );
    await server.applyPolicy({ offline: { hours: 0 } });
    const without = (await show(number)).receipts.find((receipt) => receipt.terminal === away.id);
    assert.equal(without?.offlineUntil, null);
    const unknown = await server.call(desk, 'revocations/show', { params: { number: '999999' } });
    assert.equal(unknown.code, 'REVOCATION_UNKNOWN');
  });
});

it('the receipts of a revocation begin with the terminal that locked, then come those that have not confirmed', async () => {
  const place = randomUUID().slice(0, 8);
  const [idle, locked, silent] = await Promise.all(
    ['a idle', 'c locked', 'b silent'].map((name) => server.enrol(`${place} ${name}`)),
  );
  const clinician = await makeClinician(server);
  const revoked = await server.call(desk, 'cards/revoke', { params: { card: clinician.card }, body: { reason: 'x' } });
  const number = numberOf(revoked);
  for (const [at, lockedAt] of [
    [idle, null],
    [locked, server.now()],
  ] as const)
    await server.database.query(
      `insert into receipt (revocation, terminal, received_at, locked_at, signature, stored_at)
       values ($1, $2, $3, $4, 'x', $3)`,
      [number, at?.id, server.now(), lockedAt],
    );
  const { receipts } = await show(number);
  const own = receipts.filter(({ terminalName }) => terminalName.startsWith(place)).map(({ terminal: id }) => id);
  assert.deepEqual(own, [locked?.id, silent?.id, idle?.id]);
  assert.equal(receipts[0]?.terminal, locked?.id, 'however many there are');
  const some = (numbers: string) => server.call(desk, 'revocations/list', { query: { numbers } });
  const { revocations } = (await some(`${number - 1},${number},999999`)).body as Answer<'revocations/list'>;
  assert.deepEqual(
    revocations.map((one) => one.number),
    [number, number - 1],
  );
  for (const numbers of ['', '0', '1,', 'x', `1${',1'.repeat(100)}`])
    assert.equal((await some(numbers)).code, 'REQUEST_INVALID', numbers);
});

describe('a terminal', () => {
  it('gets another name, place and group; a name that is taken is refused', async () => {
    const changed = (name: string) =>
      server.call(admin, 'terminals/change', {
        params: { terminal: terminal.id },
        body: { name, place: '3F', group: '病棟' },
      });
    assert.equal((await changed('B')).code, 'TERMINAL_NAME_TAKEN');
    assert.equal((await changed('3東-NS-01')).status, 200);
    const { terminals } = (await server.call(admin, 'terminals/list')).body as Answer<'terminals/list'>;
    const now = terminals.find(({ id }) => id === terminal.id);
    assert.deepEqual([now?.name, now?.place, now?.group], ['3東-NS-01', '3F', '病棟']);
    const event = (await eventsWhere(server, 'terminal', terminal.id)).find(({ kind }) => kind === 'terminal.changed');
    assert.deepEqual([event?.actor, event?.detail['nameBefore'], event?.detail['group']], [admin.person, 'A', '病棟']);
  });
});

describe('several that take away at once', () => {
  /** How many wait for a lock in the database. */
  const countWaiting = async (): Promise<number> => {
    const [row] = await server.database.query<{ count: number }>(
      `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return row?.count ?? 0;
  };
  const until = async (waiting: number): Promise<void> => {
    while ((await countWaiting()) < waiting) await delay(5);
  };

  it('wait for the person, and never for each other: a card or what stands for it, a session and their person', async () => {
    const body = { reason: 'left' };
    const revokeCard = ({ card }: Clinician) => server.call(desk, 'cards/revoke', { params: { card }, body });
    const replaceCard = (who: Clinician) => issue(server, desk, who, { kind: 'code', cause: 'lost' });
    for (const takeCard of [revokeCard, replaceCard]) {
      const clinician = await makeClinician(server);
      const { session } = await logIn(server, terminal, clinician);
      const acts = [
        () => takeCard(clinician),
        () => server.call(admin, 'sessions/revoke', { params: { session }, body }),
        () => server.call(admin, 'people/suspend', { params: { person: clinician.person.id }, body }),
      ];
      const answers: Promise<{ status: number }>[] = [];
      // Each is as far as it comes before anybody may issue a revocation.
      await server.database.transaction(async (tx) => {
        await lockIssuing(tx);
        for (const act of acts) {
          answers.push(act());
          await until(answers.length);
        }
      });
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      assert.deepEqual(statuses, [200, 409, 200], 'the session ended with its card');
    }
  });

  it('do not hold up all other revocations while one waits for its person', async () => {
    const [held, other] = [await makeClinician(server), await makeClinician(server)];
    const revokeCard = ({ card }: Clinician) =>
      server.call(desk, 'cards/revoke', { params: { card }, body: { reason: 'lost' } });
    let waiting: Promise<{ status: number }> | undefined;
    await server.database.transaction(async (tx) => {
      await tryLockPerson(tx, held.person.id);
      waiting = revokeCard(held);
      await until(1);
      assert.equal((await revokeCard(other)).status, 200);
    });
    assert.equal((await waiting)?.status, 200);
  });
});
