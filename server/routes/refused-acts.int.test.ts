import assert from 'node:assert/strict';
import { randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { PolicyInput } from '#contract/policy.ts';
import type { Transaction } from '../store/database.ts';
import { type Answered, startTestServer, type TestConsole, type TestServer } from '../testing.ts';
import { makeAuthority } from '../testing-card.ts';
import { connectDirectory } from '../testing-directory.ts';
import { makeClinician } from '../testing-login.ts';

/** An act that takes a second person, and what somebody else does that stands in its way. */
interface Act {
  readonly name: string;
  readonly code: string;
  /** Whether somebody may do it in the moment between the look and the act. */
  readonly races: boolean;
  readonly act: () => Promise<Answered>;
  readonly block: (tx: Transaction) => Promise<unknown>;
  /** Whatever was done before, it can be done again. */
  readonly clear: () => Promise<unknown>;
}

const policy: PolicyInput = { fourEyes: ['first-binding', 'rebinding', 'roles', 'card-authorities'] };
let server: TestServer;
let admin: TestConsole;
let other: TestConsole;
const acts: Act[] = [];

const atTerminal = async (): Promise<Act[]> => {
  const terminal = await server.enrol();
  const { person } = await makeClinician(server, { pin: false, totp: false });
  const body = { task: 'pin', person: person.id, terminal: terminal.id };
  const act = () => server.call(admin, 'ceremonies/begin', { body });
  const change = (tx: Transaction, state: string, seen: Date | null) =>
    tx.query(
      'update terminal set state = $2, connected_at = $3, last_seen_at = coalesce($3, last_seen_at) where id = $1',
      [terminal.id, state, seen],
    );
  const clear = () => change(server.database, 'active', server.now());
  const facts = { act, clear, races: false };
  return [
    { ...facts, name: 'a PIN', code: 'TERMINAL_OFFLINE', block: (tx) => change(tx, 'active', null) },
    { ...facts, name: 'a PIN', code: 'TERMINAL_UNKNOWN', block: (tx) => change(tx, 'revoked', server.now()) },
  ];
};

const newPerson = (): Act => {
  const number = 'Ｑ-1';
  return {
    name: 'a person with power',
    code: 'PERSON_NUMBER_TAKEN',
    races: true,
    act: () => server.call(admin, 'people/add', { body: { number, name: 'x', roles: ['helpdesk'] } }),
    block: (tx) =>
      tx.query(
        `insert into person (id, number, name, roles, created_at, changed_at) values ($1, 'q-1', 'y', '{clinician}', $2, $2)`,
        [randomUUID(), server.now()],
      ),
    clear: () => server.database.query(`update person set number = id::text where lower(number) = 'q-1'`),
  };
};

const authorities = async (): Promise<Act[]> => {
  const [made, listed] = [await makeAuthority(), await makeAuthority()];
  const id = randomUUID();
  const insert = (tx: Transaction, as: string, name: string, pem: string) =>
    tx.query('insert into card_authority (id, name, certificate, added_at, added_by) values ($1, $2, $3, $4, $5)', [
      as,
      name,
      new X509Certificate(pem).raw,
      server.now(),
      other.person,
    ]);
  await insert(server.database, id, '旧', listed.pem);
  const remove = (tx: Transaction, at: Date | null) =>
    tx.query('update card_authority set removed_at = $2 where id = $1', [id, at]);
  return [
    {
      name: 'an authority',
      code: 'CARD_AUTHORITY_KNOWN',
      races: true,
      act: () => server.call(admin, 'card-authorities/add', { body: { name: '新', certificate: made.pem } }),
      block: (tx) => insert(tx, randomUUID(), '新', made.pem),
      clear: () =>
        server.database.query(`update card_authority set removed_at = $1 where name = '新' and removed_at is null`, [
          server.now(),
        ]),
    },
    {
      name: 'an authority that goes',
      code: 'CARD_AUTHORITY_UNKNOWN',
      races: true,
      act: () =>
        server.call(admin, 'card-authorities/remove', { params: { authority: id }, body: { reason: '契約の終了' } }),
      block: (tx) => remove(tx, server.now()),
      clear: () => remove(server.database, null),
    },
  ];
};

const directories = async (): Promise<Act[]> => {
  const { id: group } = await (await connectDirectory(server)).addGroup('看護部');
  const place = { params: { group }, body: { role: 'helpdesk' } };
  return [
    {
      name: 'a directory',
      code: 'DIRECTORY_NAME_TAKEN',
      races: true,
      act: () => server.call(admin, 'directory-clients/add', { body: { name: '人事' } }),
      block: (tx) =>
        tx.query(
          `insert into directory_client (id, name, token_hash, created_at, created_by, expires_at)
           values ($1, '人事', $2, $3, $4, $3)`,
          [randomUUID(), randomBytes(32), server.now(), other.person],
        ),
      clear: () =>
        server.database.query(
          `update directory_client set revoked_at = $1 where name = '人事' and revoked_at is null`,
          [server.now()],
        ),
    },
    {
      name: 'the role of a group',
      code: 'DIRECTORY_ROLE_REFUSED',
      races: false,
      act: () => server.call(admin, 'directory-groups/set-role', place),
      block: () => server.applyPolicy({ ...policy, directory: { roles: ['clinician'] } }),
      clear: () => server.applyPolicy(policy),
    },
  ];
};

before(async () => {
  server = await startTestServer();
  [admin, other] = [await server.signIn(['admin']), await server.signIn(['admin'])];
  const ofDirectories = await directories();
  await server.applyPolicy(policy);
  acts.push(...(await atTerminal()), newPerson(), ...(await authorities()), ...ofDirectories);
});
after(() => server.close());

const waits = async (): Promise<boolean> => {
  const [row] = await server.database.query<{ waits: boolean }>(
    `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waits`,
  );
  return row?.waits === true;
};
const countAsked = async (): Promise<number> =>
  (await server.database.query('select 1 from approval where asked_by = $1', [admin.person])).length;
const countUsed = async (): Promise<number> =>
  (await server.database.query(`select 1 from approval where state = 'used' and used_at is not null`)).length;
/** Has the second person agree to it. */
const agree = async ({ name, act }: Act): Promise<void> => {
  const asked = await act();
  assert.equal(asked.code, 'APPROVAL_NEEDED', name);
  const { approval } = (asked.body as { failure: { approval: string } }).failure;
  const body = { approve: true, reason: '確認した' };
  const decided = await server.call(other, 'approvals/decide', { params: { approval }, body });
  assert.equal(decided.status, 200, name);
};

describe('an act that takes a second person and cannot be done', () => {
  it('is refused before anybody is asked, and uses up no word that was given for it', async () => {
    for (const one of acts) {
      const { name, code, act, block, clear } = one;
      const asked = await countAsked();
      await clear();
      await block(server.database);
      assert.equal((await act()).code, code, name);
      assert.equal(await countAsked(), asked, name);
      await clear();
      await agree(one);
      await block(server.database);
      assert.equal((await act()).code, code, name);
      await clear();
      assert.equal((await act()).status, 200, `${name} ${code}`);
    }
  });

  it('keeps the word that was given for it when somebody else is quicker', async () => {
    const racing = acts.filter(({ races }) => races);
    assert.equal(racing.length, 4);
    for (const one of racing) {
      const { name, code, act, block, clear } = one;
      await clear();
      await agree(one);
      const used = await countUsed();
      const refused = await server.database.transaction(async (tx) => {
        await block(tx);
        const sent = act();
        while (!(await waits())) await new Promise((resolve) => setTimeout(resolve, 20));
        return { sent };
      });
      assert.equal((await refused.sent).code, code, name);
      assert.equal(await countUsed(), used, 'no other word counts again');
      await clear();
      assert.equal((await act()).status, 200, name);
      assert.equal(await countUsed(), used + 1, name);
    }
  });
});
