import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { usualHashCost } from '../secrets.ts';
import { startTestServer, type TestServer, type TestTerminal } from '../testing.ts';
import { eventsWhere, goodPin, makeClinician, mustBegin, prove, ticketOf } from '../testing-login.ts';

let server: TestServer;
let terminal: TestTerminal;
before(async () => {
  server = await startTestServer({ hashCost: usualHashCost });
  terminal = await server.enrol();
});
after(() => server.close());

describe('a second factor', () => {
  it('needs a body of its own shape', async () => {
    const clinician = await makeClinician(server);
    const { attempt } = await mustBegin(server, terminal, clinician.evidence);
    const bodies = [
      '',
      'null',
      '[]',
      '{}',
      '7',
      '"x"',
      '{"ticket":"x","factor":"pin"}',
      '{"factor":"pin","secret":"1"}',
      '{"ticket":"","factor":"pin","secret":"1"}',
      '{"ticket":"x","factor":"grace","secret":"1"}',
      '{"factor":"pin"}',
      '{"factor":"pin","secret":""}',
      '{"factor":"pin","secret":null}',
      '{"factor":"pin","secret":["1"]}',
      '{"factor":"password","secret":"x"}',
      '{"factor":"pin","secret":"1","person":"x"}',
      '{"__proto__":{"factor":"pin"},"secret":"1"}',
      `{"factor":"pin","secret":"${'1'.repeat(65)}"}`,
    ];
    // Everything about these is right but their shape: ticket, factor and PIN are.
    const ticket = ticketOf(attempt);
    const right = { ticket, factor: 'pin', secret: goodPin };
    const almost: object[] = [
      { ticket, secret: goodPin },
      { ticket, factor: 'pin' },
      { factor: 'pin', secret: goodPin },
      ...[null, Number(goodPin), [goodPin], { value: goodPin }, true, ''].map((secret) => ({ ...right, secret })),
      ...[null, 0, ['pin'], { pin: true }, 'PIN', 'card', ''].map((factor) => ({ ...right, factor })),
      ...[null, [ticket], {}, 1].map((given) => ({ ...right, ticket: given })),
      ...[null, '', 1, [], 'short'].map((idempotencyKey) => ({ ...right, idempotencyKey })),
      { ...right, factor: 'grace' },
      { ...right, accepted: true },
      [right],
      { body: right },
    ];
    const path = `/v1/attempts/${attempt}/proofs`;
    const send = async (body: string | undefined, type?: string): Promise<number> => {
      const headers = type === undefined ? {} : { 'content-type': type };
      const answer = await server.send(terminal, path, { method: 'POST', body, headers });
      await answer.body?.cancel();
      return answer.status;
    };
    for (const body of [...bodies, ...almost.map((one) => JSON.stringify(one))])
      assert.equal(await send(body, 'application/json'), 400, body);
    assert.equal(await send(undefined), 400, 'no body at all');
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])
      assert.ok([400, 415].includes(await send(JSON.stringify(right), type)), type);
    const [counted] = await server.database.query<{ failures: number }>(
      `select failures from credential where person = $1 and kind = 'pin'`,
      [clinician.person.id],
    );
    assert.equal(counted?.failures, 0, 'nothing was looked at');
    const kinds = (await eventsWhere(server, 'attempt', attempt)).map(({ kind }) => kind);
    assert.ok(!kinds.includes('session.began'));
    assert.equal((await prove(server, terminal, attempt, 'pin', goodPin)).status, 200, 'only its own shape is taken');
  });
});
