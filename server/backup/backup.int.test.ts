import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { JournalRecord } from '#contract/audit.ts';
import type { TerminalId } from '#contract/ids.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { tryParseNoteKey } from '#core/audit/checkpoint.ts';
import { openServerKeys } from '../held-keys.ts';
import { readHeader, readPage } from '../log-tree/export.ts';
import { createSeenInMemory } from '../log-tree/seen.ts';
import { createSequencer } from '../log-tree/sequencer.ts';
import { verifyExport } from '../log-tree/verify.ts';
import { findNewest, listLogKeys } from '../store/log-tree.ts';
import { HalfRestored, refuseHalfRestored } from '../store/restoring.ts';
import { issueRevocation } from '../store/revocations.ts';
import { startTestServer, type TestServer } from '../testing.ts';
import { openTestDatabase, type TestDatabase } from '../testing-cluster.ts';
import { storeRecords } from '../testing-journal.ts';
import { logIn, makeClinician } from '../testing-login.ts';
import { dump } from './dump.ts';
import { type BackupHead, DamagedBackup, readBackup } from './form.ts';
import { giveUpRestore, RestoreProblem, restore } from './load.ts';
import { makeIdentity, openLines, recipientOf, writeSealed } from './sealed-file.ts';

let server: TestServer;
let target: TestDatabase;
let folder: string;
let identity: string;
let path: string;
let head: BackupHead;
let revoked: number;
/** What the server had when the last backup was made. */
let held: Record<string, string>;
let terminal: TerminalId;
/** What a terminal has written, half of it before the backup. */
const journal: JournalRecord[] = [];
for (let sequence = 1; sequence <= 6; sequence += 1)
  journal.push(
    sealRecord({
      epoch: '6f1c2a8e-4f1d-4c3b-9a57-0d8f2b6e1c33',
      sequence,
      previous: journal.at(-1)?.hash ?? firstPrevious,
      at: '2026-11-29T06:00:00.000Z',
      facts: { kind: 'link.lost', outcome: 'minor', factors: [], reason: 'unreachable', detail: { sequence } },
    }),
  );
before(async () => {
  server = await startTestServer();
  target = await openTestDatabase();
  folder = join(server.folder, 'backups');
  await mkdir(folder);
  identity = await makeIdentity();
  const ward = await server.enrol('ward');
  terminal = ward.id;
  const clinician = await makeClinician(server, { totp: false });
  await logIn(server, ward, clinician);
  await server.database.transaction((tx) => storeRecords(tx, server.now(), terminal, journal.slice(0, 3)));
  revoked = await server.database.transaction((tx) =>
    issueRevocation(tx, server.now(), {
      what: 'card',
      subject: crypto.randomUUID(),
      person: clinician.person.id,
      reason: 'lost',
      by: null,
    }),
  );
  await server.app.settled();
  await server.app.placed();
  path = (await back()).path;
});
after(async () => {
  await target.close();
  await server.close();
});

const readRecords = (database: TestDatabase['database']) =>
  database.query(
    'select epoch, sequence, previous, hash, kind, detail from event where epoch is not null order by sequence',
  );
const countRecords = async (database: TestDatabase['database']): Promise<number> =>
  (await readRecords(database)).length;

const back = async (keep = 3) =>
  writeSealed(dump(server.connectionString, new Date()), {
    folder,
    recipient: await recipientOf(identity),
    keep,
    at: new Date(),
  });
const nothing = async (): Promise<void> => undefined;
const readWhole = (from: string, by = identity) => readBackup(openLines(from, by), { head: nothing, rows: nothing });
const sum = async (database: TestDatabase['database']): Promise<Record<string, string>> => {
  const tables = [
    'person',
    'card',
    'credential',
    'terminal',
    'session',
    'revocation',
    'key_mark',
    'log_tile',
    'log_leaf',
  ];
  const sums: Record<string, string> = {};
  for (const table of tables) {
    const [row] = await database.query<{ sum: string }>(
      `select count(*) || ' ' || coalesce(sum(hashtextextended((to_jsonb(t) - '{connected_at,connected_to}'::text[])::text, 0)), 0) as sum from ${table} t`,
    );
    sums[table] = row?.sum ?? '';
  }
  return sums;
};

describe('a backup', () => {
  it('is opened by its key alone, and holds every table', async () => {
    const whole = await readWhole(path);
    head = whole.head;
    assert.ok(whole.rows > 20 && whole.tables > 20);
    const bytes = await readFile(path);
    assert.match(bytes.subarray(0, 30).toString('latin1'), /^age-encryption.org\/v1/);
    assert.ok(!bytes.includes('person'));
    await assert.rejects(readWhole(path, await makeIdentity()), DamagedBackup);
  });

  it('that was cut or changed anywhere is refused as a whole', async () => {
    const bytes = await readFile(path);
    const damaged = join(folder, 'damaged');
    for (const share of [0, 0.3, 0.9, 0.999]) {
      await writeFile(damaged, bytes.subarray(0, Math.floor(bytes.length * share)));
      await assert.rejects(readWhole(damaged), DamagedBackup, `cut at ${share}`);
      const changed = Buffer.from(bytes);
      const at = Math.floor((bytes.length - 1) * share);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      await writeFile(damaged, changed);
      await assert.rejects(readWhole(damaged), DamagedBackup, `changed at ${share}`);
    }
  });

  it('takes the place of the oldest one beyond those that are kept, and leaves nothing unfinished behind', async () => {
    for (let round = 0; round < 4; round += 1) path = (await back()).path;
    const files = (await readdir(folder)).filter((name) => name !== 'damaged');
    assert.equal(files.length, 3);
    assert.ok(files.every((name) => name.endsWith('.age')));
    const broken = (async function* () {
      yield '{"kazasu":"backup"}\n';
    })();
    const recipient = await recipientOf(identity);
    await assert.rejects(writeSealed(broken, { folder, recipient, keep: 1, at: new Date() }), DamagedBackup);
    assert.equal((await readdir(folder)).filter((name) => name.endsWith('.age')).length, 3);
    const own = join(server.folder, 'backups-early');
    await mkdir(own);
    const write = (keep: number, at: string) =>
      writeSealed(dump(server.connectionString, new Date()), { folder: own, recipient, keep, at: new Date(at) });
    const usual = await write(1, '2026-11-29T06:00:00.000Z');
    assert.equal(usual.before, undefined);
    const early = await write(1, '2020-01-01T00:00:00.000Z');
    assert.deepEqual(await readdir(own), [basename(early.path)], 'one of a clock that is behind is not the one to go');
    const next = await write(2, '2019-12-31T00:00:00.000Z');
    assert.equal(next.before, basename(early.path));
    assert.equal((await readdir(own)).length, 2);
    head = (await readWhole(path)).head;
    held = await sum(server.database);
    // What happens after the backup, and is lost with the database.
    await server.database.transaction((tx) => storeRecords(tx, server.now(), terminal, journal.slice(3)));
  });
});

describe('a restore', () => {
  const put = (replace = false) =>
    restore(target.connectionString, () => openLines(path, identity), {
      head,
      now: new Date(),
      by: 'operator',
      replace,
    });

  it('is refused under a server that runs', async () => {
    await target.database.query(
      `insert into key_holder (id, host, started_at, seen_at, version) values (gen_random_uuid(), 'h', now(), now(), 'v')`,
    );
    await assert.rejects(put(true), RestoreProblem);
    await target.database.query('delete from key_holder');
  });

  it('brings everything back, as another incarnation whose log goes on from the one before', async () => {
    const { incarnation } = await put();
    assert.notEqual(incarnation, head.incarnation);
    assert.deepEqual(await sum(target.database), held);
    await writeFile(join(target.folder, 'keys.json'), await readFile(join(server.folder, 'keys.json')), {
      mode: 0o600,
    });
    const keys = await openServerKeys(target.database, target.folder, new Date());
    const { background } = target.database;
    const sequencer = createSequencer({
      background,
      rings: keys.rings,
      now: () => new Date(),
      log: server.log,
      seen: createSeenInMemory(),
    });
    await sequencer.run();
    assert.equal(sequencer.halted(), null);
    const [text, known] = await target.database.transaction(async (tx) => {
      const newest = (await findNewest(tx)) ?? assert.fail();
      assert.match(newest.note, new RegExp(incarnation));
      const first = (await listLogKeys(tx))[0]?.key ?? '';
      return [`${await readHeader(tx, 0, newest.size)}${await readPage(tx, 0, newest.size)}`, first] as const;
    });
    const read = async function* () {
      yield Buffer.from(text);
    };
    // Who believes the key of the server before believes this one too.
    const believed = [tryParseNoteKey(known) ?? assert.fail()];
    const verdict = await verifyExport(read(), { believed, witnessed: [] });
    assert.ok(verdict.ok, JSON.stringify(verdict));
    const [said] = await target.database.query(`select 1 from event where kind = 'server.restored'`);
    assert.ok(said);
  });

  it('takes what terminals have kept: what the backup holds is stored once, and what it lacks is stored too', async () => {
    assert.equal(await countRecords(server.database), 6);
    assert.equal(await countRecords(target.database), 3);
    await target.database.transaction((tx) => storeRecords(tx, new Date(), terminal, journal));
    assert.deepEqual(await readRecords(target.database), await readRecords(server.database));
  });

  const issue = ({ database }: TestDatabase): Promise<number> =>
    database.transaction((tx) =>
      issueRevocation(tx, new Date(), {
        what: 'terminal',
        subject: crypto.randomUUID(),
        person: null,
        reason: 'gone',
        by: null,
      }),
    );
  let numbered: number;
  it('numbers revocations beyond all that terminals may have seen', async () => {
    numbered = await issue(target);
    assert.ok(numbered > revoked + 100_000);
  });

  it('gives up what is there only for whoever says so', async () => {
    await assert.rejects(put(), RestoreProblem);
    await put(true);
  });

  it('of the same backup, or of one that was made after a restore, numbers none as the one before did', async (t) => {
    const again = await issue(target);
    assert.ok(again > numbered + 100_000, `${again} after ${numbered}`);
    await put(true);
    const own = join(server.folder, 'backups-after');
    await mkdir(own);
    const recipient = await recipientOf(identity);
    const made = await writeSealed(dump(target.connectionString, new Date()), {
      folder: own,
      recipient,
      keep: 1,
      at: new Date(),
    });
    const last = await issue(target);
    const other = await openTestDatabase();
    t.after(() => other.close());
    await restore(other.connectionString, () => openLines(made.path, identity), {
      head: (await readWhole(made.path)).head,
      now: new Date(),
      by: 'operator',
    });
    const next = await issue(other);
    assert.ok(next > last + 100_000, `${next} after ${last}`);
  });

  it('leaves what was there when the backup is damaged or the restore is cut short', async () => {
    const before = await sum(target.database);
    const cut = async function* () {
      let left = 40;
      for await (const line of openLines(path, identity)) if (left-- > 0) yield line;
    };
    const facts = { head, now: new Date(), by: 'operator', replace: true };
    await assert.rejects(restore(target.connectionString, cut, facts), DamagedBackup);
    assert.deepEqual(await sum(target.database), before);
  });

  it('that is killed leaves nothing that is served or backed up; one goes back, or restores again', async () => {
    const before = await sum(target.database);
    const killed = async (): Promise<void> => {
      const dying = async function* () {
        let left = 40;
        for await (const line of openLines(path, identity)) {
          if (left-- === 0)
            await target.database.query(
              `select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and application_name = 'kazasu restore'`,
            );
          yield line;
        }
      };
      const facts = { head, now: new Date(), by: 'operator', replace: true };
      await assert.rejects(restore(target.connectionString, dying, facts));
    };
    const readAll = async (): Promise<void> => {
      for await (const _ of dump(target.connectionString, new Date()));
    };
    await killed();
    await assert.rejects(refuseHalfRestored(target.connectionString), HalfRestored);
    await assert.rejects(readAll(), HalfRestored);
    await giveUpRestore(target.connectionString);
    assert.deepEqual(await sum(target.database), before);
    await refuseHalfRestored(target.connectionString);
    await assert.rejects(giveUpRestore(target.connectionString), RestoreProblem);

    await killed();
    await assert.rejects(put(), RestoreProblem, 'the next one begins from what was there');
    assert.deepEqual(await sum(target.database), before);
    await killed();
    await target.database.query('create schema given_up');
    await put(true);
    const left = await target.database.query(
      `select 1 from pg_namespace where nspname in ('before_restore', 'given_up')`,
    );
    assert.deepEqual(left, []);
    await refuseHalfRestored(target.connectionString);
  });
});
