import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Revocation } from '#contract/api/console.ts';
import type { Answer } from '#contract/api/index.ts';
import type { Pushed, TerminalSummary } from '#contract/api/terminals.ts';
import type { SessionId } from '#contract/ids.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { createKeys, createRequest, type TestConsole, type TestServer, type TestTerminal } from './testing.ts';
import { begin, goodPin, logIn, makeClinician, mustBegin, prove } from './testing-login.ts';
import { startTestPair, type TestPair } from './testing-pair.ts';
import { openStream } from './testing-stream.ts';

type Hello = Extract<Pushed, { kind: 'hello' }>;
type Told = Extract<Pushed, { kind: 'revocation' }>;

let pair: TestPair;
let first: TestServer;
let second: TestServer;
let admin: TestConsole;
before(async () => {
  pair = await startTestPair();
  ({ first, second } = pair);
  admin = await first.signIn(['admin']);
});
after(() => pair.close());

const disable = async (terminal: TestTerminal, reason = 'terminal-repair'): Promise<number> => {
  const given = { params: { terminal: terminal.id }, body: { reason } };
  const answer = await first.call(admin, 'terminals/disable', given);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return (answer.body as Answer<'terminals/disable'>).revocation;
};
const enable = (terminal: TestTerminal) =>
  first.call(admin, 'terminals/enable', { params: { terminal: terminal.id }, body: { reason: '点検済み' } });
const connect = async (terminal: TestTerminal, after = 0, server = second) => {
  const stream = await openStream(server, terminal, `/v1/terminals/stream?after=${after}&clock=0`);
  const hello = await stream.next<Hello>(({ kind }) => kind === 'hello');
  return { stream, hello };
};
const find = async ({ id }: TestTerminal): Promise<TerminalSummary> => {
  const { terminals } = (await first.call(admin, 'terminals/list')).body as Answer<'terminals/list'>;
  return terminals.find((one) => one.id === id) ?? assert.fail();
};
const show = async (number: number): Promise<Revocation> => {
  const answer = await first.call(admin, 'revocations/show', { params: { number: String(number) } });
  return (answer.body as Answer<'revocations/show'>).revocation;
};

describe('a terminal that an admin disables through one process of the server', () => {
  it('hears the order at the other, ends its session, comes again and is told that it is out of use', async () => {
    const [terminal, clinician] = [await first.enrol(), await makeClinician(first, { totp: false })];
    await logIn(second, terminal, clinician);
    const { stream, hello } = await connect(terminal);
    assert.equal(hello.disabled, undefined);
    const number = await disable(terminal);
    const { order } = await stream.next<Told>(({ kind }) => kind === 'revocation');
    assert.deepEqual([order.number, order.what, order.subject, order.forNow], [number, 'terminal', terminal.id, true]);
    await stream.ended;
    const open = await first.database.query('select 1 from session where terminal = $1 and ended_at is null', [
      terminal.id,
    ]);
    assert.equal(open.length, 0);
    const again = await connect(terminal, number);
    assert.equal(again.hello.disabled, true);
    const { state, online, disabled } = await find(terminal);
    assert.deepEqual([state, online, disabled?.reason], ['disabled', true, 'terminal-repair']);
    again.stream.close();
  });

  it('lets nobody in by any way, and none by what was under way', async () => {
    for (let round = 0; round < 6; round += 1) {
      const terminal = await first.enrol();
      const people = await Promise.all(Array.from({ length: 3 }, () => makeClinician(first, { totp: false })));
      const attempts = await Promise.all(people.map(({ evidence }) => mustBegin(second, terminal, evidence)));
      const proofs = attempts.map(({ attempt }) => prove(second, terminal, attempt, 'pin', goodPin));
      const settled = Promise.allSettled(proofs);
      await disable(terminal);
      await settled;
      const [row] = await first.database.query<{ count: number }>(
        'select count(*) from session where terminal = $1 and ended_at is null',
        [terminal.id],
      );
      assert.equal(row?.count, 0, `round ${round}`);
      const [one] = people;
      assert.ok(one);
      assert.equal((await begin(second, terminal, one.evidence)).code, 'TERMINAL_DISABLED');
    }
  });

  it('keeps its certificate renewed and stays disabled; a ceremony is asked of no such terminal', async () => {
    const terminal = await first.enrol();
    await disable(terminal);
    const { stream } = await connect(terminal);
    const request = await createRequest(await createKeys());
    assert.equal((await second.call(terminal, 'terminals/renew', { body: { request } })).status, 200);
    assert.equal((await find(terminal)).state, 'disabled');
    const { person } = await makeClinician(first, { pin: false, totp: false });
    const body = { task: 'pin' as const, person: person.id, terminal: terminal.id, label: '' };
    assert.equal((await first.call(admin, 'ceremonies/begin', { body })).code, 'TERMINAL_UNKNOWN');
    stream.close();
  });

  it('that was away hears the order by its number when it is back, and is counted as open until then', async () => {
    const terminal = await first.enrol();
    const { stream, hello } = await connect(terminal);
    stream.close();
    const number = await disable(terminal);
    const { forNow, receipts } = await show(number);
    assert.equal(forNow, true);
    const own = receipts.find((one) => one.terminal === terminal.id);
    assert.notEqual(own?.state, 'confirmed');
    const back = await connect(terminal, hello.revocationHead);
    assert.equal(back.hello.disabled, true);
    const { order } = await back.stream.next<Told>(({ kind }) => kind === 'revocation');
    assert.deepEqual([order.number, order.forNow], [number, true]);
    back.stream.close();
  });

  it('raises an alarm where it let somebody in by itself before it heard of it', async () => {
    const [terminal, clinician] = [await first.enrol(), await makeClinician(first, { totp: false })];
    const loginAt = first.now();
    await logIn(second, terminal, clinician);
    first.advance(3_600_000);
    admin = await first.signIn(['admin']);
    await disable(terminal);
    first.advance(3_600_000);
    const openedAt = first.now();
    const facts = {
      kind: 'offline.opened' as const,
      outcome: 'success' as const,
      person: clinician.person.id,
      session: randomUUID() as SessionId,
      factors: ['card', 'pin'] as ('card' | 'pin')[],
      detail: { loginAt: loginAt.toISOString(), at: openedAt.toISOString() },
    };
    const place = { epoch: randomUUID(), sequence: 1, previous: firstPrevious };
    const records = [sealRecord({ ...place, at: openedAt.toISOString(), facts })];
    assert.equal((await second.call(terminal, 'terminals/report', { body: { records } })).status, 200);
    const alarms = await first.database.query<{ outcome: string; reason: string }>(
      `select outcome, reason from event where kind = 'offline.contested' and terminal = $1`,
      [terminal.id],
    );
    assert.deepEqual(alarms, [{ outcome: 'major', reason: 'revoked-before' }]);
    admin = await first.signIn(['admin']);
  });

  it('hears within a beat that it is disabled, and that it is not, where the notice was lost', async () => {
    const terminal = await first.enrol();
    let { stream, hello } = await connect(terminal);
    for (const [state, disabled] of [
      ['disabled', true],
      ['active', undefined],
    ] as const) {
      await first.database.query('update terminal set state = $2 where id = $1', [terminal.id, state]);
      await stream.ended;
      ({ stream, hello } = await connect(terminal));
      assert.equal(hello.disabled, disabled);
    }
    stream.close();
  });

  it('is in use again as soon as it is enabled, and its log says by whom and why', async () => {
    const [terminal, clinician] = [await first.enrol(), await makeClinician(first, { totp: false })];
    const number = await disable(terminal);
    const { stream } = await connect(terminal, number);
    assert.equal((await enable(terminal)).status, 200);
    await stream.ended;
    const again = await connect(terminal, number);
    assert.equal(again.hello.disabled, undefined);
    await logIn(second, terminal, clinician);
    const { state, disabled } = await find(terminal);
    assert.deepEqual([state, disabled], ['active', null]);
    const events = await first.database.query<{ kind: string; actor: string; reason: string }>(
      `select kind, actor, reason from event where terminal = $1 and kind in ('terminal.disabled', 'terminal.enabled') order by seq`,
      [terminal.id],
    );
    assert.deepEqual(events, [
      { kind: 'terminal.disabled', actor: admin.person, reason: 'terminal-repair' },
      { kind: 'terminal.enabled', actor: admin.person, reason: '点検済み' },
    ]);
    again.stream.close();
  });

  it('is disabled once and enabled once, can be revoked for good, and then not be enabled', async () => {
    const terminal = await first.enrol();
    assert.equal((await enable(terminal)).code, 'TERMINAL_UNKNOWN');
    const given = { params: { terminal: terminal.id }, body: { reason: 'gone' } };
    await disable(terminal);
    assert.equal((await first.call(admin, 'terminals/disable', given)).code, 'TERMINAL_UNKNOWN');
    assert.equal((await first.call(admin, 'terminals/revoke', given)).status, 200);
    assert.equal((await enable(terminal)).code, 'TERMINAL_UNKNOWN');
    assert.equal((await find(terminal)).state, 'revoked');
    const { evidence } = await makeClinician(first, { totp: false });
    assert.match((await begin(second, terminal, evidence).catch(() => ({ code: 'cut' }))).code ?? '', /REVOKED|cut/);
  });
});
