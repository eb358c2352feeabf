import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '#contract/api/index.ts';
import type { Opened } from '#contract/api/logins.ts';
import { policyOf } from '#core/policy/profiles.ts';
import { createPolicies, PolicyProblems } from '../policies.ts';
import { insertPolicy, lockNewestPolicy } from '../store/policies.ts';
import { startTestServer, type TestConsole, type TestServer, type TestTerminal } from '../testing.ts';
import { logIn, makeClinician, mustBegin, prove } from '../testing-login.ts';
import { openStream } from '../testing-stream.ts';

let server: TestServer;
let admin: TestConsole;
let terminal: TestTerminal;
before(async () => {
  server = await startTestServer();
  [admin, terminal] = await Promise.all([server.signIn(['admin']), server.enrol('3東-NS-02')]);
});
after(() => server.close());

const active = async () => (await server.call(admin, 'policies/active')).body as Answer<'policies/active'>;
const apply = (policy: unknown, base: number, note = 'for a test') =>
  server.call(admin, 'policies/apply', { body: { policy, base, note } });

describe('the policy', () => {
  it('is the profile’s own until somebody puts a version in force, with a clause beside its values', async () => {
    const { number, policy, values } = await active();
    assert.equal(number, 0);
    assert.deepEqual(policy, policyOf('jp-mhlw-6.0'));
    const shortest = values.find(({ path }) => path === 'pin.shortest');
    assert.deepEqual(shortest, {
      path: 'pin.shortest',
      value: 8,
      usual: 8,
      lowest: 8,
      clause: 'MHLW 6.0 システム運用編 14⑥; Q&A シQ-54 (c)',
      pinned: false,
    });
  });

  it('knows no version of a number that no version can have', async () => {
    for (const number of ['2147483648', '9007199254740991']) {
      assert.equal((await server.call(admin, 'policies/show', { params: { number } })).code, 'REQUEST_INVALID');
      assert.equal((await server.call(admin, 'policies/list', { query: { before: number } })).code, 'REQUEST_INVALID');
    }
    assert.equal(
      (await server.call(admin, 'policies/show', { params: { number: '2147483647' } })).code,
      'POLICY_UNKNOWN',
    );
  });

  it('is put in force as a numbered version, reaches terminals at once, and says what it changed', async () => {
    const stream = await openStream(server, terminal, `/v1/terminals/stream?after=0&clock=${Date.now()}`);
    await stream.next(({ kind }) => kind === 'hello');
    const draft = policyOf('jp-mhlw-6.0', { session: { idleSeconds: 300 }, helpdesk: '7777' });
    const applied = await apply(draft, 0, '夜勤の要望');
    assert.deepEqual(applied.body, { number: 1 });
    const pushed = await stream.next(({ kind }) => kind === 'policy');
    assert.partialDeepStrictEqual(pushed, { policy: { idleSeconds: 300, helpdesk: '7777' } });
    stream.close();
    assert.equal((await active()).number, 1);
    const { versions } = (await server.call(admin, 'policies/list')).body as Answer<'policies/list'>;
    assert.deepEqual(versions[0]?.changes, [
      { path: 'helpdesk', before: '2119', after: '7777' },
      { path: 'session.idleSeconds', before: 600, after: 300 },
    ]);
    assert.equal(versions[0]?.note, '夜勤の要望');
    const [event] = await server.database.query<{ actor: string; detail: object }>(
      `select actor, detail from event where kind = 'policy.applied' order by seq desc limit 1`,
    );
    assert.equal(event?.actor, admin.person);
    assert.deepEqual(event?.detail, { number: 1, note: '夜勤の要望', changes: 'helpdesk session.idleSeconds' });
  });

  it('of another admin is not overwritten by a draft that began before it', async () => {
    const { number, policy } = await active();
    const both = await Promise.all([apply(policy, number, 'one'), apply(policy, number, 'two')]);
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 409]);
    assert.equal((await apply(policy, number)).code, 'POLICY_STALE');
  });

  it('waits for a second admin as the version before it wants, though both come at the same time', async () => {
    const { number, policy } = await active();
    const strict = { ...policy, fourEyes: [...policy.fourEyes, 'policy' as const] };
    const early = await server.database.transaction(async (tx) => {
      await lockNewestPolicy(tx);
      await insertPolicy(tx, server.now(), { number: number + 1, document: strict, note: '', by: admin.person });
      const coming = apply({ ...policy, helpdesk: '6666' }, number + 1);
      for (;;) {
        const [row] = await server.database.query<{ waits: boolean }>(
          `select exists (select from pg_locks l join pg_class c on c.oid = l.relation
             where c.relname = 'policy_version' and not l.granted) as waits`,
        );
        if (row?.waits === true) break;
        await delay(5);
      }
      return { coming };
    });
    assert.equal((await early.coming).code, 'APPROVAL_NEEDED');
    assert.equal((await apply(policy, number + 2)).code, 'POLICY_STALE', 'nothing is asked for a base that is to come');
    const waiting = await server.database.query(`select 1 from approval where act = 'policy'`);
    assert.equal(waiting.length, 1);
    await server.applyPolicy(policy);
  });

  it('never passes the limits of its profile, and says which value and why', async () => {
    const { number, policy } = await active();
    const weak = { ...policy, pin: { ...policy.pin, shortest: 6 }, grace: { ...policy.grace, minutes: 60 } };
    const refused = await apply(weak, number);
    assert.equal(refused.code, 'POLICY_INVALID');
    assert.deepEqual((refused.body as { failure: { problems: unknown } }).failure.problems, [
      { path: 'grace.minutes', rule: 'at-most:15' },
      { path: 'pin.shortest', rule: 'at-least:8' },
    ]);
    assert.equal((await apply({ ...policy, tries: { hard: 101 } }, number)).code, 'REQUEST_INVALID');
    const planned = await server.call(admin, 'policies/plan', { body: { policy: weak } });
    assert.equal((planned.body as Answer<'policies/plan'>).dryRun, null);
    assert.equal((await active()).number, number);
  });

  it('is the same on a server process that did not hear of it, as soon as that looks', async () => {
    const other = await createPolicies({ database: server.database, pinned: {}, report: () => undefined });
    const { number, policy } = await active();
    await apply({ ...policy, helpdesk: '1111' }, number);
    await other.refresh();
    assert.equal(other.active().helpdesk, '1111');
    await other.close();
  });

  it('keeps what the operator pins, and a server does not start on a pinned weakness', async () => {
    const open = (pinned: Parameters<typeof createPolicies>[0]['pinned']) =>
      createPolicies({ database: server.database, pinned, report: () => undefined });
    const pinned = await open({ helpdesk: '110' });
    assert.equal(pinned.active().helpdesk, '110');
    assert.deepEqual(pinned.pinned(), ['helpdesk']);
    await pinned.close();
    await assert.rejects(open({ pin: { shortest: 4 } }), PolicyProblems);
  });
});

describe('a dry run', () => {
  it('says whom a draft would have refused, and what it would have asked for', async () => {
    await server.applyPolicy({});
    const [pins, totps] = await Promise.all([
      makeClinician(server, { totp: false }),
      makeClinician(server, { pin: false }),
    ]);
    const byTotp = async () => {
      const { attempt } = await mustBegin(server, terminal, totps.evidence);
      const proved = await prove(server, terminal, attempt, 'totp', totps.code());
      return proved.body as Opened;
    };
    const ended = async (clinician: typeof pins) => {
      const { session } = clinician === totps ? await byTotp() : await logIn(server, terminal, clinician);
      await server.call(terminal, 'sessions/end', {
        params: { session },
        body: { reason: 'button', endedAt: server.now().toISOString() },
      });
    };
    await ended(pins);
    await ended(totps);
    await ended(pins);
    const { policy } = await active();
    const plan = async (factors: unknown[]) => {
      const answered = await server.call(admin, 'policies/plan', { body: { policy: { ...policy, factors }, days: 1 } });
      const { dryRun } = answered.body as Answer<'policies/plan'>;
      assert.ok(dryRun);
      return dryRun;
    };
    const same = await plan([]);
    assert.deepEqual([same.attempts, same.effects], [3, { same: 3 }]);
    const onlyTotp = await plan([{ name: 'totp only', demand: { kind: 'any', factors: ['totp'] } }]);
    assert.deepEqual(onlyTotp.effects, { same: 1, 'newly-refused': 2 });
    assert.deepEqual(onlyTotp.byRole, { clinician: { same: 1, 'newly-refused': 2 } });
    assert.deepEqual(
      onlyTotp.lockedOut.map(({ number }) => number),
      [pins.person.number],
    );
    assert.equal(onlyTotp.examples[0]?.terminalName, '3東-NS-02');
    assert.deepEqual(onlyTotp.byCause, [
      { cause: 'no-usable-factor', rule: 'totp only', effects: { 'newly-refused': 2 } },
    ]);
    const judged = { before: { 'one-factor': 3 }, after: { 'one-factor': 1, refused: 2 } };
    assert.deepEqual(onlyTotp.judged, { all: judged, byRole: { clinician: judged } });
    assert.deepEqual(same.byCause, []);
    const elsewhere = await plan([
      { name: 'pharmacy', when: { groups: ['薬剤部'] }, demand: { kind: 'refuse' } },
      { name: 'outside', when: { networks: ['192.0.2.0/24'] }, demand: { kind: 'refuse' } },
    ]);
    assert.deepEqual(elsewhere.effects, { same: 3 });
    const here = await plan([{ name: 'loopback', when: { networks: ['127.0.0.0/8'] }, demand: { kind: 'refuse' } }]);
    assert.deepEqual(here.effects, { 'newly-refused': 3 });
    assert.equal(here.examples[0]?.rule, 'loopback');

    // A name that every object has: what is counted by it must not be counted for all of them.
    const renamed = await server.call(admin, 'terminals/change', {
      params: { terminal: terminal.id },
      body: { name: '3東-NS-02', place: '', group: '__proto__' },
    });
    assert.equal(renamed.status, 200);
    assert.deepEqual((await plan([])).effects, { same: 3 });
    assert.equal(Reflect.get(Object.prototype, 'same'), undefined);
  });
});
