import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { PersonSummary } from '#contract/api/people.ts';
import { iso14443a } from '#e2e/card/cards.ts';
import { totp } from '#e2e/client.ts';
import { createRawTerminal, createStranger, type RawTerminal } from '#e2e/raw-terminal.ts';
import { createWorld, enrolTotp, type Terminal, type World } from '#e2e/world.ts';

describe('an attacker with the source code', { timeout: 180_000 }, () => {
  let world: World;
  let terminal: Terminal;
  let hanako: PersonSummary;
  let seed: string;
  let mine: RawTerminal;
  let other: RawTerminal;
  let stranger: RawTerminal;
  const pin = '73019462';
  const card = { technology: 'iso14443a', identifier: '04A1B2C3D4E580', assurance: 'identifier' } as const;

  before(async () => {
    world = await createWorld();
    terminal = await world.addTerminal('3東-NS-02');
    hanako = await world.addPerson({ number: '004217', name: '山田 花子' });
    await terminal.enrol(hanako, iso14443a(card.identifier), pin);
    seed = await enrolTotp(world, hanako);
    [mine, other, stranger] = await Promise.all([
      createRawTerminal(world, 'raw-1'),
      createRawTerminal(world, 'raw-2'),
      createStranger(world),
    ]);
  });
  after(async () => {
    await Promise.all([mine?.close(), other?.close(), stranger?.close()]);
    await world?.stop();
  });

  const tickets = new Map<unknown, unknown>();
  const begin = async (from: RawTerminal) => {
    const begun = await from.post('/v1/attempts', { lock: randomUUID(), card });
    tickets.set(begun.body['attempt'], begun.body['ticket']);
    return begun;
  };
  const prove = (from: RawTerminal, attempt: unknown, secret: string, factor = 'pin') =>
    from.post(`/v1/attempts/${String(attempt)}/proofs`, { ticket: tickets.get(attempt) ?? 'none', factor, secret });

  test('gets nothing by the card alone', async () => {
    const { status, body } = await begin(mine);
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body).sort(), [
      'all',
      'attempt',
      'expiresAt',
      'factors',
      'grace',
      'greeting',
      'nonce',
      'offline',
      'supportCode',
      'ticket',
    ]);
    assert.equal(body['grace'], null);
    const path = `/v1/attempts/${String(body['attempt'])}/proofs`;
    const { ticket } = body;
    for (const secret of [undefined, null, '', [], {}, 0]) {
      const answer = await mine.post(path, { ticket, factor: 'pin', secret });
      assert.equal(answer.status, 400, JSON.stringify(secret));
    }
    assert.equal((await mine.post(path, { ticket, factor: 'grace' })).body.failure?.code, 'ATTEMPT_ENDED');
    await world.event((event) => event.kind === 'attempt.begun' && event.terminal === mine.id, 'the attempt');
    const sessions = await world.events({ kind: 'session.began' });
    assert.equal(sessions.length, 0);
  });

  test('gets nothing by the PIN alone', async () => {
    const { status, body } = await prove(mine, randomUUID(), pin);
    assert.equal(status, 409);
    assert.equal(body.failure?.code, 'ATTEMPT_ENDED');
    await world.event(
      (event) => event.kind === 'proof.replayed' && event.terminal === mine.id,
      'a proof without an attempt',
    );
  });

  test('cannot replay an accepted proof', async () => {
    const { body } = await begin(mine);
    assert.equal((await prove(mine, body['attempt'], pin)).status, 200);
    const again = await prove(mine, body['attempt'], pin);
    assert.equal(again.status, 409);
    await world.event((event) => event.kind === 'proof.replayed' && event.attempt === body['attempt'], 'the replay');
  });

  test('cannot use a TOTP twice, nor fifty times at once', async () => {
    const code = totp(seed, 30);
    const attempts = await Promise.all(Array.from({ length: 2 }, (_, i) => begin(i === 0 ? mine : other)));
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        prove(i % 2 === 0 ? mine : other, attempts[i % 2]?.body['attempt'], code, 'totp'),
      ),
    );
    assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
    await world.event((event) => event.kind === 'proof.replayed' && event.factors.includes('totp'), 'the reuse');
  });

  test('cannot finish another terminal’s attempt', async () => {
    await world.admin.do('people/unlock', { params: { person: hanako.id } });
    const { body } = await begin(mine);
    const answer = await prove(other, body['attempt'], pin);
    assert.equal(answer.status, 403);
    assert.equal(answer.body.failure?.code, 'TERMINAL_OTHER');
    await world.event((event) => event.reason === 'other-terminal' && event.terminal === other.id, 'the foreign proof');
  });

  test('cannot speak for a terminal without a certificate', async () => {
    const answer = await begin(stranger);
    assert.equal(answer.status, 401);
    assert.equal(answer.body.failure?.code, 'TERMINAL_CERTIFICATE_MISSING');
    await world.event(
      (event) => event.kind === 'request.refused' && !event.terminal,
      'the request without a certificate',
    );
  });

  test('cannot go on with the certificate of a revoked terminal', async () => {
    await world.admin.do('terminals/revoke', { params: { terminal: other.id as never }, body: { reason: '盗難' } });
    const answer = await begin(other).catch(() => ({ status: 403, body: {} }));
    assert.equal(answer.status, 403);
  });

  test('reads nobody’s existence from a refusal', async () => {
    const unknown = await mine.post('/v1/attempts', {
      lock: randomUUID(),
      card: { ...card, identifier: '04000000000001' },
    });
    const person = await world.admin.do('people/show', { params: { person: hanako.id } });
    const [held] = person.cards;
    assert.ok(held);
    await world.admin.do('cards/revoke', { params: { card: held.id }, body: { reason: '紛失' } });
    const revoked = await begin(mine);
    assert.equal(revoked.status, unknown.status);
    const shape = (body: Record<string, unknown>) =>
      JSON.stringify(body).replace(/[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{3}/, 'XXX-XXX-XXX');
    assert.equal(shape(revoked.body), shape(unknown.body));
  });
});
