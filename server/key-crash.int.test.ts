import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { KeyPurpose } from '#contract/api/keys.ts';
import { openServerKeys } from './held-keys.ts';
import { type KeyCommandDeps, retireKey, rotateKey } from './key-commands.ts';
import { readKeyRings } from './key-file.ts';
import { inOrder, type KeyRings, ringFor } from './key-ring.ts';
import type { Database, Transaction } from './store/database.ts';
import { openTestDatabase, type TestDatabase } from './testing.ts';

let given: TestDatabase;
before(async () => {
  given = await openTestDatabase();
});
after(() => given.close());

/** Killed here: nothing that comes later is done. */
class Killed extends Error {}

/** A database whose so-many-th statement is never sent, whoever asks for it. */
const killedAfter = (database: Database, statements: number): Database => {
  let left = statements;
  const cut = <Value>(send: () => Promise<Value>): Promise<Value> => {
    if (left === 0) return Promise.reject(new Killed());
    left -= 1;
    return send();
  };
  const within = (tx: Transaction): Transaction => ({
    query: (...query) => cut(() => tx.query(...query)),
    notify: (...notice) => cut(() => tx.notify(...notice)),
  });
  return {
    ...database,
    ...within(database),
    transaction: (work) =>
      database.transaction(async (tx) => {
        const done = await work(within(tx));
        // The commit is one of them.
        await cut(async () => undefined);
        return done;
      }),
  };
};

/** A data folder of its own on a database that has forgotten the one before. */
const begin = async (name: string): Promise<string> => {
  const folder = join(given.folder, name);
  await given.database.query('delete from key_mark');
  await openServerKeys(given.database, folder, new Date());
  return folder;
};
let hours = 0;
/** Each command an hour after the one before: nothing is on its way any more. */
const depsOn = (dataFolder: string, database: Database): KeyCommandDeps => {
  hours += 1;
  const at = new Date(Date.now() + hours * 3_600_000);
  return { dataFolder, database, now: () => at, say: () => undefined, by: 'operator', patience: 10_000 };
};
/** Kills the command at this statement and gives it again. False when it ended before. */
const killOnce = async (
  folder: string,
  statements: number,
  command: (deps: KeyCommandDeps) => Promise<void>,
): Promise<boolean> => {
  const { database } = given;
  try {
    await command(depsOn(folder, killedAfter(database, statements)));
    return false;
  } catch (problem) {
    if (!(problem instanceof Killed)) throw problem;
  }
  // The server starts with what was left.
  await openServerKeys(database, folder, new Date());
  await command(depsOn(folder, database)).catch((problem: Error) => {
    // It was killed in its very last step.
    if (!/^there is no /.test(problem.message)) throw problem;
  });
  return true;
};

for (const purpose of ['pin-pepper', 'grant', 'ca'] as const satisfies KeyPurpose[]) {
  test(`a ${purpose} key is rotated and retired whole, at whichever statement the command is killed`, async () => {
    const seqOf = async () =>
      (await given.database.query<{ seq: number }>('select coalesce(max(seq), 0) as seq from event'))[0]?.seq;
    let killed = 0;
    for (let statements = 0, going = true; going; statements += 1) {
      assert.ok(statements < 80, 'it never ends');
      const folder = await begin(`${purpose}-${statements}`);
      const seq = await seqOf();
      const rotating = await killOnce(folder, statements, (deps) => rotateKey(deps, purpose));
      const ring = () => ringFor(readKeyRings(folder) as KeyRings, purpose);
      assert.deepEqual([ring().length, inOrder(ring())[0].id], [2, 2], `killed at statement ${statements}`);
      const retiring = await killOnce(folder, statements, (deps) => retireKey(deps, purpose, 1));
      assert.deepEqual(
        ring().map(({ id }) => id),
        [2],
        `killed at statement ${statements}`,
      );
      const events = await given.database.query<{ kind: string; key: number }>(
        `select kind, (detail->>'key')::int as key from event where kind like 'key.%' and seq > $1 order by seq`,
        [seq],
      );
      assert.deepEqual(
        events,
        [
          { kind: 'key.made', key: 2 },
          { kind: 'key.put-in-use', key: 2 },
          { kind: 'key.retired', key: 1 },
        ],
        `killed at statement ${statements}`,
      );
      killed += Number(rotating) + Number(retiring);
      going = rotating || retiring;
    }
    assert.ok(killed > 20, `it was killed ${killed} times`);
  });
}
