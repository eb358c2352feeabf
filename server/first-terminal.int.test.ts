import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Admission } from '#contract/api/terminals.ts';
import { announceFirstTerminal } from './first-terminal.ts';
import { createKeys, createRequest, startTestServer, type TestServer } from './testing.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const announce = (name: string) => announceFirstTerminal(server.database, server.now(), name);
const enrol = async (code: string) =>
  server.call(server.anyone, 'terminals/enrol', { body: { code, request: await createRequest(await createKeys()) } });

test('a code is made until it is used, each taking the place of the one before, and each is in the log', async () => {
  const first = await announce('desk');
  const second = await announce('desk');
  assert.ok(first !== null && second !== null);
  assert.notEqual(first.code, second.code);
  const events = await server.database.query(
    "select 1 from event where kind = 'terminal.announced' and person is null and detail->>'name' = 'desk'",
  );
  assert.equal(events.length, 2);
  assert.equal((await enrol(first.code)).code, 'ENROLMENT_REFUSED');
  const enrolled = await enrol(second.code);
  assert.equal(enrolled.status, 200);
  assert.equal((enrolled.body as Admission).name, 'desk');
  assert.equal(await announce('desk'), null);
});

test('what an admin has revoked is not announced again', async () => {
  const made = await announce('shut out');
  const { terminal } = (await enrol(made?.code ?? '')).body as Admission;
  const admin = await server.signIn(['admin']);
  await server.call(admin, 'terminals/revoke', { params: { terminal }, body: { reason: 'a test' } });
  assert.equal(await announce('shut out'), null);
});

test('two servers that start at once leave one code that works', async () => {
  const made = await Promise.all([announce('both'), announce('both')]);
  const states = [];
  for (const each of made) states.push((await enrol(each?.code ?? '')).status);
  assert.deepEqual(states.toSorted(), [200, 403]);
});
