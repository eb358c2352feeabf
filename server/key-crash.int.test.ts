import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { KeyPurpose } from '#contract/api/keys.ts';
import { openServerKeys } from './held-keys.ts';
import { type KeyCommandDeps, retireKey, rotateKey } from './key-commands.ts';
import { readKeyRings } from './key-file.ts';
import { inOrder, type KeyRings, ringFor } from './key-ring.ts';
import type { Database, Transaction } from './store/database.ts';
import { noteRetired } from './store/key-marks.ts';
import { openTestDatabase, type TestDatabase } from './testing-cluster.ts';
import { rotateIn } from './testing-keys.ts';

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
    copy: (...copy) => cut(() => tx.copy(...copy)),
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
/** Keys in use in a folder that its database has given up. */
const listUsedAndRetired = async (folder: string): Promise<string[]> => {
  const rings = readKeyRings(folder) as KeyRings;
  const marks = await given.database.query<{ purpose: KeyPurpose; key: number }>(
    'select purpose, key from key_mark where retired_at is not null',
  );
  return marks
    .filter(({ purpose, key }) => inOrder(ringFor(rings, purpose))[0].id === key)
    .map(({ purpose, key }) => `${purpose} ${key}`);
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

test('a key that waits is retired whole or put in use whole, at whichever statement its retirement is killed', async () => {
  const purpose = 'pin-pepper';
  const used = new Set<number>();
  for (let statements = 0, going = true; going; statements += 1) {
    assert.ok(statements < 80, 'it never ends');
    const folder = await begin(`waits-${statements}`);
    rotateIn(folder, purpose, true);
    await openServerKeys(given.database, folder, new Date());
    const killed = retireKey(depsOn(folder, killedAfter(given.database, statements)), purpose, 2);
    going = await killed.then(
      () => false,
      (problem) => problem instanceof Killed,
    );
    await openServerKeys(given.database, folder, new Date());
    await rotateKey(depsOn(folder, given.database), purpose);
    const ring = ringFor(readKeyRings(folder) as KeyRings, purpose);
    assert.equal(ring.length, 2, `killed at statement ${statements}`);
    assert.deepEqual(await listUsedAndRetired(folder), [], `killed at statement ${statements}`);
    used.add(inOrder(ring)[0].id);
  }
  assert.deepEqual([...used], [2, 3], 'it was killed before it counted and after');
});

test('a retirement that was killed after it let go of what hung on the key is finished by the same command', async () => {
  const folder = await begin('let-go');
  rotateIn(folder, 'pin-pepper');
  await openServerKeys(given.database, folder, new Date());
  await given.database.transaction((tx) =>
    noteRetired(tx, new Date(), { purpose: 'pin-pepper', key: 1, letGo: 5, by: 'operator' }),
  );
  await retireKey(depsOn(folder, given.database), 'pin-pepper', 1, 5);
  assert.deepEqual(
    ringFor(readKeyRings(folder) as KeyRings, 'pin-pepper').map(({ id }) => id),
    [2],
  );
});

test('a key that is put in use while it is being retired stays', async () => {
  const { database } = given;
  const folder = await begin('overtaken');
  rotateIn(folder, 'pin-pepper', true);
  await openServerKeys(database, folder, new Date());
  let overtaken = false;
  const slow: Database = {
    ...database,
    transaction: async (work) => {
      if (!overtaken) {
        overtaken = true;
        await rotateKey(depsOn(folder, database), 'pin-pepper');
      }
      return database.transaction(work);
    },
  };
  await assert.rejects(retireKey(depsOn(folder, slow), 'pin-pepper', 2), /is in use/);
  assert.equal(inOrder(ringFor(readKeyRings(folder) as KeyRings, 'pin-pepper'))[0].id, 2);
  assert.deepEqual(await listUsedAndRetired(folder), []);
});

test('a key that is retired while it waits to be put in use is not put in use', async () => {
  const { database } = given;
  const folder = await begin('withdrawn');
  let overtaken = false;
  const slow: Database = {
    ...database,
    query: async (...query) => {
      const [ring] = [ringFor(readKeyRings(folder) as KeyRings, 'sealing')];
      if (!overtaken && ring.some(({ waits }) => waits === true)) {
        overtaken = true;
        await retireKey(depsOn(folder, database), 'sealing', 2);
      }
      return database.query(...query);
    },
  };
  await assert.rejects(rotateKey(depsOn(folder, slow), 'sealing'), /was retired meanwhile/);
  assert.ok(overtaken);
  await rotateKey(depsOn(folder, database), 'sealing');
  assert.deepEqual(
    ringFor(readKeyRings(folder) as KeyRings, 'sealing').map(({ id }) => id),
    [1, 3],
  );
});

test('two commands at once make one key, and two for different purposes lose neither', async () => {
  const { database } = given;
  const folder = await begin('at-once');
  const [newest] = await database.query<{ seq: number }>('select coalesce(max(seq), 0) as seq from event');
  const purposes = ['pin-pepper', 'pin-pepper', 'pin-pepper', 'sealing', 'card-index'] as const;
  // Nobody ends before all have begun: a process that does not answer holds them up.
  await database.query(
    `insert into key_holder (id, host, started_at, seen_at, version)
     values (gen_random_uuid(), 'stuck', now(), now() + interval '1 hour', 'old')`,
  );
  const begun = Promise.all(purposes.map((purpose) => rotateKey(depsOn(folder, database), purpose)));
  begun.catch(() => undefined);
  const waiting = () =>
    Object.values(readKeyRings(folder) as KeyRings).flatMap((ring) => (ring ?? []).filter(({ waits }) => waits)).length;
  const deadline = Date.now() + 8000;
  while (waiting() < 3) {
    assert.ok(Date.now() < deadline, 'they did not begin');
    await database.query('select 1');
  }
  await database.query(`delete from key_holder where host = 'stuck'`);
  await begun;
  const rings = readKeyRings(folder) as KeyRings;
  for (const purpose of new Set(purposes)) {
    assert.deepEqual(
      rings[purpose].map(({ id, waits }) => [id, waits]),
      [
        [1, undefined],
        [2, undefined],
      ],
      purpose,
    );
  }
  const events = await database.query<{ kind: string; reason: string }>(
    `select kind, reason from event where kind like 'key.%' and seq > $1`,
    [newest?.seq],
  );
  const said = events.map(({ kind, reason }) => `${kind} ${reason}`);
  assert.equal(new Set(said).size, 6);
  assert.equal(said.length, 6, 'each step once');
});
