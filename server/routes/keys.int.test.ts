import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KeysShown } from '#contract/api/keys.ts';
import { rotateKey } from '../key-commands.ts';
import { readKeyRings } from '../key-file.ts';
import { startTestServer, type TestServer } from '../testing.ts';
import { commandOn, watchKeys } from '../testing-keys.ts';
import { makeClinician } from '../testing-login.ts';

let server: TestServer;
let stop: () => Promise<void>;
before(async () => {
  server = await startTestServer();
  stop = await watchKeys(server);
});
after(async () => {
  await stop();
  await server.close();
});

const show = async (): Promise<KeysShown> => {
  const answered = await server.call(await server.signIn(['operator']), 'keys/show');
  assert.equal(answered.status, 200);
  return answered.body as KeysShown;
};

describe('what is shown of keys and certificates', () => {
  it('is every key with its age and what hangs on it, the authority, and the certificate of the server', async () => {
    await makeClinician(server);
    const before = await show();
    assert.deepEqual(
      before.keys.map(({ purpose, id, state, hanging }) => `${purpose} ${id} ${state} ${hanging}`),
      [
        'card-index 1 in-use 1',
        'pin-pepper 1 in-use 1',
        'sealing 1 in-use 1',
        'grant 1 in-use 0',
        'log 1 in-use 0',
        'ca 1 in-use 0',
      ],
    );
    await rotateKey(commandOn(server), 'card-index');
    const { keys, authorities, server: own, processes } = await show();
    assert.deepEqual(
      keys.filter(({ purpose }) => purpose === 'card-index').map(({ id, state, hanging }) => [id, state, hanging]),
      [
        [1, 'old', 1],
        [2, 'in-use', 0],
      ],
    );
    assert.ok(keys.every(({ madeAt }) => madeAt !== null));
    assert.equal(authorities.length, 1);
    assert.match(authorities[0]?.name ?? '', /^Kazasu authority [0-9a-f]{8}$/);
    assert.match(authorities[0]?.fingerprint ?? '', /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.deepEqual(own.names, ['localhost', '127.0.0.1', '0:0:0:0:0:0:0:1']);
    assert.ok(Date.parse(own.endsAt) > Date.now() + 80 * 24 * 3_600_000);
    assert.deepEqual(
      processes.map(({ holdsNewest }) => holdsNewest),
      [true],
    );
  });

  it('is how many certificates of terminals end when, without those that were revoked', async () => {
    const ended = ['-1 hour', '5 hours', '2 days', '6 days'];
    for (const end of ended) {
      const { id } = await server.enrol();
      await server.database.query(
        `update terminal set certificate_expires_at = $2::timestamptz + $3::interval where id = $1`,
        [id, server.now(), end],
      );
    }
    const { id } = await server.enrol();
    await server.database.query(`update terminal set state = 'revoked' where id = $1`, [id]);
    const { terminals, keys } = await show();
    assert.deepEqual(terminals, { ended: 1, withinDay: 1, withinThreeDays: 1, later: 1, unaware: 0 });
    assert.equal(keys.find(({ purpose }) => purpose === 'ca')?.hanging, 4);
  });

  it('is no key', async () => {
    const text = JSON.stringify(await show());
    assert.doesNotMatch(text, /BEGIN|PRIVATE/);
    for (const ring of Object.values(readKeyRings(server.folder) ?? {})) {
      for (const { key } of ring ?? []) assert.ok(!text.includes(key.slice(0, 20)));
    }
  });
});
