import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../world.ts';
import { startGuard } from './ward.ts';

test('a guard that will be killed has kept what it compiled, and so has its reader', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kz-compiled-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const compiled = join(folder, 'compiled');
  const guard = await startGuard('guard', join(folder, 'guard.log'), {
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
    PCSCLITE_CSOCK_NAME: join(folder, 'none'),
    KAZASU_DATA: join(folder, 'guard'),
    KAZASU_SERVER: 'https://localhost:1',
    KAZASU_AUTHORITY: join(folder, 'none'),
    KAZASU_GUARD_SOCKET: join(folder, 'guard.sock'),
    NODE_COMPILE_CACHE: compiled,
  });
  t.after(guard.stop);
  const count = () =>
    readdirSync(compiled, { recursive: true, withFileTypes: true }).filter((each) => each.isFile()).length;
  // Both are many modules; whichever is first, the other adds its own.
  const first = await until('one of them has kept it', count);
  await until('the other one has, too', () => count() > first);
  const pid = guard.pid();
  guard.kill('SIGKILL');
  await until('another guard', () => guard.pid() !== undefined && guard.pid() !== pid);
  assert.ok(count() > first);
});
