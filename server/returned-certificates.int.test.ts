import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Admission } from '#contract/api/terminals.ts';
import { beginIncarnation } from './store/log-tree.ts';
import {
  createKeys,
  createRequest,
  exportKey,
  startTestServer,
  type TestSender,
  type TestServer,
  type TestTerminal,
} from './testing.ts';
import { eventsWhere } from './testing-login.ts';
import { makeAuthority, openAuthority } from './tls/authority.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server?.close());

const hour = 3_600_000;
const report = (from: TestSender) => server.call(from, 'terminals/report', { body: {} });
const letIn = 'REQUEST_INVALID';
const turnedAway = 'TERMINAL_CERTIFICATE_MISSING';

const renew = async (from: TestSender): Promise<TestSender> => {
  const keys = await createKeys();
  const renewed = await server.call(from, 'terminals/renew', { body: { request: await createRequest(keys) } });
  assert.equal(renewed.status, 200);
  const sender = server.sender({ key: await exportKey(keys), cert: (renewed.body as Admission).certificate });
  assert.equal((await report(sender)).code, letIn);
  return sender;
};

const columns =
  'certificate_serial, certificate_issued_at, certificate_expires_at, certificate_authority, certificate_key, previous_key';
/** Takes down what the database knows of a terminal's certificate; the returned function puts it back. */
const backUp = async ({ id }: TestTerminal): Promise<() => Promise<unknown>> => {
  const [row] = await server.database.query<Record<string, unknown>>(`select ${columns} from terminal where id = $1`, [
    id,
  ]);
  const names = columns.split(', ');
  return () =>
    server.database.query(
      `update terminal set ${names.map((name, place) => `${name} = $${place + 2}`).join()} where id = $1`,
      [id, ...names.map((name) => row?.[name])],
    );
};
let incarnations = 1;
const restored = (): Promise<void> => {
  incarnations += 1;
  const begun = { number: incarnations, id: randomUUID(), reason: 'restored', size: 0, given: 0 } as const;
  return beginIncarnation(server.database, server.now(), begun);
};
const returns = async ({ id }: TestTerminal): Promise<unknown[]> =>
  (await eventsWhere(server, 'terminal', id))
    .filter(({ reason }) => reason === 'newer-than-backup')
    .map(({ outcome }) => outcome);

describe('a server that was put back to an earlier state', () => {
  it('takes the later certificate that a terminal got meanwhile, once and with an event, and none of its earlier ones', async () => {
    const terminal = await server.enrol();
    server.advance(hour);
    const second = await renew(terminal);
    const putBack = await backUp(terminal);
    server.advance(hour);
    const third = await renew(second);
    server.advance(hour);
    await putBack();
    await restored();
    assert.equal((await report(third)).code, letIn);
    assert.deepEqual(await returns(terminal), ['serious']);
    assert.equal((await report(third)).code, letIn);
    assert.deepEqual(await returns(terminal), ['serious']);
    assert.equal((await report(terminal)).code, turnedAway);
    assert.equal((await report(second)).code, turnedAway);
    await renew(third);
  });

  it('takes no certificate that was issued after it was put back, and none while it was never put back', async () => {
    const terminal = await server.enrol();
    const putBack = await backUp(terminal);
    server.advance(hour);
    const second = await renew(terminal);
    server.advance(hour);
    await putBack();
    // The last restore was before this certificate was issued.
    assert.equal((await report(second)).code, turnedAway);
    assert.deepEqual(await returns(terminal), []);
  });

  it('takes none of a terminal that is revoked, and none of another authority', async () => {
    const [revoked, copied] = [await server.enrol(), await server.enrol()];
    const putBack = await backUp(revoked);
    server.advance(hour);
    const second = await renew(revoked);
    const stranger = openAuthority({ id: 1, ...(await makeAuthority(new Date())) });
    const keys = await createKeys();
    const forged = await stranger.issueClient(await createRequest(keys), copied.id, server.now());
    assert.ok(forged);
    server.advance(hour);
    await putBack();
    await restored();
    await server.database.query(`update terminal set state = 'revoked', revoked_at = now() where id = $1`, [
      revoked.id,
    ]);
    assert.equal((await report(second)).code, 'TERMINAL_REVOKED');
    const foreign = server.sender({ key: await exportKey(keys), cert: forged.certificate });
    assert.equal((await report(foreign)).code, turnedAway);
    assert.deepEqual([await returns(revoked), await returns(copied)], [[], []]);
  });
});
