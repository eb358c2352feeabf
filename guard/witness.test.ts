import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Answer } from '#contract/api/index.ts';
import type { TerminalEvent } from '#contract/audit.ts';
import { fail, succeed } from '#contract/errors.ts';
import { toBase64 } from '#core/audit/base64.ts';
import { formatCheckpoint, formatEndorsement, formatNote, formatNoteKey } from '#core/audit/checkpoint.ts';
import { growTree, treeHashes } from '#core/audit/merkle.ts';
import type { Http } from './http.ts';
import { startWitness, type Witness } from './witness.ts';

const signerOf = (name: string, { publicKey, privateKey } = generateKeyPairSync('ed25519')) => ({
  name,
  key: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)),
  sign: (bytes: Uint8Array) => sign(null, bytes, privateKey),
});
type Signer = ReturnType<typeof signerOf>;
const pair = generateKeyPairSync('ed25519');
const own = signerOf('kazasu/log/one', pair);

/** A log of one or two lines: its proof is the second line’s hash. */
const show = (size: 1 | 2, text = 'line', signer: Signer = own, endorsements: string[] = []): Answer<'log/witness'> => {
  const tree = growTree(treeHashes);
  const leaves = ['first', text].map((line) => treeHashes.leaf(Buffer.from(line)));
  for (const leaf of leaves.slice(0, size)) tree.append(leaf);
  const at = '2026-11-29T06:00:00.000Z';
  return {
    checkpoint: formatNote(formatCheckpoint({ origin: signer.name, size, root: tree.root(), at }), [signer]),
    proof: size === 2 ? [toBase64(leaves[1] ?? assert.fail())] : [],
    at,
    keys: [formatNoteKey(signer)],
    endorsements,
  };
};

let folder: string;
let shown: Answer<'log/witness'> | null;
let events: TerminalEvent[];
let witness: Witness;
const start = () =>
  startWitness({
    path: join(folder, 'log-witness.json'),
    call: (async () => (shown === null ? fail('SERVER_UNREACHABLE') : succeed(shown))) as Http['call'],
    append: async (event) => events.push(event),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined } as never,
    random: () => 1,
  });
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kazasu-witness-'));
  events = [];
  shown = show(1);
  witness = await start();
});
afterEach(async () => {
  await witness.stop();
  await rm(folder, { recursive: true });
});
/** All but that it began. */
const alarms = () => events.filter(({ kind }) => kind !== 'log.witnessed');
const look = async (next: typeof shown) => {
  shown = next;
  return witness.look();
};
const restart = async (): Promise<void> => {
  await witness.stop();
  witness = await start();
};

test('a terminal keeps the newest log that goes on from the one that it had, also over a restart', async () => {
  assert.equal(await look(show(1)), 'agreed');
  await restart();
  assert.equal(await look(show(2)), 'agreed');
  assert.match(await readFile(join(folder, 'log-witness.json'), 'utf8'), /kazasu\/log\/one\\n2\\n/);
  assert.equal(await look(null), undefined);
  assert.deepEqual(alarms(), []);
});

test('that it began is told once with what was seen, and again where what it kept is lost or cannot be read', async () => {
  const told = () => events.map(({ outcome, detail = {} }) => [outcome, detail['size'], detail['unreadable']]);
  await look(show(1));
  await look(show(2));
  await restart();
  await look(show(2));
  assert.deepEqual(told(), [['success', 1, false]]);
  assert.deepEqual([events[0]?.kind, events[0]?.detail?.['now']], ['log.witnessed', 'kazasu/log/one']);
  await rm(join(folder, 'log-witness.json'));
  await restart();
  await look(show(2));
  assert.deepEqual(told().at(-1), ['success', 2, false]);
  await writeFile(join(folder, 'log-witness.json'), 'nothing');
  await restart();
  await look(show(2));
  assert.deepEqual(told().slice(2), [['serious', 2, true]]);
});

test('another history is refused: one event for it, and the state lasts until the right one is shown', async () => {
  await look(show(2));
  assert.equal(await look(show(2, 'another line')), 'forked');
  await restart();
  assert.ok(witness.isForked());
  assert.equal(await look(show(2, 'another line')), 'forked');
  assert.deepEqual(
    alarms().map(({ kind, outcome, reason }) => [kind, outcome, reason]),
    [['log.forked', 'major', 'root']],
  );
  assert.equal(await look(show(1)), 'forked');
  assert.equal(events.at(-1)?.reason, 'smaller');
  assert.equal(await look(show(2)), 'agreed');
  assert.ok(!witness.isForked());
});

test('a changed key is refused', async () => {
  await look(show(1));
  assert.equal(await look(show(2, 'line', signerOf('kazasu/log/one'))), 'forked');
  assert.equal(events.at(-1)?.reason, 'signature');
});

test('a restored server is told apart: an event names the log that was seen before', async () => {
  await look(show(2));
  const restored = signerOf('kazasu/log/two', pair);
  assert.equal(await look(show(1, 'line', restored, [formatNote(formatEndorsement(restored), [own])])), 'begun-anew');
  assert.equal(alarms()[0]?.kind, 'log.begun-anew');
  assert.deepEqual([alarms()[0]?.detail?.['before'], alarms()[0]?.detail?.['size']], ['kazasu/log/one', 2]);
  assert.ok(!witness.isForked());
});

test('the log under the name of before is refused once it has another, also over a restart', async () => {
  await look(show(2));
  const restored = signerOf('kazasu/log/two', pair);
  const next = show(1, 'line', restored, [formatNote(formatEndorsement(restored), [own])]);
  assert.equal(await look(next), 'begun-anew');
  await restart();
  assert.equal(await look(show(2)), 'forked');
  assert.deepEqual([events.at(-1)?.kind, events.at(-1)?.reason], ['log.forked', 'former']);
  assert.equal(await look(next), 'agreed');
});
