import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '#contract/api/index.ts';
import {
  type Checkpoint,
  formatCheckpoint,
  formatNote,
  tryParseCheckpoint,
  tryParseNote,
  tryParseNoteKey,
} from '#core/audit/checkpoint.ts';
import { rotateKey } from '../key-commands.ts';
import { record } from '../store/events.ts';
import { tryLead } from '../store/log-tree.ts';
import { startTestServer, type TestConsole, type TestServer } from '../testing.ts';
import { commandOn, watchKeys } from '../testing-keys.ts';
import { tryTellProof } from './proof-file.ts';
import { openSigner } from './signers.ts';

let server: TestServer;
let auditor: TestConsole;
let stop: () => Promise<void>;
before(async () => {
  server = await startTestServer();
  stop = await watchKeys(server);
  auditor = await server.signIn(['auditor']);
  await writeMany(300);
});
after(async () => {
  await stop?.();
  await server?.close();
});

const writeMany = async (count: number): Promise<void> => {
  for (let left = count; left > 0; left -= 1) await write('one of many');
  await server.app.placed();
};
const write = (reason: string) =>
  server.database.transaction((tx) => record(tx, server.now(), { kind: 'guard.started', outcome: 'success', reason }));
const prove = async (event: string): Promise<Answer<'log/prove-event'>> => {
  const { status, body } = await server.call(auditor, 'log/prove-event', { params: { event } });
  assert.equal(status, 200, JSON.stringify(body));
  return body as Answer<'log/prove-event'>;
};
const compare = async (checkpoint: string): Promise<Answer<'log/compare'>> => {
  const { status, body } = await server.call(auditor, 'log/compare', { body: { checkpoint } });
  assert.equal(status, 200, JSON.stringify(body));
  return body as Answer<'log/compare'>;
};
const show = async (): Promise<Answer<'log/show'>> => {
  await server.app.placed();
  return (await server.call(auditor, 'log/show')).body as Answer<'log/show'>;
};
const newest = async (): Promise<{ note: string; checkpoint: Checkpoint }> => {
  const note = (await show()).checkpoint ?? assert.fail('nothing is signed');
  return { note, checkpoint: tryParseCheckpoint(tryParseNote(note)?.text ?? '') ?? assert.fail() };
};
const keys = async () => (await show()).keys.map((key) => tryParseNoteKey(key) ?? assert.fail());
/** What the console saves is an answer without what the server thinks of it. */
const fileOf = ({ fault: _, ...file }: Answer<'log/prove-event'>): string => JSON.stringify(file);
const growthFileOf = ({ fault: _, root: __, ...file }: Answer<'log/compare'>): string => JSON.stringify(file);
const told = async (file: string) => tryTellProof(file, await keys())?.lines.join('\n') ?? assert.fail('no proof');
/** As the server would sign it, whatever it says. */
const sign = async (given: Partial<Checkpoint>): Promise<string> => {
  const { checkpoint } = await newest();
  const text = formatCheckpoint({ ...checkpoint, ...given });
  return formatNote(text, [openSigner(server.keys.rings(), checkpoint.origin)]);
};

describe('a proof of one event', () => {
  it('is a file that holds by itself', async () => {
    const id = await write('to be\u202e proved \u009b');
    await writeMany(5);
    const proof = await prove(id);
    assert.equal(proof.fault, null);
    const said = await told(fileOf(proof));
    assert.match(said, /^Verified: the log of \d+ lines, signed \S+Z, holds this line at position \d+:\n\{"seq":/);
    assert.ok(said.includes(id));
    assert.ok(said.includes('to be\\u{202e} proved \\u{9b}'), said);
    assert.match(
      await told(fileOf({ ...proof, line: proof.line.replace('to be', 'not') })),
      /^NOT VERIFIED: the line /,
    );
    assert.match(await told(fileOf({ ...proof, position: 0 })), /^NOT VERIFIED: the log that was signed has another /);
  });

  it('of a line that somebody changed in the database says that it does not hold', async () => {
    const id = await write('as it was');
    await server.app.placed();
    const set = (reason: string) =>
      server.database.background.transaction(async (tx) => {
        await tx.query('set local session_replication_role = replica');
        await tx.query('update event set reason = $2 where id = $1', [id, reason]);
      });
    await server.database.transaction(async (leading) => {
      while (!(await tryLead(leading))) await delay(20);
      await set('as it was not');
      const proof = await prove(id).finally(() => set('as it was'));
      assert.equal(proof.fault, 'changed');
      assert.match(await told(fileOf(proof)), /^NOT VERIFIED: the line is not the one that was hashed/);
    });
    assert.equal((await prove(id)).fault, null);
  });
});

describe('a checkpoint that was kept', () => {
  it('is of the beginning of the log, by a file that holds by itself, also after the key was changed', async () => {
    const { note: kept, checkpoint } = await newest();
    const same = await compare(kept);
    assert.deepEqual([same.fault, same.root], [null, Buffer.from(checkpoint.root).toString('base64')]);
    await writeMany(20);
    await rotateKey(commandOn(server), 'log');
    await writeMany(3);
    const grown = await compare(kept);
    assert.deepEqual([grown.fault, grown.root], [null, same.root]);
    const said = await told(growthFileOf(grown));
    assert.ok(
      said.startsWith(`Verified: the log of ${checkpoint.size} lines, signed ${checkpoint.at}, is the beginning`),
    );
    assert.match(await told(growthFileOf({ ...grown, proof: [] })), /^NOT VERIFIED: the log does not begin /);
  });

  it('with other lines, more lines, another key, or changed by hand is told apart', async () => {
    const { note, checkpoint } = await newest();
    const size = checkpoint.size - 7;
    const other = await compare(await sign({ size }));
    assert.equal(other.fault, 'root');
    assert.notEqual(other.root, Buffer.from(checkpoint.root).toString('base64'));
    assert.match(await told(growthFileOf(other)), /^NOT VERIFIED: the log does not begin /);
    const larger = await compare(await sign({ size: checkpoint.size + 1000 }));
    assert.deepEqual([larger.fault, larger.root], ['larger', null]);
    assert.match(await told(growthFileOf(larger)), /^NOT VERIFIED: the checkpoint that was kept has more lines /);
    const stranger = await startTestServer();
    const signer = openSigner(stranger.keys.rings(), checkpoint.origin);
    await stranger.close();
    assert.equal((await compare(formatNote(formatCheckpoint(checkpoint), [signer]))).fault, 'kept-key');
    const changed = note.replace(`\n${checkpoint.size}\n`, `\n${size}\n`);
    assert.equal((await compare(changed)).fault, 'kept-signature');
  });

  it('that is none is refused, and nobody but an auditor compares', async () => {
    const { note } = await newest();
    for (const checkpoint of ['', 'kazasu', note.trimEnd(), note.replace('\n\n', '\n')]) {
      const { status, code } = await server.call(auditor, 'log/compare', { body: { checkpoint } });
      assert.deepEqual([status, code], [422, 'CHECKPOINT_UNREADABLE'], checkpoint);
    }
    const admin = await server.signIn(['admin']);
    assert.equal((await server.call(admin, 'log/compare', { body: { checkpoint: note } })).status, 403);
  });
});
