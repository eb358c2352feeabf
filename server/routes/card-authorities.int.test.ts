import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import type { CardAuthority } from '#contract/api/card-authorities.ts';
import type { CardEvidence } from '#contract/card.ts';
import type { LockId } from '#contract/ids.ts';
import { createCards } from '../cards/cards.ts';
import type { ServerDeps } from '../deps.ts';
import { createBegun } from '../logins/begun.ts';
import { createSecrets } from '../secrets.ts';
import { startTestServer, type TestConsole, type TestServer, type TestTerminal } from '../testing.ts';
import { bindKey, listAuthority, makeAuthority, makeCertificate, tapOf } from '../testing-card.ts';
import {
  begin,
  eventsWhere,
  failureOf,
  goodPin,
  makeClinician,
  makeEvidence,
  mustBegin,
  prove,
} from '../testing-login.ts';
import { openStream } from '../testing-stream.ts';
import type { TerminalSender } from './handlers.ts';
import { createLoginsRoutes } from './logins.ts';

let server: TestServer;
let terminal: TestTerminal;
let admin: TestConsole;
let second: TestConsole;
before(async () => {
  server = await startTestServer();
  terminal = await server.enrol();
  [admin, second] = [await server.signIn(['admin']), await server.signIn(['admin'])];
});
after(() => server.close());

const add = (by: TestConsole, certificate: string, name = '病院のカード') =>
  server.call(by, 'card-authorities/add', { body: { name, certificate } });
const remove = (by: TestConsole, authority: string) =>
  server.call(by, 'card-authorities/remove', { params: { authority }, body: { reason: '契約の終了' } });
const list = async () =>
  ((await server.call(admin, 'card-authorities/list')).body as { authorities: CardAuthority[] }).authorities;
const clear = async () => {
  for (const { id } of await list()) await remove(admin, id);
};

describe('while no card authority is on the list', () => {
  it('no card is asked for a proof, and none that brings one is believed', async () => {
    await clear();
    assert.deepEqual((await server.call(terminal, 'nonces/give', { body: {} })).body, { nonce: null });
    const { evidence } = await makeClinician(server);
    assert.equal((await mustBegin(server, terminal, evidence)).nonce, null);
    assert.deepEqual(Object.keys(failureOf(await begin(server, terminal, makeEvidence()))).sort(), [
      'code',
      'supportCode',
    ]);
  });

  it('a card that was enrolled with its key opens nothing', async () => {
    const authority = await makeAuthority();
    await listAuthority(server, admin, authority);
    const { person } = await makeClinician(server);
    const key = await makeCertificate({}, authority);
    await bindKey(server, terminal, person.id, key);
    const proved = await tapOf(server, terminal, key);
    await clear();
    assert.equal((await begin(server, terminal, proved)).code, 'CARD_REFUSED');
  });
});

describe('the list of card authorities', () => {
  it('takes one certificate of an authority, says whose it is, and has it in the log', async () => {
    const authority = await makeAuthority({ name: 'Hospital cards' });
    const { body, status } = await add(admin, authority.pem);
    assert.equal(status, 200, JSON.stringify(body));
    const added = (body as { authority: CardAuthority }).authority;
    assert.deepEqual([added.kind, added.subject, added.cards], ['issuer', 'CN=Hospital cards', 0]);
    assert.deepEqual(
      (await list()).find(({ id }) => id === added.id),
      added,
    );
    assert.equal((await add(second, authority.pem)).code, 'CARD_AUTHORITY_KNOWN');
    const event = (await eventsWhere(server, 'actor', admin.person)).at(-1);
    assert.deepEqual([event?.kind, event?.detail['fingerprint']], ['card-authority.added', added.fingerprint]);
    assert.deepEqual((await remove(second, added.id)).body, { cards: 0 });
    const removed = (await eventsWhere(server, 'actor', second.person)).at(-1);
    assert.deepEqual([removed?.kind, removed?.reason], ['card-authority.removed', '契約の終了']);
    assert.equal((await remove(admin, added.id)).code, 'CARD_AUTHORITY_UNKNOWN');
  });

  it('takes the certificate of one card that signed its own, for that card alone', async () => {
    const own = await makeCertificate({ name: 'token' });
    const { body } = await add(admin, own.pem);
    assert.equal((body as { authority: CardAuthority }).authority.kind, 'card');
    const { person } = await makeClinician(server);
    await bindKey(server, terminal, person.id, own);
    await mustBegin(server, terminal, await tapOf(server, terminal, own));
    const below = await makeCertificate({}, own);
    assert.equal((await begin(server, terminal, await tapOf(server, terminal, below))).code, 'CARD_REFUSED');
    assert.equal((await list()).find(({ kind }) => kind === 'card')?.cards, 1);
  });

  it('takes nothing else', async () => {
    const authority = await makeAuthority();
    const bad: [string, string][] = [
      ['', 'one-certificate'],
      ['no certificate', 'one-certificate'],
      [`${authority.pem}\n${authority.pem}`, 'one-certificate'],
      [authority.pem.replaceAll('CERTIFICATE', 'PRIVATE KEY'), 'one-certificate'],
      [authority.pem.replace(/\n.{64}\n/, '\n'), 'one-certificate'],
      [(await makeAuthority({ from: -9, until: -1 })).pem, 'expired'],
      [(await makeAuthority({ kind: 'rsa-1024' })).pem, 'weak-key'],
      [(await makeCertificate({}, authority)).pem, 'authority'],
      [(await makeCertificate({ isAuthority: true, usages: 0x80 })).pem, 'authority'],
      [(await makeCertificate({ kind: 'ecc-p521' })).pem, 'weak-key'],
    ];
    for (const [pem, why] of bad) {
      const answered = await add(admin, pem);
      const { code, problems } = failureOf(answered);
      assert.deepEqual([code, problems], ['CARD_AUTHORITY_INVALID', [{ path: 'certificate', rule: why }]]);
    }
  });

  it('is changed by an admin, and by two where policy says so', async () => {
    const { pem } = await makeAuthority();
    for (const role of ['helpdesk', 'auditor', 'clinician'] as const)
      assert.equal((await add(await server.signIn([role]), pem)).status, 403, role);
    await server.applyPolicy({ fourEyes: ['card-authorities'] });
    const asked = await add(admin, pem);
    assert.equal(asked.code, 'APPROVAL_NEEDED');
    const { approval = '' } = failureOf(asked);
    const body = { approve: true, reason: '指紋を照合' };
    assert.equal((await server.call(second, 'approvals/decide', { params: { approval }, body })).status, 200);
    const other = await makeAuthority();
    assert.equal((await add(admin, other.pem)).code, 'APPROVAL_NEEDED');
    assert.equal((await add(admin, pem)).status, 200);
    await server.applyPolicy({});
  });
});

describe('the stream of a terminal', () => {
  it('brings a nonce with the hello, and says when cards begin and cease to be asked for proofs', async () => {
    await clear();
    const at = await server.enrol();
    const stream = await openStream(server, at, `/v1/terminals/stream?after=0&clock=${Date.now()}`);
    type Nonce = { kind: string; nonce: { nonce: string } | null };
    const hello = await stream.next<Nonce>(({ kind }) => kind === 'hello');
    assert.equal(hello.nonce, null);
    const authority = await makeAuthority();
    await listAuthority(server, admin, authority);
    const pushed = await stream.next<Nonce>(({ kind }) => kind === 'nonce');
    assert.ok(pushed.nonce !== null);
    const later = await openStream(server, at, `/v1/terminals/stream?after=0&clock=${Date.now()}`);
    const again = await later.next<Nonce>(({ kind }) => kind === 'hello');
    assert.ok(again.nonce !== null && again.nonce.nonce !== pushed.nonce.nonce);
    later.close();
    // Another one comes before the last one ends, with a beat.
    server.advance(4 * 60_000);
    const renewed = await stream.next<Nonce>(({ kind }) => kind === 'nonce');
    assert.ok(renewed.nonce !== null && renewed.nonce.nonce !== pushed.nonce.nonce);
    await clear();
    assert.equal((await stream.next<Nonce>(({ kind }) => kind === 'nonce')).nonce, null);
    stream.close();
  });
});

describe('another process of the server', () => {
  const startAnother = async () => {
    const secrets = createSecrets(server.folder);
    const log = pino({ level: 'silent' });
    const { now, policies } = server.deps;
    const cards = await createCards({ database: server.database, secrets, policies, now, log });
    const deps: ServerDeps = { ...server.deps, secrets, log, cards };
    return { cards, routes: createLoginsRoutes(deps, createBegun(deps)) };
  };
  const sender = () =>
    ({ kind: 'terminal', terminal: terminal.id, name: 'ward', address: '127.0.0.1' }) as TerminalSender;
  const beginAt = ({ routes }: Awaited<ReturnType<typeof startAnother>>, card: CardEvidence) =>
    routes['attempts/begin'](
      { params: undefined, query: undefined, body: { lock: randomUUID() as LockId, card, purpose: 'login' as const } },
      sender(),
    );

  it('takes a nonce that the first one gave, and none that the first one took', async () => {
    const authority = await makeAuthority();
    await listAuthority(server, admin, authority);
    const { person } = await makeClinician(server, { totp: false });
    const key = await makeCertificate({}, authority);
    await bindKey(server, terminal, person.id, key);
    const another = await startAnother();
    try {
      assert.ok((await beginAt(another, await tapOf(server, terminal, key))).ok);
      const recorded = await tapOf(server, terminal, key);
      await mustBegin(server, terminal, recorded);
      await server.app.settled();
      const replayed = await beginAt(another, recorded);
      assert.ok(!replayed.ok && replayed.failure.code === 'CARD_REFUSED');
      const [event] = await eventsWhere(server, 'support_code', replayed.failure.supportCode ?? '');
      assert.deepEqual([event?.reason, event?.outcome], ['nonce-used', 'serious']);
    } finally {
      await another.cards.authorities.close();
    }
  });

  it('opens at most one session with an answer that is shown to both at the same moment, and the log says so', async () => {
    const authority = await makeAuthority();
    await listAuthority(server, admin, authority);
    const { person } = await makeClinician(server, { totp: false });
    const key = await makeCertificate({}, authority);
    await bindKey(server, terminal, person.id, key);
    const another = await startAnother();
    try {
      const before = (await eventsWhere(server, 'terminal', terminal.id)).length;
      const recorded = await tapOf(server, terminal, key);
      // Neither has written yet that it took it: both may begin, and one of them goes on at most.
      const [here, there] = await Promise.all([begin(server, terminal, recorded), beginAt(another, recorded)]);
      const { attempt = '' } = here.body as { attempt?: string };
      assert.ok(attempt !== '' || there.ok);
      const proved =
        there.ok && attempt !== ''
          ? await Promise.all([
              prove(server, terminal, attempt, 'pin', goodPin).then(({ status }) => status === 200),
              another.routes['attempts/prove'](
                {
                  params: { attempt: there.value.attempt },
                  query: undefined,
                  body: { ticket: there.value.ticket, factor: 'pin', secret: goodPin },
                },
                sender(),
              ).then(({ ok }) => ok),
            ])
          : [];
      assert.ok(proved.filter(Boolean).length <= 1);
      const sessions = await server.database.query('select 1 from session where person = $1', [person.id]);
      assert.equal(sessions.length, proved.filter(Boolean).length);
      const events = await eventsWhere(server, 'terminal', terminal.id);
      assert.ok(events.slice(before).some(({ reason }) => reason === 'nonce-used'));
    } finally {
      await another.cards.authorities.close();
    }
  });
});
