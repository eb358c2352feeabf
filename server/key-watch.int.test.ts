import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { checkDatabase, rotateKey } from './key-commands.ts';
import { keyFileIn, readKeyRings, writeKeyRings } from './key-file.ts';
import { versionOf } from './key-ring.ts';
import { createKey } from './secrets.ts';
import { listHolders } from './store/key-holders.ts';
import { startTestServer, type TestServer, type TestTerminal } from './testing.ts';
import { openTestDatabase } from './testing-cluster.ts';
import { commandOn, rotateIn, watchKeys } from './testing-keys.ts';
import { logIn, makeClinician } from './testing-login.ts';

let server: TestServer;
let stop: () => Promise<void>;
let terminal: TestTerminal;
before(async () => {
  server = await startTestServer();
  stop = await watchKeys(server);
  terminal = await server.enrol();
});
after(async () => {
  await stop();
  await server.close();
});

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, 'it did not come to be in time');
    await new Promise(setImmediate);
  }
};

describe('a running server', () => {
  it('goes on with the keys that it has while the file is damaged or foreign, says so once, and takes it when it is whole', async () => {
    const person = await makeClinician(server);
    const whole = readFileSync(keyFileIn(server.folder), 'utf8');
    const rings = readKeyRings(server.folder);
    assert.ok(rings);
    const foreign = { ...rings, sealing: rings.sealing.map((key) => ({ ...key, key: createKey('sealing') })) };
    const complaints = () => server.logged().match(/the ones before stay in use/g)?.length ?? 0;
    const held = server.keys.version();
    writeFileSync(keyFileIn(server.folder), whole.slice(0, -10));
    await until(() => complaints() === 1);
    await logIn(server, terminal, person);
    // Another key under a number that is known, and one more, so that it is not taken for the same.
    writeKeyRings(server.folder, foreign);
    rotateIn(server.folder, 'grant');
    await until(() => complaints() === 2);
    assert.match(server.logged(), /another sealing key \(number 1\)/);
    assert.equal(server.keys.version(), held);
    await logIn(server, terminal, person);
    writeFileSync(keyFileIn(server.folder), whole);
    await rotateKey(commandOn(server), 'sealing');
    assert.notEqual(server.keys.version(), held);
    assert.equal(complaints(), 2);
    await logIn(server, terminal, person);
  });

  it('holds what became of the keys while it started, as soon as it is known to run', async () => {
    const another = await startTestServer({ beside: server });
    const rotated = rotateIn(server.folder, 'card-index', true);
    const stopAnother = await watchKeys(another);
    assert.equal(another.keys.version(), versionOf(rotated));
    await stopAnother();
    await another.close();
  });

  it('is known to run until it stops', async () => {
    const another = await startTestServer({ beside: server });
    const stopAnother = await watchKeys(another);
    assert.equal((await listHolders(server.database)).length, 2);
    await stopAnother();
    assert.equal((await listHolders(server.database)).length, 1);
    await another.close();
  });
});

describe('a command', () => {
  it('does nothing on a database that is not the one of its keys', async (t) => {
    const other = await openTestDatabase();
    t.after(other.close);
    const before = readFileSync(keyFileIn(server.folder), 'utf8');
    await assert.rejects(checkDatabase(commandOn({ ...server, database: other.database })), /knows no keys/);
    await assert.rejects(
      checkDatabase(commandOn({ ...server, folder: other.folder })),
      /there are no keys in .*; start the server once/,
    );
    assert.equal(readFileSync(keyFileIn(server.folder), 'utf8'), before);
  });
});
