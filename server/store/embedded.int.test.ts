import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { startEmbedded } from './embedded.ts';

const folder = mkdtempSync(join(tmpdir(), 'kazasu-cluster-'));
chmodSync(folder, 0o711);
after(() => rmSync(folder, { recursive: true, force: true }));

const listMade = (data: string): string[] => {
  try {
    return readdirSync(join(data, 'postgres')).filter((name) => name.startsWith('cluster'));
  } catch {
    return [];
  }
};

/** Starts a database in a process of its own and kills that as soon as its cluster is being made. */
const startAndKill = async (data: string): Promise<void> => {
  const work = `import { startEmbedded } from '${new URL('embedded.ts', import.meta.url)}'; await startEmbedded('${data}');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', work], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  for (const limit = Date.now() + 20_000; listMade(data).length === 0 && Date.now() < limit; ) await wait(2);
  child.kill('SIGKILL');
  await ended;
};

const works = async (data: string, hasSocket = true): Promise<void> => {
  const embedded = await startEmbedded(data);
  for (const [connectionString, isLocal] of [
    [embedded.connectionString, false],
    [embedded.nearest, hasSocket],
  ] as const) {
    const client = new pg.Client({ connectionString });
    await client.connect();
    assert.deepEqual((await client.query('select inet_server_addr() is null as local')).rows, [{ local: isLocal }]);
    await client.end();
  }
  await embedded.stop();
};

test('goes on after a power cut that left the password’s file empty, before there was a database', async () => {
  const data = join(folder, 'torn');
  mkdirSync(data, { mode: 0o711 });
  writeFileSync(join(data, 'postgres.password'), '', { mode: 0o600 });
  await works(data);
  assert.match(readFileSync(join(data, 'postgres.password'), 'utf8'), /^[\w-]{32}\n$/);
});

for (const [name, hasSocket] of [
  ['東棟 1階 (a+b) 100%', true],
  ['a,b', false],
  ['long-'.repeat(30), false],
] as const)
  test(`works in a folder called ${name}, ${hasSocket ? 'over a socket' : 'without a socket'}`, async () => {
    const data = join(folder, name);
    mkdirSync(data, { mode: 0o711 });
    await works(data, hasSocket);
  });

for (const pause of [0, 60, 150, 300]) {
  test(`goes on at once ${pause} ms after a first start was killed, whose initdb still runs`, async () => {
    const data = join(folder, `after-${pause}`);
    mkdirSync(data, { mode: 0o711 });
    await startAndKill(data);
    await wait(pause);
    await works(data);
    // It knew that what the killed start had begun was nobody's, and left nothing of its own.
    assert.deepEqual(listMade(data).slice(0, 1), ['cluster']);
  });
}
