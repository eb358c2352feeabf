import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '#contract/api/index.ts';
import { tryFromBase64 } from '#core/audit/base64.ts';
import {
  type Checkpoint,
  findSigner,
  tryParseCheckpoint,
  tryParseNote,
  tryParseNoteKey,
} from '#core/audit/checkpoint.ts';
import { isConsistent, isIncluded, treeHashes } from '#core/audit/merkle.ts';
import type { ExportVerifierDeps, Verdict } from '#core/audit/verify-export.ts';
import { judge, type Witnessed } from '#core/audit/witness.ts';
import { rotateKey } from '../key-commands.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { tryLead } from '../store/log-tree.ts';
import { startTestServer, type TestConsole, type TestServer } from '../testing.ts';
import { commandOn, watchKeys } from '../testing-keys.ts';
import { checkEd25519 } from './hashes.ts';
import { createSeenInMemory, type Seen, type SeenKeeper } from './seen.ts';
import { createSequencer, type Sequencer, type SequencerDeps } from './sequencer.ts';
import { verifyExport } from './verify.ts';

let server: TestServer;
let auditor: TestConsole;
let stop: () => Promise<void>;
before(async () => {
  server = await startTestServer();
  stop = await watchKeys(server);
  auditor = await server.signIn(['auditor']);
});
after(async () => {
  await stop();
  await server.close();
});

const ask = async <Name extends 'log/show' | 'log/prove-event' | 'log/prove-growth' | 'log/export'>(
  name: Name,
  input: Parameters<TestServer['call']>[2] = {},
): Promise<Answer<Name>> => {
  const answered = await server.call(auditor, name, input);
  assert.equal(answered.status, 200, JSON.stringify(answered.body));
  return answered.body as Answer<Name>;
};
const write = (reason: string) =>
  server.database.transaction((tx) =>
    record(tx, server.now(), {
      kind: 'guard.started',
      outcome: 'success',
      reason,
      detail: { text: 'かざす\n"\\\u0007\u202e' },
    }),
  );
const writeMany = async (count: number): Promise<void> => {
  await server.database.query(
    `insert into event (id, at, kind, outcome, detail)
     select gen_random_uuid(), now(), 'guard.started', 'success', jsonb_build_object('number', i) from generate_series(1, $1) i`,
    [count],
  );
};
const checkpointIn = (note: string | null): Checkpoint =>
  tryParseCheckpoint(tryParseNote(note ?? '')?.text ?? '') ?? assert.fail('no checkpoint');
const newest = async (): Promise<Checkpoint> => {
  await server.app.placed();
  return checkpointIn((await ask('log/show')).checkpoint);
};
const hashes = (texts: readonly string[]) => texts.map((text) => tryFromBase64(text) ?? assert.fail());
const exportLog = async (from = 0): Promise<string> => {
  await server.app.placed();
  const pages: Answer<'log/export'>[] = [await ask('log/export', { query: { from } })];
  for (let last = pages.at(-1); last?.next != null; last = pages.at(-1))
    pages.push(await ask('log/export', { query: { from, next: last.next, size: last.size } }));
  return pages.map(({ text }) => text).join('');
};
const verify = (text: string, trust: Partial<ExportVerifierDeps> = {}): Promise<Verdict> =>
  verifyExport(
    (async function* () {
      // In pieces that keep to no lines.
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += 10_007) yield bytes.subarray(at, at + 10_007);
    })(),
    { believed: [], witnessed: [], ...trust },
  );
/** As whoever holds the database itself may change it. */
const tamper = (work: (tx: Transaction) => Promise<unknown>): Promise<unknown> =>
  server.database.background.transaction(async (tx) => {
    await tx.query('set local session_replication_role = replica');
    await work(tx);
  });
/** What is changed here is as before after it. Nobody but `leading` places lines meanwhile. */
const whileTampered = (change: string, undo: string, work: (leading: Transaction) => Promise<void>): Promise<void> =>
  server.database.transaction(async (leading) => {
    while (!(await tryLead(leading))) await delay(20);
    await tamper((tx) => tx.query(change));
    await work(leading).finally(() => tamper((tx) => tx.query(undo)));
  });
const seqAt = async (position: number): Promise<number> => {
  const text = await exportLog();
  return JSON.parse(text.split('\n').find((line) => line.startsWith(`{"position":${position},`)) ?? '').event.seq;
};

describe('the log', () => {
  it('has every line under a signed checkpoint within a second, without being asked', async () => {
    const id = await write('by itself');
    const since = performance.now();
    for (;;) {
      const answered = await server.call(auditor, 'log/prove-event', { params: { event: id } });
      if (answered.status === 200) break;
      assert.equal(answered.code, 'EVENT_NOT_PLACED');
      assert.ok(performance.now() - since < 5000, 'it has no place');
    }
  });

  it('proves that it holds an event, and the proof holds by the key that signs', async () => {
    await writeMany(600);
    const id = await write('to be proved');
    await writeMany(30);
    await server.app.placed();
    const { position, line, proof, checkpoint } = await ask('log/prove-event', { params: { event: id } });
    const { keys } = await ask('log/show');
    const note = tryParseNote(checkpoint) ?? assert.fail();
    const known = keys.map((key) => tryParseNoteKey(key) ?? assert.fail());
    assert.ok(findSigner(note, known, checkEd25519).signer);
    const { size, root } = checkpointIn(checkpoint);
    const leaf = treeHashes.leaf(Buffer.from(line));
    assert.equal(JSON.parse(line).id, id);
    const given = { index: position, size, leaf, proof: hashes(proof), root };
    assert.ok(isIncluded(treeHashes, given));
    const other = treeHashes.leaf(Buffer.from(line.replace('to be proved', 'something else')));
    assert.ok(!isIncluded(treeHashes, { ...given, leaf: other }));
    const unknown = await server.call(auditor, 'log/prove-event', { params: { event: crypto.randomUUID() } });
    assert.equal(unknown.code, 'EVENT_UNKNOWN');
  });

  it('proves between any two sizes that it only grew', async () => {
    const { size: last } = await newest();
    for (const [first, second] of [
      [1, last],
      [255, 257],
      [256, 512],
      [300, last],
      [last, last],
    ] as const) {
      const { proof, fromRoot, toRoot } = await ask('log/prove-growth', { query: { from: first, to: second } });
      const [firstRoot, secondRoot] = hashes([fromRoot, toRoot]) as [Uint8Array, Uint8Array];
      assert.ok(
        isConsistent(treeHashes, { first, second, firstRoot, secondRoot, proof: hashes(proof) }),
        `${first} ${second}`,
      );
    }
    for (const query of [
      { from: 2, to: 1 },
      { from: 1, to: last + 1000 },
    ]) {
      assert.equal((await server.call(auditor, 'log/prove-growth', { query })).code, 'LOG_SIZE_UNKNOWN');
    }
  });

  it('is exported so that the file alone verifies, from the first line or from any other', async () => {
    const seen = await newest();
    for (const from of [0, 1, 256, 400]) {
      const verdict = await verify(await exportLog(from), { witnessed: [seen] });
      assert.ok(verdict.ok, JSON.stringify(verdict));
      assert.equal(verdict.from, from);
      assert.ok(verdict.size >= seen.size);
    }
    const written = await server.database.query(`select 1 from event where kind = 'log.exported' and actor = $1`, [
      auditor.person,
    ]);
    assert.equal(written.length, 4, 'each export is an event');
  });

  it('goes on where another process of the server stopped, also when both place at the same moment', async () => {
    const second = await startTestServer({ beside: server });
    await Promise.all([writeMany(700), server.app.placed(), second.app.placed(), writeMany(700), second.app.placed()]);
    await second.app.placed();
    await server.app.placed();
    await second.app.close();
    await writeMany(3);
    const verdict = await verify(await exportLog());
    assert.ok(verdict.ok, JSON.stringify(verdict));
    await server.app.placed();
    assert.equal((await ask('log/show')).waiting, 0);
    await second.database.close();
  });

  it('shows a terminal that keeps a checkpoint how it goes on from there', async () => {
    const terminal = await server.enrol();
    let seen: Witnessed | null = null;
    for (const count of [1, 300, 0]) {
      await writeMany(count);
      await server.app.placed();
      const size: number = seen === null ? 0 : checkpointIn(seen.checkpoint).size;
      const answered = await server.call(terminal, 'log/witness', { query: { size } });
      assert.equal(answered.status, 200);
      const judged = judge(seen, answered.body as Answer<'log/witness'>, { hashes: treeHashes, check: checkEd25519 });
      seen = judged.kind === 'agreed' ? judged.next : assert.fail(judged.kind);
    }
  });

  it('is signed by the next key after a rotation, for which the one before vouches', async () => {
    const before = (await ask('log/show')).keys.map((key) => tryParseNoteKey(key) ?? assert.fail());
    await rotateKey(commandOn(server), 'log');
    await write('after the rotation');
    const text = await exportLog();
    const verdict = await verify(text, { believed: before });
    assert.ok(verdict.ok, JSON.stringify(verdict));
    assert.notDeepEqual(verdict.signer.key, before.at(-1)?.key);
    const unvouched = text.replace(/"endorsements":\[[^\]]*\]/, '"endorsements":[]');
    const refused = await verify(unvouched, { believed: before });
    assert.ok(!refused.ok && refused.fault === 'signature', JSON.stringify(refused));
  });
});

describe('whoever holds the database', () => {
  const refused = async (expected: object): Promise<void> => {
    const verdict = await verify(await exportLog());
    assert.deepEqual({ ...verdict, ...expected }, verdict, JSON.stringify(verdict));
  };

  it('cannot change a line: its position is named', async () => {
    const seq = await seqAt(40);
    for (const [column, value] of [
      ['reason', `'other'`],
      ['outcome', `'minor'`],
      ['person', 'gen_random_uuid()'],
      ['happened_at', `'2020-01-01 00:00:00.000001'`],
      ['detail', `'{"number":1000}'`],
    ]) {
      const keep = `create table kept as select * from event where seq = ${seq}`;
      const back = `update event set ${column} = kept.${column} from kept where event.seq = kept.seq; drop table kept`;
      await whileTampered(`${keep}; update event set ${column} = ${value} where seq = ${seq}`, back, () =>
        refused({ ok: false, fault: 'changed', position: 40 }),
      );
    }
    await refused({ ok: true });
  });

  it('cannot remove one, put one in, or swap two', async () => {
    const [seq, next] = [await seqAt(41), await seqAt(42)];
    const keep = `create table kept as select * from event where seq = ${seq}`;
    const back = `insert into event select * from kept; drop table kept`;
    await whileTampered(`${keep}; delete from event where seq = ${seq}`, back, () =>
      refused({ ok: false, fault: 'missing', position: 41 }),
    );
    const insert = `insert into event (seq, id, at, kind, outcome)
                    select seq, gen_random_uuid(), at + interval '1 ms', kind, outcome from event where seq = ${next}`;
    const remove = `delete from event where seq = ${next} and at = (select max(at) from event where seq = ${next})`;
    await whileTampered(insert, remove, async () => assert.equal((await verify(await exportLog())).ok, false));
    const swap = [
      [seq, -1],
      [next, seq],
      [-1, next],
    ]
      .map(([from, to]) => `update event set seq = ${to} where seq = ${from}`)
      .join('; ');
    await whileTampered(swap, swap, () => refused({ ok: false, fault: 'changed', position: 41 }));
    await refused({ ok: true });
  });

  it('cannot change line and hashes together: nothing more is signed, an alarm is written, and the export is refused', async () => {
    await server.app.placed();
    const change = `update log_tile set hashes = set_byte(hashes, 40 * 32, get_byte(hashes, 40 * 32) # 1) where level = 0 and number = 0`;
    const raise = `update log_tile set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) where level = 1 and number = 0`;
    await whileTampered(`${change}; ${raise}`, `${change}; ${raise}`, async (leading) => {
      // A process that has only just started: what the others remember does not help it.
      const fresh = openIn(leading);
      await write('under a changed tree');
      await fresh.run();
      assert.equal(fresh.halted(), 'tree-changed');
      const [alarm] = await leading.query(
        `select 1 from event where kind = 'log.halted' and reason = 'tree-changed' and outcome = 'major'`,
      );
      assert.ok(alarm);
      await fresh.run();
      assert.equal((await verify(await exportLog())).ok, false);
    });
    const fresh = open();
    await fresh.run();
    assert.equal(fresh.halted(), null);
    await refused({ ok: true });
  });

  it('cannot put another checkpoint in the place of one', async () => {
    await server.app.placed();
    const back = `update log_checkpoint set note = replace(note, 'at 1999', 'at 2026')`;
    const year = new Date().getUTCFullYear();
    await whileTampered(
      `update log_checkpoint set note = replace(note, 'at ${year}', 'at 1999')`,
      back.replace('2026', String(year)),
      async (leading) => {
        const fresh = openIn(leading);
        await write('under a changed checkpoint');
        await fresh.run();
        assert.equal(fresh.halted(), 'checkpoint-changed');
      },
    );
  });

  it('cannot put it back to an earlier state: the server goes on as another incarnation, with an alarm', async () => {
    await writeMany(300);
    await server.app.placed();
    const { seen, before } = await signAndPutBack();
    await server.app.placed();
    await runUntilAnother(open(seen), before);
    const [alarm] = await server.database.query<{ detail: { signed: number } }>(
      `select detail from event where kind = 'log.rolled-back' and outcome = 'major'`,
    );
    assert.ok((alarm?.detail.signed ?? 0) > 0);
    const known = (await ask('log/show')).keys.map((key) => tryParseNoteKey(key) ?? assert.fail());
    const verdict = await verify(await exportLog(), { believed: known.slice(0, 1) });
    assert.ok(verdict.ok, JSON.stringify(verdict));
  });

  it('cannot do so either while another process leads that knew less: the one that signed more finds it out', async () => {
    const { seen, before } = await signAndPutBack();
    await writeMany(3);
    const forked = await newest();
    assert.ok(forked.origin === before.origin && forked.size > before.size);
    await write('later');
    await runUntilAnother(open(seen), before);
    const alarms = await server.database.query<{ signed: number }>(
      `select (detail->>'signed')::int as signed from event where kind = 'log.rolled-back' order by seq desc`,
    );
    assert.equal(alarms[0]?.signed, before.size);
  });
});

it('no page of an export is read without an event that says by whom, and one event is enough for all of them', async () => {
  await writeMany(10);
  await server.app.placed();
  const [{ size }, another] = [checkpointIn((await ask('log/show')).checkpoint), await server.signIn(['auditor'])];
  const exported = async () => {
    await server.app.settled();
    return server.database.query<{ detail: object }>(
      `select detail from event where kind = 'log.exported' and actor = $1 order by seq`,
      [another.person],
    );
  };
  const read = async (query: Record<string, number>): Promise<number> => {
    assert.equal((await server.call(another, 'log/export', { query })).status, 200);
    return (await exported()).length;
  };
  assert.equal(await read({ from: 4, next: 6, size }), 1, 'a page in the middle');
  assert.equal(await read({ from: 4, next: 5, size }), 1, 'of the same export');
  assert.equal(await read({ from: 0, next: 0, size }), 2, 'the first one, as if it were a later one');
  assert.equal(await read({ from: 0, next: 7, size }), 2);
  assert.equal(await read({ from: 0 }), 3, 'a new export');
  assert.deepEqual((await exported()).slice(0, 2), [{ detail: { from: 4, size } }, { detail: { from: 0, size } }]);
});

/** The server's own sequencer may be at it: then this one does not lead, and comes again. */
const runUntilAnother = async (sequencer: Sequencer, before: Pick<Checkpoint, 'origin'>): Promise<void> => {
  for (let tries = 0; tries < 50; tries += 1) {
    await sequencer.run();
    if (checkpointIn((await ask('log/show')).checkpoint).origin !== before.origin) return;
    await delay(50);
  }
  assert.fail('it goes on under the same name');
};

/** A line, and what somebody signed over it, are gone, as after a restore that nobody told of. Nobody else has seen them. */
const signAndPutBack = async (): Promise<{ readonly seen: SeenKeeper; readonly before: Seen }> => {
  const seen = createSeenInMemory();
  await server.database.transaction(async (leading) => {
    while (!(await tryLead(leading))) await delay(20);
    const id = await write('seen by one alone');
    await leading.query('savepoint earlier');
    await openIn(leading, seen).run();
    await leading.query('rollback to savepoint earlier');
    await tamper((tx) => tx.query('delete from event where id = $1', [id]));
  });
  const [before] = seen.all();
  return { seen, before: before ?? assert.fail('nothing was signed') };
};

/** A process that has only just started. */
const openWith = (given: Pick<SequencerDeps, 'background' | 'seen'>): Sequencer =>
  createSequencer({ rings: server.keys.rings, now: server.now, log: server.log, ...given });
const open = (seen: SeenKeeper = createSeenInMemory()): Sequencer =>
  openWith({ background: server.database.background, seen });
/** The same, within a transaction that leads. */
const openIn = (leading: Transaction, seen: SeenKeeper = createSeenInMemory()): Sequencer =>
  openWith({ background: { ...leading, transaction: (work) => work(leading) }, seen });
