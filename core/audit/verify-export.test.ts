import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { toBase64 } from './base64.ts';
import {
  type Checkpoint,
  formatCheckpoint,
  formatEndorsement,
  formatNote,
  formatNoteKey,
  tryParseCheckpoint,
  tryParseNote,
} from './checkpoint.ts';
import { formatCheckpointLine, formatDropped, formatKept, formatStray } from './export.ts';
import { growTree, treeHashes } from './merkle.ts';
import { createExportVerifier, type ExportVerifierDeps, type Verdict } from './verify-export.ts';

// Stands for Ed25519, which rules do not know.
const signWith = (key: Uint8Array, bytes: Uint8Array): Uint8Array => sha512(Buffer.concat([key, bytes]));
const check: ExportVerifierDeps['check'] = (key, bytes, signature) =>
  Buffer.from(signWith(key, bytes)).equals(signature);
const signerOf = (seed: number) => {
  const key = new Uint8Array(32).fill(seed);
  return { name: 'kazasu/log', key, sign: (bytes: Uint8Array) => signWith(key, bytes) };
};
const [own, other] = [signerOf(1), signerOf(2)];
type Signer = typeof own;

interface Options {
  readonly count?: number;
  readonly from?: number;
  readonly every?: number;
  readonly signer?: Signer;
  /** Lines that are another text than usual, by position. */
  readonly lines?: Readonly<Record<number, string>>;
  readonly dropped?: readonly number[];
  readonly keys?: readonly Signer[];
  readonly endorsements?: readonly string[];
}

const lineAt = (position: number): string =>
  `{"seq":${position * 3 + 5},"kind":"guard.started","reason":"かざす ${position}"}`;

/** The lines of an export as a server writes it; a checkpoint after every few events. */
const writeExport = (options: Options = {}): string[] => {
  const { count = 10, from = 0, every = 4, signer = own, lines = {}, dropped = [] } = options;
  const tree = growTree(treeHashes);
  const parts: string[] = [];
  let before: string[] = [];
  for (let position = 0; position < count; position += 1) {
    if (position === from) before = tree.roots.map(toBase64);
    const line = lines[position] ?? lineAt(position);
    const leaf = treeHashes.leaf(Buffer.from(line));
    tree.append(leaf);
    if (position < from) continue;
    const seq = Number(/^\{"seq":(\d+)/.exec(line)?.[1]);
    parts.push(dropped.includes(position) ? formatDropped(position, leaf, seq) : formatKept(position, leaf, line));
    if ((position + 1) % every !== 0 && position + 1 !== count) continue;
    const at = '2026-11-29T05:00:00.000Z';
    const text = formatCheckpoint({ origin: 'kazasu/log', size: position + 1, root: tree.root(), at });
    parts.push(formatCheckpointLine(formatNote(text, [signer])));
  }
  const { keys = [signer], endorsements = [] } = options;
  const header = { kazasu: 'log', version: 1, from, size: count, before, keys: keys.map(formatNoteKey), endorsements };
  return [`${JSON.stringify(header)}\n`, ...parts];
};

const verify = (lines: readonly string[], deps: Partial<ExportVerifierDeps> = {}): Verdict => {
  const verifier = createExportVerifier({ hashes: treeHashes, check, believed: [], witnessed: [], ...deps });
  for (const line of lines.join('').split('\n').slice(0, -1)) {
    const refused = verifier.push(Buffer.from(line));
    if (refused !== undefined) return refused;
  }
  return verifier.end();
};
const assertRefused = (verdict: Verdict, expected: Partial<Extract<Verdict, { ok: false }>>): void => {
  assert.ok(!verdict.ok, 'it was taken');
  assert.deepEqual({ ...verdict, ...expected }, verdict);
};
/** Where the event of this position stands. */
const placeOf = (lines: readonly string[], position: number): number =>
  lines.findIndex((line) => line.startsWith(`{"position":${position},`));
const checkpointOf = (line: string | undefined): Checkpoint => {
  const note = tryParseNote(JSON.parse(line ?? '').checkpoint) ?? assert.fail();
  return tryParseCheckpoint(note.text) ?? assert.fail();
};

describe('an export', () => {
  test('is verified as it was written, whole or from any position on', () => {
    for (const from of [0, 1, 4, 9]) {
      const verdict = verify(writeExport({ from }));
      assert.ok(verdict.ok, JSON.stringify(verdict));
      assert.deepEqual([verdict.from, verdict.size, verdict.isKeyBelieved], [from, 10, false]);
    }
    assert.ok(verify(writeExport(), { believed: [own] }).ok);
  });

  test('in which a line was changed, taken out, put in or moved is refused, and the first such position is named', () => {
    const position = fc.integer({ min: 0, max: 9 });
    fc.assert(
      fc.property(position, (at) => {
        const lines = writeExport();
        const place = placeOf(lines, at);
        const line = lines[place] ?? assert.fail();
        const changed = lines.with(place, line.replace('guard', 'gUard'));
        assertRefused(verify(changed), { fault: 'changed', position: at });
        const removed = lines.toSpliced(place, 1);
        assertRefused(verify(removed), { position: at });
        const doubled = lines.toSpliced(place, 0, line);
        assertRefused(verify(doubled), { position: at + 1 });
        const next = placeOf(lines, at + 1);
        if (next < 0) return;
        const swapped = lines.with(place, lines[next] ?? '').with(next, line);
        assertRefused(verify(swapped), { fault: 'position', position: at });
      }),
    );
  });

  test('is refused however any of its bytes is changed', () => {
    const whole = Buffer.from(writeExport({ count: 6 }).join(''));
    const trust = { believed: [own] };
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const changed = Buffer.from(whole);
        changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at);
        const verifier = createExportVerifier({ hashes: treeHashes, check, witnessed: [], ...trust });
        let from = 0;
        for (let end = changed.indexOf(10); end >= 0; end = changed.indexOf(10, from)) {
          verifier.push(changed.subarray(from, end));
          from = end + 1;
        }
        if (from < changed.length) verifier.push(changed.subarray(from));
        // What the export says of keys counts for nothing where a key is given.
        const header = whole.indexOf(10);
        const isKey = at > whole.indexOf('"keys"') && at < header;
        assert.ok(isKey || !verifier.end().ok, `byte ${at}, bit ${bit}`);
      }),
      { numRuns: 1500 },
    );
  });

  test('whose line and hash were both changed is refused between two checkpoints', () => {
    const honest = writeExport();
    const forged = writeExport({ lines: { 5: '{"seq":20,"kind":"guard.started","reason":"other"}' } });
    const place = placeOf(honest, 5);
    assertRefused(verify(honest.with(place, forged[place] ?? '')), { fault: 'root', position: 4, until: 8 });
  });

  test('written by whoever has another key is refused', () => {
    const forged = writeExport({ signer: other, keys: [own, other] });
    assertRefused(verify(forged, { believed: [own] }), { fault: 'signature', position: 4 });
    assertRefused(verify(writeExport({ signer: other, keys: [own] })), { fault: 'signature' });
    const self = formatNote(formatEndorsement(other), [other]);
    assertRefused(verify(writeExport({ signer: other, endorsements: [self] }), { believed: [own] }), {
      fault: 'signature',
    });
  });

  test('signed by a key that the believed one vouches for is verified', () => {
    const endorsements = [formatNote(formatEndorsement(other), [own])];
    assert.ok(verify(writeExport({ signer: other, endorsements }), { believed: [own] }).ok);
  });

  test('whose end is missing is refused, also when its beginning says so, where a later checkpoint is known', () => {
    const lines = writeExport();
    for (let left = 0; left < lines.length; left += 1) assert.ok(!verify(lines.slice(0, left)).ok, `${left} lines`);
    const shorter = writeExport({ count: 8 });
    assert.ok(verify(shorter).ok);
    assertRefused(verify(shorter, { witnessed: [checkpointOf(lines.at(-1))] }), {
      fault: 'uncovered',
      position: 8,
      until: 10,
    });
  });

  test('that begins behind a checkpoint that is known is not held against it, and so not taken', () => {
    const seen = checkpointOf(writeExport({ count: 4 }).at(-1));
    for (const from of [0, 4]) assert.ok(verify(writeExport({ from }), { witnessed: [seen] }).ok, `from ${from}`);
    assertRefused(verify(writeExport({ from: 5 }), { witnessed: [seen] }), {
      fault: 'uncovered',
      position: 0,
      until: 5,
    });
  });

  test('is refused where it begins with what no roots are', () => {
    const [head = '', ...lines] = writeExport({ from: 4 });
    const [root = ''] = JSON.parse(head).before;
    // The last digit has bits that stand for nothing.
    for (const false64 of [`${root.slice(0, 42)}/=`, `${root.slice(0, 42)}B=`])
      assertRefused(verify([head.replace(root, false64), ...lines]), { fault: 'header' });
    assertRefused(verify([head.replace(`"${root}"`, ''), ...lines]), { fault: 'header' });
  });

  test('of another log with the same size is refused where a checkpoint of the one before is known', () => {
    const seen = checkpointOf(writeExport().at(-1));
    const forged = writeExport({ lines: { 2: '{"seq":11,"kind":"guard.started","reason":"other"}' } });
    assert.ok(verify(forged).ok);
    assertRefused(verify(forged, { witnessed: [seen] }), { fault: 'witness', position: 8 });
    assert.ok(verify(writeExport({ count: 14 }), { witnessed: [seen] }).ok);
  });

  test('in which numbers do not grow is refused though it was signed', () => {
    const lines = { 3: '{"seq":1,"kind":"guard.started"}' };
    assertRefused(verify(writeExport({ lines })), { fault: 'order', position: 3 });
  });

  test('with a line that has no place is refused at that place', () => {
    const lines = writeExport();
    const strayed = lines.toSpliced(placeOf(lines, 6), 0, formatStray('{"seq":21,"kind":"guard.started"}'));
    assertRefused(verify(strayed), { fault: 'stray', position: 6 });
  });
});

describe('lines that are no longer kept', () => {
  const drop = (first: number, last: number, events: number): string =>
    `{"seq":1000,"kind":"log.month-dropped","detail":{"first":${first},"last":${last},"events":${events}}}`;

  test('are verified by their hashes where the log says that their month was dropped', () => {
    const verdict = verify(writeExport({ dropped: [0, 1, 2], lines: { 9: drop(5, 11, 3) } }));
    assert.ok(verdict.ok, JSON.stringify(verdict));
    assert.equal(verdict.dropped, 3);
  });

  test('are refused where it does not, or says it of fewer or of others', () => {
    assertRefused(verify(writeExport({ dropped: [3] })), { fault: 'missing', position: 3 });
    assertRefused(verify(writeExport({ dropped: [0, 1, 2], lines: { 9: drop(5, 11, 2) } })), { fault: 'missing' });
    assertRefused(verify(writeExport({ dropped: [0, 1, 2, 5], lines: { 9: drop(5, 11, 4) } })), {
      fault: 'missing',
      position: 5,
    });
  });

  test('in two months side by side are those of both', () => {
    const lines = { 8: drop(5, 8, 2).replace('1000', '900'), 9: drop(11, 14, 2) };
    assert.ok(verify(writeExport({ dropped: [0, 1, 2, 3], lines })).ok);
  });
});
