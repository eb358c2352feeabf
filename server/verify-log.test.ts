/** The command as an auditor gives it, on files that somebody else may have made. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { formatCheckpoint, formatNote, formatNoteKey } from '#core/audit/checkpoint.ts';
import { formatCheckpointLine, formatKept } from '#core/audit/export.ts';
import { growTree } from '#core/audit/merkle.ts';
import { fastHashes } from './log-tree/hashes.ts';

const folder = mkdtempSync(join(tmpdir(), 'kazasu-verify-log-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const createSigner = (name: string) => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32));
  return { name, key, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) };
};
const own = createSigner('kazasu/log/one');

interface Written {
  readonly text: string;
  /** The last checkpoint. */
  readonly note: string;
}

const writeExport = ({ count = 6, from = 0, signer = own, word = 'a' } = {}): Written => {
  const tree = growTree(fastHashes);
  let before: readonly Uint8Array[] = [];
  let note = '';
  let lines = '';
  for (let position = 0; position <= count; position += 1) {
    if (position === from) before = tree.roots;
    if (position === count) break;
    const line = `{"seq":${position + 1},"kind":"guard.started","reason":"${word} ${position}"}`;
    const leaf = fastHashes.leaf(Buffer.from(line));
    tree.append(leaf);
    if (position >= from) lines += formatKept(position, leaf, line);
  }
  const at = '2026-11-29T05:00:00.000Z';
  note = formatNote(formatCheckpoint({ origin: signer.name, size: count, root: tree.root(), at }), [signer]);
  const roots = before.map((hash) => Buffer.from(hash).toString('base64'));
  const keys = [formatNoteKey(signer)];
  const head = { kazasu: 'log', version: 1, from, size: count, before: roots, keys, endorsements: [] };
  return { text: `${JSON.stringify(head)}\n${lines}${formatCheckpointLine(note)}`, note };
};

let files = 0;
const keep = (content: string | Uint8Array): string => {
  files += 1;
  const path = join(folder, `file-${files}`);
  writeFileSync(path, content);
  return path;
};

const verify = (...words: readonly string[]) => {
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'verify-log.ts'), ...words],
    {
      encoding: 'utf8',
      timeout: 60_000,
    },
  );
  const said = stdout + stderr;
  assert.doesNotMatch(said, /^\s+at /m, 'no stack');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that would act on a screen
  assert.doesNotMatch(said, /[\u0000-\u0009\u000b-\u001f\u007f\u202e]/u);
  return { code: status, said };
};
const assertRefused = (content: string | Uint8Array, sentence: RegExp, ...words: readonly string[]): void => {
  const { code, said } = verify(keep(content), ...words);
  assert.deepEqual([code, /Verified/.test(said)], [1, false], said);
  assert.match(said, /^NOT VERIFIED at position/);
  assert.match(said, sentence);
};
const assertUnusable = (words: readonly string[], sentence: RegExp): void => {
  const { code, said } = verify(...words);
  assert.deepEqual([code, /verified:/i.test(said)], [2, true], said);
  assert.match(said, /^Nothing was verified: /);
  assert.match(said, sentence);
};

const whole = writeExport();
const key = formatNoteKey(own);

describe('an export', () => {
  test('that is whole is verified, by its own keys or by one that is given', () => {
    const path = keep(whole.text);
    assert.match(verify(path).said, /^Verified: positions 0 to 5 as they were signed.*known from the file alone/s);
    const { code, said } = verify(path, '--key', key, '--checkpoint', keep(whole.note));
    assert.equal(code, 0, said);
    assert.doesNotMatch(said, /known from the file alone/);
    assert.equal(verify(path, '--key', keep(`\ufeff${key}\r\n`)).code, 0, 'a list as an editor saved it');
  });

  test('cut anywhere is not verified', () => {
    const { length } = whole.text;
    for (const cut of [1, 30, length >> 1, length - 3, length - 2]) assertRefused(whole.text.slice(0, cut), /position/);
    assertRefused('', /It is empty/);
    assertRefused('\n', /does not begin as an export/);
  });

  test('of lines that are there twice, swapped, or of another export is not verified', () => {
    const lines = whole.text.split(/(?<=\n)/);
    const [head = '', first = '', second = ''] = lines;
    assertRefused(lines.toSpliced(2, 0, first).join(''), /NOT VERIFIED at position 1: another position was to come/);
    assertRefused(lines.with(1, second).with(2, first).join(''), /at position 0: another position was to come/);
    assertRefused(whole.text + whole.text, /the line cannot be read/);
    assertRefused(
      head +
        writeExport({ word: 'b' })
          .text.split(/(?<=\n)/)
          .slice(1)
          .join(''),
      /not signed by a key/,
      '--key',
      formatNoteKey(createSigner('kazasu/log/two')),
    );
    assertRefused(whole.text.replace('\n', '\n\n'), /the line cannot be read/);
  });

  test('that another program has changed is told by what was done to it', () => {
    assertRefused(whole.text.replaceAll('\n', '\r\n'), /CR LF/);
    assertRefused(`\ufeff${whole.text}`, /byte order mark/);
    assertRefused(Buffer.from(`\ufeff${whole.text}`, 'utf16le'), /UTF-16/);
    assertRefused(gzipSync(whole.text), /compressed \(gzip\)/);
    assertRefused('PK\u0003\u0004rest', /compressed \(zip\)/);
    assertRefused('age-encryption.org/v1\n-> X25519 x\n', /a backup/);
    assertRefused(whole.text.replace('"version":1', '"version":2'), /version 2; this program knows version 1/);
  });

  test('that is none is refused, however long it goes on', () => {
    const long = 17 * 1024 * 1024;
    assertRefused(randomBytes(100_000), /does not begin as an export/);
    assertRefused(Buffer.alloc(100_000), /does not begin as an export/);
    assertRefused(Buffer.alloc(long, '['), /does not begin as an export/);
    assertRefused(
      whole.text.replace('{"position":0', `{"position":0${' '.repeat(long)}`),
      /at position 0: the line cannot be read/,
    );
    assertRefused(
      `${whole.text.split('\n')[0]}\n{"position":0,"leaf":"${'A'.repeat(long)}`,
      /at position 0: the line cannot be read/,
    );
    assertRefused('null\n', /does not begin/);
    assertRefused('{"kazasu":"log","version":1}\n', /does not begin/);
  });

  test('without a key that is known, or with roots that are none, is not verified', () => {
    assertRefused(whole.text.replace(/"keys":\[[^\]]*\]/, '"keys":[]'), /not signed by a key that is believed/);
    assertRefused(whole.text.replace(/"keys":\["[^+]*/, '"keys":["x'), /does not begin/);
    const later = writeExport({ from: 4 });
    assert.equal(verify(keep(later.text)).code, 0);
    assertRefused(later.text.replace(/(?<="before":\["[^"]{42})[^"]=/, '/='), /does not begin/);
  });

  test('with nothing in it is not called more than that', () => {
    const { code, said } = verify(keep(writeExport({ from: 6 }).text), '--key', key);
    assert.equal(code, 0);
    assert.match(said, /^Verified: no line, from position 6 on, 1 checkpoints/);
  });

  test('whose key has a name that would write over the screen shows it and does nothing', () => {
    const signer = createSigner('kazasu/\u202elog');
    const { code, said } = verify(keep(writeExport({ signer }).text));
    assert.equal(code, 0);
    assert.match(said, /Signed by kazasu\/\\u\{202e\}log/);
    assert.match(said, /known from the file alone/);
  });
});

describe('a checkpoint that was kept', () => {
  test('of another log is not that of this one', () => {
    assertRefused(
      whole.text,
      /not the log of the checkpoint that was kept/,
      '--checkpoint',
      keep(writeExport({ word: 'b' }).note),
    );
  });

  test('is not passed over where the export does not reach over its lines', () => {
    const other = createSigner('kazasu/log/two');
    const early = keep(writeExport({ count: 2, signer: other }).note);
    const late = keep(writeExport({ count: 9 }).note);
    assertRefused(
      writeExport({ from: 4 }).text,
      /at positions 0 to 3: the checkpoint that was kept is about these/,
      '--checkpoint',
      early,
    );
    assertRefused(whole.text, /at positions 6 to 8: the checkpoint that was kept is about these/, '--checkpoint', late);
  });

  test('is one', () => {
    const path = keep(whole.text);
    for (const content of [
      '',
      'x',
      randomBytes(1000),
      whole.text,
      `${whole.note}${whole.note}`,
      whole.note.replaceAll('\n', '\r\n'),
    ])
      assertUnusable([path, '--checkpoint', keep(content)], /there is no checkpoint in/);
    assertUnusable([path, '--checkpoint', keep(Buffer.alloc(2_000_000, 'a'))], /too large/);
    assertUnusable([path, '--checkpoint', folder], /there is no checkpoint in/);
    assertUnusable([path, '--checkpoint', join(folder, 'none')], /there is no checkpoint in/);
  });
});

test('what is given as a key is one: nothing is believed in its place', () => {
  const path = keep(whole.text);
  for (const given of [keep(''), keep('\n \n'), '', ' ']) assertUnusable([path, '--key', given], /there is no key/);
  for (const given of [
    join(folder, 'none'),
    folder,
    'x',
    keep(randomBytes(2000)),
    keep(`${key}\nx\u001b[2J`),
    `${key}A`,
  ])
    assertUnusable([path, '--key', given], /this is no key of a log/);
  assertUnusable([path, '--key', keep(Buffer.alloc(2_000_000, 'a'))], /too large/);
  assert.equal(
    verify(path, '--key', formatNoteKey(createSigner('kazasu/log/one'))).code,
    1,
    'another of the same name',
  );
});

test('without one file that is an export nothing is looked at', () => {
  assertUnusable([], /name one file.*npm run verify-log --/s);
  assertUnusable([folder], /there is no file/);
  assertUnusable([join(folder, 'none\u001b[2J')], /there is no file/);
  assertUnusable([keep(whole.text), keep(whole.text)], /name one file/);
  assertUnusable([keep(whole.text), '--keys', key], /--keys/);
});
