import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import { filteredLists } from '#contract/api/saved-filters.ts';
import { record } from '../store/events.ts';
import { startTestServer, type TestConsole, type TestServer } from '../testing.ts';

let server: TestServer;
let auditor: TestConsole;
let other: TestConsole;
before(async () => {
  server = await startTestServer();
  auditor = await server.signIn(['auditor']);
  other = await server.signIn(['auditor']);
});
after(() => server.close());

const writeMany = (count: number): Promise<unknown> =>
  server.database.transaction(async (tx) => {
    for (let index = 0; index < count; index += 1)
      await record(tx, server.now(), { kind: 'card.misread', outcome: 'minor', reason: `line ${index}` });
  });
type Page = Answer<'events/export'>;
const exportPage = async (query: Record<string, string>, by = auditor): Promise<Page> => {
  const answered = await server.call(by, 'events/export', { query });
  assert.equal(answered.status, 200, JSON.stringify(answered.body));
  return answered.body as Page;
};
const exportsOf = (by: TestConsole) =>
  server.database.query<{ detail: object; person: string | null }>(
    `select detail, person from event where kind = 'log.excerpt-exported' and actor = $1 order by seq`,
    [by.person],
  );

describe('an excerpt of the log', () => {
  it('is all that the filter shows, page by page, and one event that names the filter', async () => {
    await writeMany(2300);
    const query = { kind: 'card.misread', period: 'today', format: 'csv' };
    const first = await exportPage(query);
    await writeMany(5);
    const reasons = first.events.map(({ reason }) => reason);
    let { next } = first;
    while (next !== null) {
      const page = await exportPage({ ...query, exported: first.exported, before: next });
      assert.equal(page.exported, first.exported);
      reasons.push(...page.events.map(({ reason }) => reason));
      next = page.next;
    }
    assert.deepEqual(
      reasons,
      Array.from({ length: 2300 }, (_, index) => `line ${2299 - index}`),
    );
    assert.deepEqual(
      (await exportsOf(auditor)).map(({ detail }) => detail),
      [{ format: 'csv', kind: 'card.misread', period: 'today' }],
    );
  });

  it('cannot be gone on with without an event of one’s own for this very filter', async () => {
    const query = { kind: 'card.misread', format: 'jsonl' };
    const { exported, next } = await exportPage(query, other);
    assert.ok(next !== null);
    const before = { before: next };
    const count = async () => (await exportsOf(other)).length;
    assert.equal(await count(), 1);
    await exportPage({ ...query, ...before, exported }, other);
    assert.equal(await count(), 1);
    await exportPage({ ...query, ...before }, other);
    assert.equal(await count(), 2, 'no event was named');
    await exportPage({ format: 'jsonl', ...before, exported }, other);
    assert.equal(await count(), 3, 'the filter was another one');
    const [theirs] = await server.database.query<{ id: string }>(
      `select id from event where kind = 'log.excerpt-exported' and actor = $1 limit 1`,
      [auditor.person],
    );
    await exportPage({ ...query, ...before, exported: theirs?.id ?? '' }, other);
    assert.equal(await count(), 4, 'the event was another person’s');
  });
});

describe('a filter of the log', () => {
  it('refuses a day that there is not', async () => {
    for (const from of ['2026-02-30', '2026-02-29', '0000-01-01', '2026-11-01T24:00', '2026-11-1'])
      assert.equal((await server.call(auditor, 'events/list', { query: { from } })).code, 'REQUEST_INVALID', from);
  });

  it('is told with its moments', async () => {
    const query = { from: '2026-11-01', to: '2026-11-01T08:59' };
    const { range } = (await server.call(auditor, 'events/list', { query })).body as Answer<'events/list'>;
    assert.deepEqual(range, { begins: '2026-10-31T15:00:00.000Z', ends: '2026-11-01T00:00:00.000Z' });
  });
});

describe('saved filters', () => {
  const save = (name: string, filter = 'kind=card.misread', by = auditor) =>
    server.call(by, 'saved-filters/save', { body: { list: 'log', name, filter } });
  const names = async (by = auditor) =>
    ((await server.call(by, 'saved-filters/list')).body as Answer<'saved-filters/list'>).filters.map(
      ({ name }) => name,
    );
  const idOf = async (name: string) =>
    ((await server.call(auditor, 'saved-filters/list')).body as Answer<'saved-filters/list'>).filters.find(
      (one) => one.name === name,
    )?.id ?? '';

  it('are kept, renamed and removed by whom they belong to alone', async () => {
    assert.equal((await save('夜間の拒否')).status, 200);
    assert.equal((await save('B')).status, 200);
    assert.equal((await save('B', 'period=today')).code, 'SAVED_FILTER_NAME_TAKEN');
    assert.equal((await save('B', 'period=today', other)).status, 200);
    const params = { filter: await idOf('B') };
    for (const [name, body] of [
      ['saved-filters/rename', { name: 'C' }],
      ['saved-filters/remove', {}],
    ] as const)
      assert.equal((await server.call(other, name, { params, body })).code, 'SAVED_FILTER_UNKNOWN');
    const rename = (name: string) => server.call(auditor, 'saved-filters/rename', { params, body: { name } });
    assert.equal((await rename('夜間の拒否')).code, 'SAVED_FILTER_NAME_TAKEN');
    assert.equal((await rename('C')).status, 200);
    assert.deepEqual(await names(), ['C', '夜間の拒否']);
    assert.deepEqual(await names(other), ['B']);
    assert.equal((await server.call(auditor, 'saved-filters/remove', { params, body: {} })).status, 200);
    assert.deepEqual(await names(), ['夜間の拒否']);
  });

  it('are fifty at most, however many are saved at once', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => save(`many ${index}`)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 49);
    assert.ok(answers.every(({ status, code }) => status === 200 || code === 'SAVED_FILTER_TOO_MANY'));
  });

  it('are kept for each list apart, and for nothing that is no list', async () => {
    const keep = (list: string) =>
      server.call(other, 'saved-filters/save', { body: { list: list as 'log', name: '同じ名前', filter: 'search=a' } });
    for (const list of filteredLists) {
      assert.equal((await keep(list)).status, 200, list);
      assert.equal((await keep(list)).code, 'SAVED_FILTER_NAME_TAKEN', list);
    }
    assert.equal((await keep('keys')).code, 'REQUEST_INVALID');
    const { filters } = (await server.call(other, 'saved-filters/list')).body as Answer<'saved-filters/list'>;
    assert.deepEqual(
      filters.filter(({ name }) => name === '同じ名前').map(({ list }) => list),
      [...filteredLists].sort(),
    );
  });

  it('hold what an address holds, and nothing else', async () => {
    for (const filter of ['', 'a b', '<script>', 'x'.repeat(1001), 'a#b'])
      assert.equal((await save('bad', filter, other)).code, 'REQUEST_INVALID', filter.slice(0, 20));
  });
});
