import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { formatCheckpoint, formatNote, formatNoteKey } from '#core/audit/checkpoint.ts';
import { formatCheckpointLine, formatKept, formatStray } from '#core/audit/export.ts';
import { growTree } from '#core/audit/merkle.ts';
import { createExportVerifier, type Verdict } from '#core/audit/verify-export.ts';
import { checkEd25519, fastHashes } from './hashes.ts';
import { type LineReaders, readBlock, startLineReaders } from './read-lines.ts';
import { verifyExport } from './verify.ts';

const count = 400;
const given = { believed: [], witnessed: [] };

/** Lines of an export, each with its line feed; a checkpoint after every fifty. */
const writeExport = (): string[] => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32));
  const signer = { name: 'kazasu/log', key, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) };
  const tree = growTree(fastHashes);
  const header = { kazasu: 'log', version: 1, from: 0, size: count, before: [], keys: [formatNoteKey(signer)] };
  const lines = [`${JSON.stringify({ ...header, endorsements: [] })}\n`];
  for (let position = 0; position < count; position += 1) {
    const kind = position === 250 ? 'log.month-dropped' : 'guard.started';
    const line = `{"seq":${position * 3 + 5},"kind":"${kind}","reason":"かざす ${position}"}`;
    const leaf = fastHashes.leaf(Buffer.from(line));
    tree.append(leaf);
    lines.push(formatKept(position, leaf, line));
    if ((position + 1) % 50 !== 0) continue;
    const at = '2026-12-01T05:00:00.000Z';
    const text = formatCheckpoint({ origin: 'kazasu/log', size: position + 1, root: tree.root(), at });
    lines.push(formatCheckpointLine(formatNote(text, [signer])));
  }
  return lines;
};

/** As it comes from a disk. */
const inParts = async function* (text: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 1500) yield bytes.subarray(at, at + 1500);
};

/** One line after the other and in this thread alone. */
const verifyPlainly = (text: string): Verdict => {
  const verifier = createExportVerifier({ hashes: fastHashes, check: checkEd25519, ...given });
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  for (const line of lines) {
    const refused = verifier.push(Buffer.from(line));
    if (refused !== undefined) return refused;
  }
  return (rest === '' ? undefined : verifier.push(Buffer.from(rest))) ?? verifier.end();
};

describe('an export that several threads read', () => {
  let readers: LineReaders;
  before(async () => {
    readers = startLineReaders();
    while (!readers.isReady) await wait(10);
  });
  after(() => readers.close());
  const lines = writeExport();
  const far = 300;
  const without = (from: number, much: number, ...instead: readonly string[]): readonly string[] =>
    lines.toSpliced(from, much, ...instead);
  const line = lines[far] ?? '';
  const cases: Readonly<Record<string, readonly string[]>> = {
    'as it was written': lines,
    'with a changed line': without(far, 1, line.replace('かざす', 'かざした')),
    'without a line': without(far, 1),
    'with a line twice': without(far, 0, line),
    'with lines in another order': without(far, 2, lines[far + 1] ?? '', line),
    'with a line that cannot be read': without(far, 1, line.replace('"leaf":"', '"leaf":"*')),
    'with a line that has no place': without(far, 0, formatStray('{"seq":7}')),
    'with something else in it': without(far, 0, 'か\n'),
    'with an empty line': without(far, 0, '\n'),
    'without its last checkpoint': lines.slice(0, -1),
    'cut in its last line': [...lines.slice(0, -1), lines.at(-1)?.slice(0, -20) ?? ''],
    'without its header': lines.slice(1),
    'with two faults': without(far, 1).toSpliced(far + 20, 1),
  };
  for (const [name, some] of Object.entries(cases))
    test(`${name} is judged as one thread alone does`, async () => {
      const text = some.join('');
      let asked = 0;
      const counted = () => ({
        ...readers,
        isReady: true,
        read: (bytes: Uint8Array) => {
          asked += 1;
          return readers.read(bytes);
        },
        close: async () => undefined,
      });
      const verdict = await verifyExport(inParts(text), given, counted);
      assert.ok(asked > 20 || !text.startsWith('{"kazasu"'), `${asked} blocks`);
      assert.deepEqual(verdict, verifyPlainly(text));
      assert.equal(verdict.ok, some === lines);
    });

  test('comes back from each of them as this thread reads it', async () => {
    const blocks = [lines.slice(0, 7), lines.slice(7, 8), lines.slice(240, 260), [formatStray('{}'), 'か\n']].map(
      (some) => Buffer.from(some.join('')),
    );
    const read = await Promise.all(blocks.map((block) => readers.read(block)));
    assert.deepEqual(read, blocks.map(readBlock));
    assert.deepEqual(
      read.map((block) => block.count),
      [7, 1, 20, 2],
    );
  });

  test('is not verified where a thread has ended', async () => {
    const own = startLineReaders();
    await own.close();
    const ended = () => ({ ...own, isReady: true });
    await assert.rejects(verifyExport(inParts(lines.join('')), given, ended), /has ended/);
  });
});
