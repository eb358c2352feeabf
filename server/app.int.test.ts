import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer } from './testing.ts';
import { openStream } from './testing-stream.ts';

test('a server that stops answers what it was asked, ends its streams and forgets who was connected', async (t) => {
  const server = await startTestServer();
  t.after(server.close);
  const terminal = await server.enrol();
  const stream = await openStream(server, terminal, '/v1/terminals/stream?after=0&clock=0');
  await stream.next<{ kind: string }>(({ kind }) => kind === 'hello');

  let arrived = (): void => undefined;
  let goOn = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const { query } = server.database;
  t.mock.method(server.database, 'query', async (text: string, values?: readonly unknown[]) => {
    if (text !== 'select 1') return query(text, values);
    arrived();
    await held;
    return [];
  });
  const answering = server.call(server.anyone, 'server/health');
  await asked;
  const closing = server.app.close();
  await stream.ended;
  goOn();
  assert.equal((await answering).status, 200);
  await closing;
  const [row] = await query<{ connected_at: Date | null }>('select connected_at from terminal where id = $1', [
    terminal.id,
  ]);
  assert.equal(row?.connected_at, null);
});
