import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCopyWriter } from './copy.ts';
import { timeOf } from './uuid.ts';

const uuid = '0198c0de-00af-7bcd-8ef0-123456789abc';
const start = '5047434f50590aff0d0a000000000000000000';
const end = 'ffff';

test('each kind of value is written in the binary form of COPY, also where the room has to grow', () => {
  for (const room of [1, 30, 1000]) {
    const writer = createCopyWriter(Buffer.alloc(room));
    writer.row(11);
    writer.text('a山𠮟');
    writer.text(null);
    writer.uuid(uuid.toUpperCase());
    writer.uuid(null);
    writer.bigint(2 ** 40 + 2 ** 31 + 1);
    writer.bigint(-1);
    writer.smallint(-2);
    writer.timestamp(new Date('2000-01-01T00:00:01.001Z'));
    writer.jsonb({ a: '山' });
    writer.texts([]);
    writer.texts(['card', 'pin']);
    const columns = [
      '000b',
      `0000000861${Buffer.from('山𠮟').toString('hex')}`,
      'ffffffff',
      `00000010${uuid.replaceAll('-', '')}`,
      'ffffffff',
      '000000080000010080000001',
      '00000008ffffffffffffffff',
      '00000002fffe',
      '0000000800000000000f4628',
      `0000000c01${Buffer.from('{"a":"山"}').toString('hex')}`,
      '0000000c000000000000000000000019',
      `00000023000000010000000000000019000000020000000100000004${Buffer.from('card').toString('hex')}00000003${Buffer.from('pin').toString('hex')}`,
    ];
    assert.equal(writer.end().toString('hex'), [start, ...columns, end].join(''), `room for ${room}`);
  }
});

test('what was written before is written again as it was, a text and an identifier of the same letters each in its own form', () => {
  for (const room of [1, 200, 4000]) {
    const writer = createCopyWriter(Buffer.alloc(room));
    const text = (value: string): string => {
      const bytes = Buffer.from(value);
      return `${bytes.length.toString(16).padStart(8, '0')}${bytes.toString('hex')}`;
    };
    const long = '山'.repeat(60);
    const bare = `00000010${uuid.replaceAll('-', '')}`;
    const wanted: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      for (const value of ['', '山', '𠮟る', 'minor', `minor ${round}`, long, uuid]) {
        writer.text(value);
        wanted.push(text(value));
      }
      for (const value of [uuid, uuid.toUpperCase()]) {
        writer.uuid(value);
        wanted.push(bare);
      }
    }
    assert.equal(writer.end().toString('hex'), [start, ...wanted, end].join(''), `room for ${room}`);
    assert.throws(() => writer.uuid('minor'), TypeError);
  }
});

test('a fresh identifier is one of its time, and each is another', () => {
  const at = new Date('2026-11-22T06:00:00.123Z');
  const writer = createCopyWriter();
  writer.row(1000);
  for (let count = 0; count < 1000; count += 1) writer.freshUuid(at);
  const bytes = writer.end().subarray(start.length / 2 + 2, -2);
  const drawn = Array.from({ length: 1000 }, (_, place) => {
    assert.equal(bytes.readInt32BE(place * 20), 16);
    return bytes.subarray(place * 20 + 4, place * 20 + 20).toString('hex');
  });
  assert.equal(new Set(drawn).size, 1000);
  for (const one of drawn) {
    assert.match(one, /^.{12}7.{3}[89ab].{15}$/);
    assert.deepEqual(timeOf(one), at);
  }
});

test('what is no UUID is not written as one', () => {
  const wrong = [
    '',
    uuid.slice(1),
    `${uuid}0`,
    `g${uuid.slice(1)}`,
    `${uuid.slice(0, -1)}š`,
    `š${uuid.slice(2)}`,
    `ā${uuid.slice(1)}`,
  ];
  for (const one of wrong) assert.throws(() => createCopyWriter().uuid(one), TypeError, one);
});
