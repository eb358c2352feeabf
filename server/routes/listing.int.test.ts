import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { HeldCard } from '#contract/api/cards.ts';
import { type Answer, api } from '#contract/api/index.ts';
import { noteGeneration } from '../store/backups.ts';
import { record } from '../store/events.ts';
import { startTestServer, type TestConsole, type TestServer } from '../testing.ts';
import { makeClinician } from '../testing-login.ts';

/** Rows that list page by page, the name of what they list, and by what a thing is known. */
const lists = [
  ['people/list', 'people', 'id'],
  ['terminals/list', 'terminals', 'id'],
  ['cards/list', 'cards', 'id'],
  ['loan-cards/list', 'cards', 'id'],
  ['revocations/list', 'revocations', 'number'],
  ['reviews/list', 'reviews', 'id'],
  ['approvals/list', 'approvals', 'id'],
  ['emergency-codes/list', 'batches', 'number'],
  ['periodic-reviews/list', 'reviews', 'number'],
  ['backups/list', 'backups', 'id'],
] as const;
type ListName = (typeof lists)[number][0];
type Thing = Readonly<Record<string, unknown>>;

let server: TestServer;
let admin: TestConsole;
const tag = '一覧';

before(async () => {
  server = await startTestServer();
  admin = await server.signIn(['admin']);
  const people: string[] = [];
  for (let index = 0; index < 11; index += 1) {
    const { person } = await makeClinician(server, { pin: false, totp: false });
    people.push(person.id);
    // Many are alike, so that the last key has to decide.
    await server.database.query('update person set name = $2, kana = $3, changed_at = $4 where id = $1', [
      person.id,
      `${tag} ${index % 3}`,
      index % 2 === 0 ? 'カナ' : '',
      new Date(server.now().getTime() - (index % 4) * 1000),
    ]);
  }
  for (let index = 0; index < 9; index += 1) {
    const terminal = await server.enrol(`${index % 2 === 0 ? '東' : 'ｅａｓｔ'}-${index}`);
    await server.database.query(
      'update terminal set last_seen_at = $2, clock_offset_ms = $3, place = $4, connected_at = null where id = $1',
      [
        terminal.id,
        index % 3 === 0 ? null : server.now(),
        index % 4 === 0 ? null : (index - 4) * 0.4,
        `${index % 2}階`,
      ],
    );
    const [card] = await server.database.query<{ id: string }>(
      `insert into card (id, person, kind, blind_index, technology, assurance, ending, label, state, enrolled_at)
       values ($1, null, 'loan', $2, 'felica', 'identifier', '7081', $3, $4, $5) returning id`,
      [
        randomUUID(),
        Buffer.from(randomUUID()),
        `貸出 ${index % 3}`,
        index % 4 === 0 ? 'revoked' : 'active',
        new Date(server.now().getTime() + index),
      ],
    );
    assert.ok(card);
    const params = { person: people[index] ?? '' };
    assert.equal(
      (await server.call(admin, 'people/suspend', { params, body: { reason: `理由 ${index}` } })).status,
      200,
    );
    await server.database.query(
      `insert into emergency_use (id, means, person, witness, terminal, session, reason, at, support_code, reviewed_at,
                                  reviewed_by, verdict, findings)
       select $1, 'witness', $2, $3, $4, $5, 'drill', $6, 'AAA-AAA-AAA', $7, $8, $9, $10`,
      [
        randomUUID(),
        people[index],
        people[index + 1],
        terminal.id,
        randomUUID(),
        new Date(server.now().getTime() - (index % 3) * 1000),
        ...(index % 2 === 0 ? [null, null, null, ''] : [server.now(), admin.person, 'in-order', '確認']),
      ],
    );
    await makeApproval(index, people);
    await makeSheet(index);
    await makePeriodicReview(index);
    await makeBackup(index);
  }
});
after(() => server.close());

const inHours = (hours: number): Date => new Date(server.now().getTime() + hours * 3_600_000);

/** Three that wait, three that waited too long, three that were refused. */
const makeApproval = async (index: number, people: readonly string[]): Promise<void> => {
  const state = (['waiting', 'waiting', 'refused'] as const)[index % 3];
  await server.database.query(
    `insert into approval (id, act, call, subject, digest, about, state, asked_by, asked_at, expires_at, decided_by,
                           decided_at, reason)
     values ($1, $2, 'people/change', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      randomUUID(),
      index % 2 === 0 ? 'roles' : 'rebinding',
      index % 4 === 0 ? null : people[index],
      Buffer.from(randomUUID()),
      `役割 ${index}`,
      state,
      people[index % 2],
      inHours(-(index % 4)),
      inHours(index % 3 === 1 ? -1 : 1),
      ...(state === 'refused' ? [admin.person, server.now(), 'ＮＧです'] : [null, null, '']),
    ],
  );
};

/** Some alike, some with a lock; the last of each folder is still there. */
const makeBackup = (index: number): Promise<void> =>
  server.database.transaction(async (tx) => {
    const event = await record(tx, inHours(-(index % 4) - 2), { kind: 'backup.made', outcome: 'success', detail: {} });
    await noteGeneration(tx, server.now(), event, {
      name: `kazasu-${index}.age`,
      folder: `/mnt/${index % 3}`,
      host: 'kazasu-1',
      bytes: (index % 5) * 1000,
      recipient: 'age1abc',
      keep: 2,
      keyBeside: null,
      stored: index % 2 === 0 ? 'stored' : 'not-asked',
      lockedUntil: index % 2 === 0 ? inHours(index % 4) : null,
      held: [`kazasu-${index}.age`],
      removed: [],
    });
  });

/** Sheets of three codes; of every third sheet all are void. */
const makeSheet = async (index: number): Promise<void> => {
  const batch = randomUUID();
  await server.database.query(
    'insert into emergency_batch (id, group_name, note, made_at, made_by) values ($1, $2, $3, $4, $5)',
    [batch, index % 2 === 0 ? '' : '病棟', `金庫 ${index % 3}`, server.now(), admin.person],
  );
  await server.database.query(
    `insert into emergency_code (id, batch, place, code_index, voided_at, voided_by)
     select gen_random_uuid(), $1, place, uuid_send(gen_random_uuid()), $2, $3 from generate_series(1, 3) place`,
    [batch, ...(index % 3 === 0 ? [server.now(), admin.person] : [null, null])],
  );
};

/** The last is open; every third of the others was replaced, and the others are signed. */
const makePeriodicReview = async (index: number): Promise<void> => {
  const isDropped = index % 3 === 0;
  await server.database.query(
    `insert into periodic_review (id, from_at, until_at, taken_at, taken_by, snapshot, digest, dropped_at, signed_at,
                                  signed_by, verdict, findings, next)
     values (gen_random_uuid(), $1, $2, $3, $4, '{}', 'x', $5, $6, $7, $8, $9, $10)`,
    [
      inHours(-24 * (index % 4) - 48),
      inHours(-24 + index),
      server.now(),
      admin.person,
      ...(index === 8
        ? [null, null, null, null, '', null]
        : isDropped
          ? [server.now(), null, null, null, '', null]
          : [
              null,
              inHours(index),
              admin.person,
              index % 2 === 0 ? 'in-order' : 'follow-up',
              `所見 ${index}`,
              `2030-01-0${index}`,
            ]),
    ],
  );
};

const sortsOf = (name: ListName): readonly string[] =>
  (api[name].query.shape.sort.unwrap() as unknown as { options: readonly string[] }).options;
const ask = async (name: ListName, query: Record<string, string | number>) => {
  const answered = await server.call(admin, name, { query });
  assert.equal(answered.status, 200, `${name} ${JSON.stringify(query)}: ${JSON.stringify(answered.body)}`);
  return answered.body as Readonly<Record<string, unknown>> & { readonly next: string | null; readonly total: number };
};
/** All pages, one behind the other; `between` happens after each. */
const walk = async (
  [name, things, key]: (typeof lists)[number],
  query: Record<string, string | number>,
  between: () => Promise<unknown> = async () => {},
): Promise<unknown[]> => {
  const all: unknown[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page = await ask(name, after === undefined ? query : { ...query, after });
    all.push(...(page[things] as Thing[]).map((thing) => thing[key]));
    after = page.next;
    await between();
  }
  return all;
};

for (const list of lists) {
  const [name, things] = list;
  describe(name, () => {
    it('comes by every sort, both ways, page by page as it comes at once', async () => {
      let turned = 0;
      for (const sort of sortsOf(name)) {
        const orders: unknown[][] = [];
        for (const order of ['rising', 'falling']) {
          const whole = await ask(name, { sort, order, limit: 100 });
          const expected = (whole[things] as Thing[]).map((thing) => thing[list[2]]);
          assert.ok(expected.length >= 9, `${expected.length}`);
          assert.equal(whole.total, expected.length);
          assert.equal(new Set(expected).size, expected.length);
          for (const limit of [1, 2, 4])
            assert.deepEqual(await walk(list, { sort, order, limit }), expected, `${sort} ${order} ${limit}`);
          orders.push(expected);
        }
        if (String(orders[0]) !== String(orders[1])) turned += 1;
        assert.deepEqual(new Set(orders[0]), new Set(orders[1]));
      }
      // Where all are alike the last key decides, both ways.
      assert.ok(turned >= 2, `${turned} turn`);
    });

    it('refuses the end of a page of another order, and what is no end of a page', async () => {
      const [sort = '', other = ''] = sortsOf(name);
      const { next } = await ask(name, { sort, order: 'rising', limit: 1 });
      assert.ok(next !== null);
      const keys = JSON.parse(Buffer.from(next, 'base64url').toString()) as string[];
      const made = (change: (keys: string[]) => unknown): string =>
        Buffer.from(JSON.stringify(change([...keys]))).toString('base64url');
      for (const query of [
        { sort: other, order: 'rising', after: next },
        { sort, order: 'falling', after: next },
        { sort, order: 'rising', after: 'x' },
        { sort, order: 'rising', after: made((all) => all.slice(0, -1)) },
        { sort, order: 'rising', after: made((all) => [...all.slice(0, -1), '\0']) },
        { sort, order: 'rising', after: made((all) => [...all.slice(0, -1), "'; drop table event; --"]) },
        { sort, order: 'rising', after: made((all) => [...all, '1']) },
        { sort, order: 'rising', after: made(() => ({})) },
      ])
        assert.equal((await server.call(admin, name, { query })).code, 'REQUEST_INVALID', JSON.stringify(query));
    });
  });
}

describe('a list', () => {
  it('leaves nobody out and gives nobody twice while others come and go', async () => {
    const query = { sort: 'name', limit: 2, search: tag };
    const before = await walk(lists[0], { ...query, limit: 200 });
    let added = 0;
    const walked = await walk(lists[0], query, async () => {
      added += 1;
      const body = { number: `new-${added}`, name: `${tag} ${added % 3}` };
      assert.equal((await server.call(admin, 'people/add', { body })).status, 200);
    });
    assert.equal(new Set(walked).size, walked.length);
    for (const id of before) assert.ok(walked.includes(id));
  });

  it('is searched in any width, case, kana and form of a character, and its total is of what is found', async () => {
    const names = async (search: string) => {
      const { terminals, total } = await ask('terminals/list', { search });
      assert.equal((terminals as Thing[]).length, total);
      return (terminals as Thing[]).map(({ name }) => name);
    };
    assert.deepEqual(await names('EAST'), ['ｅａｓｔ-1', 'ｅａｓｔ-3', 'ｅａｓｔ-5', 'ｅａｓｔ-7']);
    assert.deepEqual(await names('０階'), ['東-0', '東-2', '東-4', '東-6', '東-8']);
    assert.deepEqual(await names("'; drop"), []);
    await server.database.query(`update terminal set place = place || ' 髙\u{e0101}𠮷棟' where name = '東-2'`);
    for (const typed of ['高吉棟', '髙𠮷\ufe00棟']) assert.deepEqual(await names(typed), ['東-2'], typed);
  });

  it('is narrowed by state', async () => {
    const { cards, total, free, kept } = await ask('loan-cards/list', { state: 'revoked' });
    assert.equal((cards as Thing[]).length, 3);
    assert.deepEqual([total, free, kept], [3, 6, 6]);
    const { reviews, waiting } = await ask('reviews/list', { state: 'waiting' });
    assert.equal((reviews as Thing[]).length, 5);
    assert.equal(waiting, 5);
    assert.ok((reviews as { signedOff: unknown }[]).every(({ signedOff }) => signedOff === null));
  });

  it('of acts that take two has those that wait first, and is narrowed to what may still be decided', async () => {
    const states = async (query: Record<string, string>) =>
      ((await ask('approvals/list', query))['approvals'] as Thing[]).map(({ state }) => state);
    const all = await states({});
    assert.deepEqual([all.slice(0, 3), all.indexOf('waiting', 3)], [['waiting', 'waiting', 'waiting'], -1]);
    for (const state of ['waiting', 'expired', 'refused'])
      assert.deepEqual(await states({ state }), [state, state, state]);
    assert.equal((await states({ act: 'roles' })).length, 5);
    assert.equal((await states({ act: 'roles', state: 'waiting' })).length, 2);
    const { approvals } = await ask('approvals/list', {});
    const last = String((approvals as Thing[]).at(-1)?.['id']);
    const { approvals: found, total } = await ask('approvals/list', { approval: last });
    assert.deepEqual([(found as Thing[]).map(({ id }) => id), total], [[last], 1]);
    assert.deepEqual(await states({ approval: randomUUID() }), []);
    assert.deepEqual(await states({ search: '役割 4' }), ['expired']);
    assert.equal((await states({ search: 'ngです' })).length, 3, 'by the reason, in any width');
  });

  it('of emergency codes finds a sheet by the serial number of a slip, and counts all groups whatever is shown', async () => {
    const left = [
      { group: '', unused: 9 },
      { group: '病棟', unused: 9 },
    ];
    const all = await ask('emergency-codes/list', {});
    assert.deepEqual(all['left'], left);
    const number = (all['batches'] as Thing[])[2]?.['number'];
    const found = await ask('emergency-codes/list', { search: `${number}-02` });
    assert.deepEqual([found.total, (found['batches'] as Thing[])[0]?.['number'], found['left']], [1, number, left]);
    assert.equal((await ask('emergency-codes/list', { state: 'left' })).total, 6);
    assert.equal((await ask('emergency-codes/list', { state: 'spent' })).total, 3);
    assert.equal((await ask('emergency-codes/list', { search: '金庫 1' })).total, 3);
  });

  it('of periodic reviews is narrowed by what was found, and says where the last one ends whatever is shown', async () => {
    for (const [state, total] of [
      ['open', 1],
      ['dropped', 3],
      ['in-order', 2],
      ['follow-up', 3],
    ] as const)
      assert.equal((await ask('periodic-reviews/list', { state })).total, total, state);
    const { reviews, total } = await ask('periodic-reviews/list', { search: '所見 7' });
    assert.equal(total, 1);
    const { due, signedUntil } = await ask('periodic-reviews/list', { search: '所見 5' });
    assert.deepEqual([due, signedUntil], ['2030-01-07', (reviews as Thing[])[0]?.['until']]);
  });

  it('of cards shows of each what the page of its person shows, and nothing else', async () => {
    const { cards, total } = await ask('cards/list', { kind: 'own', limit: 100 });
    assert.equal(total, 11);
    for (const { kind, person, ...card } of cards as HeldCard[]) {
      assert.equal(kind, 'own');
      const { body } = await server.call(admin, 'people/show', { params: { person: person?.id ?? '' } });
      const { cards: own, person: owner } = body as Answer<'people/show'>;
      assert.deepEqual(
        own.find(({ id }) => id === card.id),
        card,
      );
      assert.deepEqual(person, { id: owner.id, name: owner.name, number: owner.number });
    }
  });

  it('of cards is narrowed by use, technology, assurance and state, and finds a card by its ending', async () => {
    const total = async (query: Record<string, string>) => (await ask('cards/list', query)).total;
    const endings = { kind: 'loan', search: '７０８１' };
    assert.deepEqual([await total(endings), await total({ ...endings, search: '7082' })], [9, 0]);
    assert.deepEqual(
      [await total({ ...endings, state: 'active' }), await total({ ...endings, state: 'revoked' })],
      [6, 3],
    );
    assert.equal(await total({ kind: 'loan', technology: 'felica', assurance: 'identifier' }), 9);
    assert.equal(await total({ kind: 'loan', technology: 'piv' }), 0);
    assert.equal(await total({ kind: 'loan', assurance: 'pki' }), 0);
  });

  it('of cards finds a loan card by whoever has it now', async () => {
    const [person] = await server.database.query<{ id: string; name: string; number: string }>(
      `select p.id, p.name, p.number from person p join card c on c.person = p.id
        where p.state = 'active' and p.name like $1 limit 1`,
      [`${tag}%`],
    );
    const { cards } = await ask('cards/list', { kind: 'loan', state: 'active', limit: 1 });
    const [loan] = cards as HeldCard[];
    assert.ok(person && loan?.person === null);
    await server.database.query(
      `insert into substitute (id, person, kind, card, cause, identity, starts_at, ends_at, most_uses, fewer_rights,
                               issued_at, issued_by)
       values ($1, $2, 'loan-card', $3, 'forgotten', 'staff-card', $4, $5, 9, false, $4, $6)`,
      [randomUUID(), person.id, loan.id, server.now(), inHours(8), admin.person],
    );
    const held = (await ask('cards/list', { search: person.number, sort: 'kind' }))['cards'] as HeldCard[];
    assert.deepEqual(
      held.map((one) => [one.kind, one.person]),
      [
        ['loan', person],
        ['own', person],
      ],
    );
  });
});
