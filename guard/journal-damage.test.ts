import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { sealRecord } from '#core/audit/chain.ts';
import type { Journal } from './journal.ts';
import { joinSegments, readRecords } from './journal-folder.ts';
import { findGaps } from './journal-gaps.ts';
import { readSegment, writeLine } from './journal-segment.ts';
import { assertChain, createTestFolder, fact, key, reasonsOf, type TestFolder } from './test-journal.ts';

let at: TestFolder;
beforeEach(() => {
  at = createTestFolder();
});
afterEach(() => at.remove());

const names = (count: number) => Array.from({ length: count }, (_, index) => String(index + 1));
const segment = (): string => at.segments()[0] ?? '';

test('a last line that was never finished is cut off and told', async () => {
  await at.write('kept');
  appendFileSync(segment(), '{"epoch":"torn');
  const second = await at.open();
  assert.deepEqual(second.repaired, { journal: 'torn', bytes: 14 });
  assert.deepEqual(reasonsOf(second.found), ['kept']);
  await second.append(fact('after'));
  await second.close();
  const third = await at.open();
  assert.equal(third.repaired, null);
  assert.deepEqual(reasonsOf(third.found), ['kept', 'after']);
  assertChain(third.found);
  await third.close();
});

test('cut at every byte, what is read are exactly the records that are whole', async () => {
  await at.write('a', 'b', 'c');
  const whole = readFileSync(segment());
  // A record is whole with its last brace; the end of its line says nothing.
  const ends = [...whole.keys()].filter((byte) => whole[byte] === 0x0a);
  assert.equal(ends.length, 3);
  for (let cut = 0; cut <= whole.length; cut += 1) {
    const padded = Buffer.concat([whole.subarray(0, cut), Buffer.alloc(cut % 3 === 0 ? 512 : 0)]);
    const { records, tornBytes, broken } = readSegment(padded, key);
    const complete = ends.filter((end) => end <= cut).length;
    assert.deepEqual(reasonsOf(records), ['a', 'b', 'c'].slice(0, complete), `cut at ${cut}`);
    const begun = [0, ...ends.map((end) => end + 1)].includes(cut);
    assert.equal(tornBytes > 0 || broken > 0, !begun, `cut at ${cut} is told`);
  }
});

test('cut and opened again, it goes on behind the last record that is whole', async () => {
  await at.write('a', 'b', 'c');
  const path = segment();
  const whole = readFileSync(path);
  for (let cut = 0; cut < whole.length; cut += 97) {
    for (const other of at.segments()) rmSync(other);
    writeFileSync(path, whole.subarray(0, cut));
    await at.write('next');
    const again = await at.open();
    const before = whole.subarray(0, cut).toString().split('\n').length - 1;
    assert.deepEqual(reasonsOf(again.found), [...['a', 'b', 'c'].slice(0, before), 'next']);
    assertChain(again.found);
    await again.close();
  }
});

test('two thousand flipped bits are each seen, and cost at most the one record whose number is named', async () => {
  await at.write(...names(12));
  const whole = readFileSync(segment());
  const all = readSegment(whole, key).records;
  assert.equal(all.length, 12);
  for (let flip = 0; flip < 2_000; flip += 1) {
    const changed = Buffer.from(whole);
    const byte = Math.floor(Math.random() * changed.length);
    const bit = Math.floor(Math.random() * 8);
    changed.writeUInt8(changed.readUInt8(byte) ^ (1 << bit), byte);
    const place = `bit ${bit} of byte ${byte}`;
    const content = readSegment(changed, key);
    assert.ok(content.broken + content.unproven > 0, `${place} is seen`);
    const { records, unchained } = joinSegments([content]);
    assert.ok(records.length >= 11, `${place} costs one record at most`);
    assert.equal(unchained, 0, place);
    const there = new Set(records.map(({ sequence }) => sequence));
    const lost = all.filter(({ sequence }) => !there.has(sequence)).map(({ sequence }) => sequence);
    const read = { path: '', ordinal: 1, noted: false, isReadable: true, ...content };
    const { gone } = findGaps({ ordinals: [1], segments: [read], records, heads: [], uploadedOf: () => 0 });
    assert.deepEqual(
      gone,
      lost.map((number) => [number, number]),
      place,
    );
  }
});

test('damage is told once, with the number that is missing; the file is set aside and what holds is kept', async () => {
  await at.write(...names(5));
  writeFileSync(segment(), readFileSync(segment(), 'utf8').replace('"reason":"3"', '"reason":"4"'));
  const second = await at.open();
  assert.deepEqual(second.repaired, { journal: 'damaged', missing: '3', broken: 1 });
  assert.deepEqual(reasonsOf(second.found), ['1', '2', '4', '5']);
  const written = await second.append(fact('6'));
  assert.ok(written.ok && written.value.sequence === 6 && written.value.epoch === second.found[0]?.epoch);
  await second.close();
  assert.match(segment(), /\.damaged\.jsonl$/);
  const third = await at.open();
  assert.equal(third.repaired, null);
  assert.deepEqual(reasonsOf(third.found), ['1', '2', '4', '5', '6']);
  assert.deepEqual(third.untold, [second.repaired], 'the start before ended without a word of it');
  await third.noteTold();
  await third.close();
  const fourth = await at.open();
  assert.deepEqual([fourth.repaired, fourth.untold], [null, []]);
  await fourth.close();
});

test('what several starts found and did not tell is kept, each once, and what cannot be read of it keeps nobody from starting', async () => {
  const damage = async (...reasons: readonly string[]): Promise<void> => {
    await at.write(...reasons);
    const path = at.segments().at(-1) ?? '';
    writeFileSync(path, readFileSync(path, 'utf8').replace(`"reason":"${reasons.at(-1)}"`, '"reason":"x"'));
    await (await at.open()).close();
  };
  await damage('1');
  await damage('2', '3');
  const other = { key: Buffer.alloc(32, 8) };
  for (const _ of [1, 2]) await (await at.open(other)).close();
  const opened = await at.open();
  assert.deepEqual(
    opened.untold.map(({ journal, missing }) => [journal, missing]),
    [
      ['damaged', undefined],
      ['damaged', '2'],
      ['unproven', undefined],
    ],
  );
  await opened.close();
  writeFileSync(join(at.folder, 'untold.json'), '[');
  const again = await at.open();
  assert.deepEqual([again.isRead, again.untold], [true, []]);
  await again.close();
});

test('where the last record is damaged its number is named and not used again', async () => {
  await at.write('1', '2');
  writeFileSync(segment(), readFileSync(segment(), 'utf8').replace('"reason":"2"', '"reason":"5"'));
  const second = await at.open();
  assert.deepEqual(second.repaired, { journal: 'damaged', missing: '2', broken: 1 });
  const written = await second.append(fact('3'));
  assert.ok(written.ok && written.value.sequence === 1 && written.value.epoch !== second.found[0]?.epoch);
  await second.close();
});

test('an end that was removed cleanly is seen by what the server has confirmed, and by the head outside', async () => {
  await at.write('a', 'b', 'c');
  const opened = await at.open();
  const head = opened.found[2];
  await opened.close();
  assert.ok(head);
  const text = readFileSync(segment(), 'utf8');
  truncateSync(segment(), text.indexOf('\n') + 1);
  const byServer = await at.open({ uploadedOf: () => 2 });
  assert.deepEqual(byServer.repaired, { journal: 'rolled-back', missing: '2' });
  await byServer.close();
  const byHead = await at.open({ outside: { head, restored: false } });
  assert.deepEqual(byHead.repaired, { journal: 'rolled-back', missing: '2-3' });
  const written = await byHead.append(fact('d'));
  assert.ok(written.ok && written.value.epoch !== head.epoch);
  await byHead.close();
  const emptied = createTestFolder();
  const gone = await emptied.open({ outside: { head, restored: false } });
  assert.deepEqual(gone.repaired, { journal: 'rolled-back', missing: '1-3' });
  await gone.close();
  emptied.remove();
});

test('an older copy of the whole folder is not gone on with', async () => {
  await at.write('a');
  const opened = await at.open({ outside: { head: null, restored: true } });
  assert.deepEqual(opened.repaired, { journal: 'rolled-back' });
  const written = await opened.append(fact('b'));
  assert.ok(written.ok && written.value.sequence === 1);
  await opened.close();
});

test('an end that was removed together with what the folder knows of it is seen by the keychain', async () => {
  await at.write('a', 'b', 'c');
  const opened = await at.open();
  const [first, , last] = opened.found;
  await opened.close();
  assert.ok(first && last);
  const { epoch, sequence } = last;
  const sound = await at.open({ outside: { head: last, restored: false, anchor: { epoch, sequence: 2 } } });
  assert.equal(sound.repaired, null, 'it is told more seldom');
  await sound.close();
  const text = readFileSync(segment(), 'utf8');
  truncateSync(segment(), text.indexOf('\n') + 1);
  const put = await at.open({ outside: { head: first, restored: false, anchor: { epoch, sequence } } });
  assert.deepEqual(put.repaired, { journal: 'rolled-back', missing: '2-3' });
  const written = await put.append(fact('d'));
  assert.ok(written.ok && written.value.epoch !== epoch);
  await put.close();
});

test('a record that somebody without the key has written is told, and so is a chain that was made anew', async () => {
  await at.write('a', 'b');
  const { records } = readSegment(readFileSync(segment()), key);
  const [first, second] = records;
  assert.ok(first && second);
  const { hash: _, ...rest } = second;
  const forged = sealRecord({ ...rest, facts: { ...rest.facts, reason: 'forged' } });
  writeFileSync(segment(), `${JSON.stringify(first)}\n${JSON.stringify(forged)}\n`);
  const opened = await at.open();
  assert.deepEqual(opened.repaired, { journal: 'unproven', unproven: 2 });
  await opened.close();
});

test('what somebody without the key puts in the place of damage that was told is told too', async () => {
  await at.write('1', '2', '3');
  writeFileSync(segment(), readFileSync(segment(), 'utf8').replace('"reason":"2"', '"reason":"5"'));
  assert.equal(await missingAfter(), '2');
  const { records } = readSegment(readFileSync(segment()), key);
  writeFileSync(segment(), records.map((record) => writeLine(record, Buffer.alloc(32, 9))).join(''));
  const opened = await at.open();
  assert.deepEqual(opened.repaired, { journal: 'unproven', unproven: 2 });
  await opened.close();
});

test('a segment that cannot be read costs what stands in it: it is told once, and all others are there', async () => {
  for (const run of [['1', '2'], ['3'], ['4', '5']]) await at.write(...run);
  const unreadable = at.segments()[1] ?? assert.fail();
  const bytes = readFileSync(unreadable);
  rmSync(unreadable);
  mkdirSync(unreadable);
  const opened = await at.open();
  assert.deepEqual(opened.repaired, { journal: 'unreadable', missing: '3', broken: 1 });
  assert.deepEqual(reasonsOf(opened.found), ['1', '2', '4', '5']);
  const written = await opened.append(fact('6'));
  assert.ok(written.ok && written.value.sequence === 6);
  await opened.close();
  const { isWhole, records } = await readRecords(at.folder, key);
  assert.deepEqual([isWhole, reasonsOf(records)], [false, ['1', '2', '4', '5', '6']]);

  const aside = at.segments()[1] ?? assert.fail();
  rmSync(aside, { recursive: true });
  writeFileSync(aside, bytes);
  const again = await at.open();
  assert.deepEqual([again.repaired, reasonsOf(again.found)], [null, ['1', '2', '3', '4', '5', '6']]);
  await again.close();
});

test('where the newest segment cannot be read no number is used that may stand in it', async () => {
  await at.write('1', '2');
  await at.write('3');
  const newest = at.segments().at(-1) ?? assert.fail();
  rmSync(newest);
  mkdirSync(newest);
  const [first] = (await readRecords(at.folder, key)).records;
  const head = { epoch: first?.epoch ?? '', sequence: 3, hash: '' };
  const opened = await at.open({ outside: { head, restored: false } });
  assert.deepEqual(opened.repaired, { journal: 'unreadable', missing: '3', broken: 1 });
  const written = await opened.append(fact('4'));
  assert.ok(written.ok && written.value.sequence === 1 && written.value.epoch !== opened.found[0]?.epoch);
  await opened.close();
});

test('a segment that was taken away whole is told by the numbers that are missing, until the server has what comes after', async () => {
  for (const run of [['1', '2'], ['3'], ['4', '5']]) await at.write(...run);
  rmSync(at.segments()[1] ?? assert.fail());
  const opened = await at.open();
  assert.deepEqual(opened.repaired, { journal: 'damaged', missing: '3' });
  assert.deepEqual(reasonsOf(opened.found), ['1', '2', '4', '5']);
  const written = await opened.append(fact('6'));
  assert.ok(written.ok && written.value.sequence === 6);
  await opened.close();
  const again = await at.open({ uploadedOf: () => 6 });
  assert.equal(again.repaired, null);
  await again.close();
});

/** Puts a folder in its place. */
const makeUnreadable = (path: string): void => {
  rmSync(path);
  mkdirSync(path);
};
const placeOf = (written: Awaited<ReturnType<Journal['append']>>) =>
  written.ok ? { epoch: written.value.epoch, sequence: written.value.sequence } : assert.fail();

/** A journal of two records in an older epoch and of three in a newer one, whose segments hold two and one. */
const writeTwoEpochs = async () => {
  await at.write('1', '2');
  const opened = await at.open({ outside: { head: null, restored: true } });
  const newer = placeOf(await opened.append(fact('a'))).epoch;
  await opened.append(fact('b'));
  await opened.close();
  const again = await at.open();
  const head = placeOf(await again.append(fact('c')));
  await again.close();
  assert.deepEqual(head, { epoch: newer, sequence: 3 });
  return { ...head, hash: '' };
};
const missingAfter = async (deps: Parameters<TestFolder['open']>[0] = {}) => {
  const opened = await at.open(deps);
  await opened.close();
  return opened.repaired?.['missing'];
};

test('where all of a newer epoch cannot be read its numbers are named, and none of the epoch before it', async () => {
  const head = await writeTwoEpochs();
  for (const path of at.segments().slice(1)) makeUnreadable(path);
  assert.equal(await missingAfter({ outside: { head, restored: false } }), '1-3');
});

test('where the first segment of an epoch cannot be read the numbers before the next are named', async () => {
  const head = await writeTwoEpochs();
  makeUnreadable(at.segments()[1] ?? assert.fail());
  assert.equal(await missingAfter({ outside: { head, restored: false } }), '1-2');
  assert.equal(await missingAfter({ outside: { head, restored: false } }), undefined, 'and once only');
});

test('where the last segment of an older epoch cannot be read the numbers behind the one before are named', async () => {
  await at.write('1', '2');
  await at.write('3');
  await at.write('4');
  const opened = await at.open({ outside: { head: null, restored: true } });
  const head = { ...placeOf(await opened.append(fact('a'))), hash: '' };
  await opened.close();
  makeUnreadable(at.segments()[2] ?? assert.fail());
  assert.equal(await missingAfter({ outside: { head, restored: false } }), '4');
});

test('damage that was told is not named again with what is damaged later', async () => {
  for (const run of [['1', '2'], ['3'], ['4', '5'], ['6'], ['7']]) await at.write(...run);
  makeUnreadable(at.segments()[1] ?? assert.fail());
  assert.equal(await missingAfter(), '3');
  makeUnreadable(at.segments()[3] ?? assert.fail());
  assert.equal(await missingAfter(), '6');
});

test('a first segment that was taken away whole is told while the server has yet to get it', async () => {
  const head = await writeTwoEpochs();
  const uploadedOf = (epoch: string): number => (epoch === head.epoch ? 0 : 2);
  rmSync(at.segments()[1] ?? assert.fail());
  const opened = await at.open({ outside: { head, restored: false }, uploadedOf });
  assert.deepEqual(opened.repaired, { journal: 'damaged', missing: '1-2' });
  await opened.close();
});
