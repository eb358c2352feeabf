import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { StoredEvent } from '#contract/audit.ts';
import { record } from '../store/events.ts';
import { startTestServer, type TestConsole, type TestServer } from '../testing.ts';
import { begin, eventsWhere, failureOf, makeClinician, makeEvidence } from '../testing-login.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

describe('the log', () => {
  const list = async (by: TestConsole, query: Record<string, string | number> = {}) =>
    ((await server.call(by, 'events/list', { query })).body as { events: StoredEvent[] }).events;

  it('is read newest first, page by page, without gaps', async () => {
    const auditor = await server.signIn(['auditor']);
    await server.database.transaction(async (tx) => {
      for (let place = 0; place < 60; place += 1)
        await record(tx, server.now(), { kind: 'revocation.confirmed', outcome: 'success' });
    });
    await list(auditor);
    const all = await list(auditor, { limit: 200 });
    const pages: StoredEvent[] = [];
    for (let before: string | undefined; pages.length < 40; before = pages.at(-1)?.id) {
      pages.push(...(await list(auditor, { limit: 10, ...(before ? { before } : {}) })));
    }
    assert.deepEqual(
      pages.map(({ id }) => id),
      all.slice(0, 40).map(({ id }) => id),
    );
  });

  it('names people, terminals and cards, and finds by support code as it is heard', async () => {
    const auditor = await server.signIn(['auditor']);
    const terminal = await server.enrol('病棟 3 東');
    const clinician = await makeClinician(server);
    await begin(server, terminal, clinician.evidence);
    await server.app.settled();
    const [event] = await list(auditor, { person: clinician.person.id });
    assert.deepEqual(
      [event?.kind, event?.personName, event?.personNumber, event?.terminalName, event?.cardLabel],
      ['attempt.begun', '山田 花子', clinician.person.number, '病棟 3 東', '職員証'],
    );
    const { supportCode = '' } = failureOf(await begin(server, terminal, makeEvidence()));
    for (const heard of [
      supportCode,
      supportCode.toLowerCase(),
      supportCode.replaceAll('-', ''),
      supportCode.replaceAll('-', ' '),
    ]) {
      assert.deepEqual(
        (await list(auditor, { supportCode: heard })).map(({ reason }) => reason),
        ['unknown-card'],
      );
    }
    assert.equal((await list(auditor, { terminal: terminal.id, kind: 'attempt.refused' })).length, 1);
  });

  it('remembers who looked at it, once a minute for each session', async () => {
    const auditor = await server.signIn(['auditor']);
    const views = async () =>
      (await eventsWhere(server, 'actor', auditor.person)).filter(({ kind }) => kind === 'log.viewed').length;
    await list(auditor);
    await list(auditor);
    assert.equal(await views(), 1);
    server.advance(61_000);
    await list(auditor);
    assert.equal(await views(), 2);
  });

  it('takes what an open page asks by itself as part of the look that opened it, and as a look where there was none', async () => {
    const auditor = await server.signIn(['auditor']);
    const page = { ...auditor, headers: { ...auditor.headers, 'x-kazasu-unasked': '1' } };
    const { person } = await makeClinician(server);
    const looks = async () =>
      (await eventsWhere(server, 'actor', auditor.person))
        .filter(({ kind }) => kind === 'log.viewed')
        .map((look) => look.person);
    await list(auditor);
    for (let minute = 0; minute < 3; minute += 1) {
      server.advance(61_000);
      await list(page);
    }
    assert.deepEqual(await looks(), [null]);
    await list(page, { person: person.id });
    assert.deepEqual(await looks(), [null, person.id], 'nobody reads unseen by saying that nobody asked');
    server.advance(61_000);
    await list(page, { person: person.id });
    await list(page);
    assert.deepEqual(await looks(), [null, person.id]);
  });

  it('tells what happened to a person also where every terminal of a hospital has confirmed it', async () => {
    const auditor = await server.signIn(['auditor']);
    const { person } = await makeClinician(server);
    const about = { outcome: 'success', person: person.id } as const;
    await server.database.transaction(async (tx) => {
      await record(tx, server.now(), { ...about, kind: 'card.revoked', reason: 'card-lost' });
      await record(tx, server.now(), { ...about, kind: 'revocation.issued' });
      for (let terminals = 0; terminals < 60; terminals += 1)
        await record(tx, server.now(), { ...about, kind: 'revocation.confirmed' });
    });
    await list(auditor, { person: person.id });
    const kinds = async (query: Record<string, string>) =>
      new Set((await list(auditor, { person: person.id, ...query })).map(({ kind }) => kind));
    assert.deepEqual(await kinds({ shows: 'story' }), new Set(['card.revoked']));
    assert.deepEqual(await kinds({}), new Set(['log.viewed', 'revocation.confirmed']), 'the log has all');
  });

  it('cannot be changed, not even by the server', async () => {
    for (const change of [`update event set reason = 'x'`, 'delete from event', 'truncate event']) {
      await assert.rejects(server.database.query(change), /only added to/);
    }
  });
});
