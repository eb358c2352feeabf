import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Account } from '#contract/api/accounts.ts';
import type { Answer } from '#contract/api/index.ts';
import { foldUses } from '../store/account-use.ts';
import { record } from '../store/events.ts';
import { startTestServer, type TestConsole, type TestServer, type TestTerminal } from '../testing.ts';
import { type Clinician, logIn, makeClinician } from '../testing-login.ts';

const day = 86_400_000;
let server: TestServer;
let auditor: TestConsole;
let terminal: TestTerminal;
let worker: Clinician;
let gone: Clinician;
let bare: Clinician;
before(async () => {
  server = await startTestServer();
  [worker, gone, bare] = await Promise.all([
    makeClinician(server),
    makeClinician(server),
    makeClinician(server, { pin: false, totp: false }),
  ]);
  terminal = await server.enrol('3東-NS-02');
  await logIn(server, terminal, worker);
  server.advance(100 * day);
  auditor = await server.signIn(['auditor']);
});
after(() => server?.close());

const list = async (query: Record<string, string | number> = {}): Promise<Answer<'accounts/list'>> => {
  const answered = await server.call(auditor, 'accounts/list', { query });
  assert.equal(answered.status, 200, JSON.stringify(answered.body));
  return answered.body as Answer<'accounts/list'>;
};
const find = async ({ person }: Clinician, query: Record<string, string | number> = {}): Promise<Account> => {
  const { accounts } = await list({ search: person.number, ...query });
  assert.equal(accounts.length, 1);
  return accounts[0] as Account;
};

describe('the inventory of accounts', () => {
  it('says when somebody and their cards were used last, before and after the log was folded', async () => {
    const [opened] = await server.database.query<{ at: Date }>(
      `select at from event where kind = 'session.began' and person = $1`,
      [worker.person.id],
    );
    const expected = { lastUsedAt: opened?.at.toISOString(), lastUsedAtTerminal: '3東-NS-02', cards: 1 };
    assert.partialDeepStrictEqual(await find(worker), { ...expected, findings: ['unused', 'card-unused'] });
    assert.partialDeepStrictEqual(await find(worker, { days: 120 }), { ...expected, unusedCards: 0, findings: [] });
    assert.equal(await server.database.transaction(foldUses), false, 'it is one step here');
    assert.partialDeepStrictEqual(await find(worker), expected);
    // A later use, by the rest of the log over what was folded.
    await record(server.database, server.now(), {
      kind: 'offline.opened',
      outcome: 'success',
      person: worker.person.id,
      card: worker.card,
    });
    const later = { lastUsedAt: server.now().toISOString().slice(0, 10), findings: [] as string[] };
    const { lastUsedAt, findings } = await find(worker);
    assert.deepEqual({ lastUsedAt: lastUsedAt?.slice(0, 10), findings }, later);
    await server.database.transaction(foldUses);
    assert.deepEqual((await find(worker)).findings, []);
  });

  it('finds who never came, has no factor, left with a card, was opened for in an emergency or keeps the system up', async () => {
    assert.deepEqual((await find(gone)).findings, ['unused', 'card-unused']);
    assert.deepEqual((await find(bare)).findings, ['unused', 'no-factor', 'card-unused']);
    await server.database.query('update person set left_at = $2 where id = $1', [gone.person.id, server.now()]);
    assert.deepEqual((await find(gone)).findings, ['left', 'left-with-card']);
    await server.database.query(`update card set state = 'revoked' where person = $1`, [bare.person.id]);
    assert.deepEqual((await find(bare)).findings, ['unused', 'no-factor', 'no-card']);
    await server.database.query(
      `insert into emergency_use (id, means, witness, person, terminal, session, reason, at, support_code)
       values (gen_random_uuid(), 'witness', $1, $2, $3, gen_random_uuid(), 'patient-urgent', $4, 'ABC')`,
      [worker.person.id, bare.person.id, terminal.id, server.now()],
    );
    assert.ok((await find(bare)).findings.includes('emergency'));
    const operator = await server.signIn(['operator']);
    const { accounts, counts } = await list({ finding: 'maintenance' });
    assert.deepEqual(
      accounts.map(({ id }) => id),
      [operator.person],
    );
    assert.equal(counts.maintenance, 1);
    assert.equal(counts['left-with-card'], 1);
  });

  it('filters, sorts and pages on the server', async () => {
    await server.database.query(
      `insert into person (id, number, name, kana, search, roles, created_at, changed_at)
       select gen_random_uuid(), 'Z' || lpad(n::text, 3, '0'), '職員 ' || n, '', 'z' || lpad(n::text, 3, '0'),
              '{clinician}', $1, $1 from generate_series(1, 120) n`,
      [server.now()],
    );
    const page = async (number: number, order = 'rising') =>
      (await list({ search: 'Ｚ', sort: 'number', order, page: number, limit: 50 })).accounts.map((one) => one.number);
    const [first, second, third] = [await page(1), await page(2), await page(3)];
    assert.deepEqual([first.length, second.length, third.length], [50, 50, 20]);
    assert.equal(new Set([...first, ...second, ...third]).size, 120);
    assert.deepEqual([first[0], third.at(-1)], ['Z001', 'Z120']);
    assert.equal((await page(1, 'falling'))[0], 'Z120');
    const { total, everybody } = await list({ search: 'Z', finding: 'no-card' });
    assert.equal(total, 120);
    assert.ok(everybody > 120);
    const used = (await list({ sort: 'last-used', order: 'falling', limit: 200 })).accounts;
    assert.equal(used[0]?.id, worker.person.id, 'who was here last comes first');
  });

  it('is taken out as a whole by whoever may, and the log says by whom', async () => {
    const answered = await server.call(auditor, 'accounts/export', { query: { finding: 'no-card', search: 'Z' } });
    assert.equal((answered.body as Answer<'accounts/export'>).accounts.length, 120);
    const [event] = await server.database.query<{ actor: string; detail: object }>(
      `select actor, detail from event where kind = 'accounts.exported'`,
    );
    assert.deepEqual(event, { actor: auditor.person, detail: { count: 120, finding: 'no-card', days: 90 } });
    const helpdesk = await server.signIn(['helpdesk']);
    assert.equal((await server.call(helpdesk, 'accounts/export')).code, 'CONSOLE_ROLE_MISSING');
  });
});
