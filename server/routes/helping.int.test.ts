import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import type { CeremonyState } from '#contract/api/people.ts';
import type { CardEvidence } from '#contract/card.ts';
import { startTestServer, type TestConsole, type TestServer, type TestTerminal } from '../testing.ts';
import { begin, eventsWhere, failureOf, makeClinician, makeEvidence } from '../testing-login.ts';

let server: TestServer;
let terminal: TestTerminal;
let desk: TestConsole;
before(async () => {
  server = await startTestServer();
  terminal = await server.enrol();
  desk = await server.signIn(['helpdesk']);
});
after(() => server.close());

describe('a support code', () => {
  const explain = async (code: string) => server.call(desk, 'refusals/explain', { params: { code } });

  it('leads to the refusal and to what was done to the card, however it is typed, and the look is in the log', async () => {
    const { person, card, evidence } = await makeClinician(server);
    const revoked = await server.call(desk, 'cards/revoke', { params: { card }, body: { reason: 'card-lost' } });
    assert.equal(revoked.status, 200);
    const { supportCode = '' } = failureOf(await begin(server, terminal, evidence));
    const answered = await explain(supportCode.toLowerCase().replaceAll('-', ''));
    const { event, cause } = answered.body as Answer<'refusals/explain'>;
    assert.deepEqual([event.kind, event.reason, event.person], ['attempt.refused', 'card-revoked', person.id]);
    assert.deepEqual([cause?.kind, cause?.reason, cause?.card], ['card.revoked', 'card-lost', card]);
    const viewed = (await eventsWhere(server, 'actor', desk.person)).filter(({ kind }) => kind === 'log.viewed');
    assert.equal(viewed.length, 1);
  });

  it('of a card of nobody has no cause, and one that nobody was given is unknown', async () => {
    const { supportCode = '' } = failureOf(await begin(server, terminal, makeEvidence()));
    const { event, cause } = (await explain(supportCode)).body as Answer<'refusals/explain'>;
    assert.deepEqual([event.reason, event.person, cause], ['unknown-card', null, null]);
    assert.equal((await explain('AAA-AAA-AAA')).code, 'SUPPORT_CODE_UNKNOWN');
  });
});

describe('a card that is held to find its person', () => {
  const find = async (card: CardEvidence): Promise<CeremonyState> => {
    await server.database.query('update terminal set connected_at = $2, last_seen_at = $2 where id = $1', [
      terminal.id,
      server.now(),
    ]);
    const begun = await server.call(desk, 'ceremonies/begin', { body: { task: 'find', terminal: terminal.id } });
    const { id } = (begun.body as Answer<'ceremonies/begin'>).ceremony;
    const given = await server.call(terminal, 'ceremonies/give-card', { params: { ceremony: id }, body: { card } });
    assert.equal(
      (given.body as Answer<'ceremonies/give-card'>).next,
      'done',
      'the terminal is told nothing of whose it is',
    );
    const shown = await server.call(desk, 'ceremonies/show', { params: { ceremony: id } });
    return (shown.body as Answer<'ceremonies/show'>).ceremony;
  };

  it('names its holder, also where the card is revoked, and says so of a card of nobody', async () => {
    const { person, card, evidence } = await makeClinician(server);
    assert.deepEqual(await find(evidence).then(({ state, holder }) => [state, holder]), ['done', person.id]);
    await server.call(desk, 'cards/revoke', { params: { card }, body: { reason: 'card-lost' } });
    assert.equal((await find(evidence)).holder, person.id);
    const nobody = await find(makeEvidence());
    assert.deepEqual([nobody.state, nobody.problem, nobody.holder], ['failed', 'CARD_UNKNOWN', null]);
  });

  it('is asked of nobody in particular', async () => {
    const { person } = await makeClinician(server);
    const body = { task: 'find', terminal: terminal.id, person: person.id };
    assert.equal((await server.call(desk, 'ceremonies/begin', { body })).code, 'REQUEST_INVALID');
  });
});

describe('the list of people', () => {
  it('is sorted and paged by each of its orders, each person once', async () => {
    for (const [number, kana] of [
      ['Z-3', 'アベ'],
      ['Z-1', 'ワダ'],
      ['Z-2', 'アベ'],
      ['Z-4', ''],
    ]) {
      await server.call(desk, 'people/add', { body: { number, name: '並び', kana } });
      server.advance(1000);
    }
    for (const [sort, expected] of [
      ['changed', ['Z-4', 'Z-2', 'Z-1', 'Z-3']],
      ['number', ['Z-1', 'Z-2', 'Z-3', 'Z-4']],
      ['kana', ['Z-4', 'Z-2', 'Z-3', 'Z-1']],
    ] as const) {
      const found: string[] = [];
      let after: string | null = null;
      do {
        const query: Record<string, string | number> = {
          search: '並び',
          sort,
          limit: 1,
          ...(after === null ? {} : { after }),
        };
        const listed = (await server.call(desk, 'people/list', { query })).body as Answer<'people/list'>;
        found.push(...listed.people.map(({ number }) => number));
        after = listed.next;
      } while (after !== null);
      assert.deepEqual(found, expected, sort);
    }
  });
});
