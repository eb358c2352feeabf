import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { LogFilter } from '#contract/api/log-filter.ts';
import type { TerminalId } from '#contract/ids.ts';
import { openTestDatabase, type TestDatabase } from '../testing-cluster.ts';
import { mostUnseen } from './event-seams.ts';
import { sumEvents } from './event-sums.ts';
import { record } from './events.ts';
import { listEvents } from './log.ts';
import { settledSeq } from './log-lines.ts';
import { findRange } from './log-range.ts';

const zone = 'Asia/Tokyo';
/** Saturday, half past one in the night in Tokyo; in Greenwich it is Friday. */
const now = new Date('2026-11-27T16:30:00Z');
const terminal = randomUUID() as TerminalId;
let opened: TestDatabase;

const write = (at: string, reason = at, facts: { terminal?: TerminalId } = {}) =>
  opened.database.transaction((tx) =>
    record(tx, new Date(at), { kind: 'guard.started', outcome: 'success', reason, ...facts }),
  );
const find = async (filter: LogFilter, limit = 50): Promise<string[]> => {
  const found: string[] = [];
  for (let before: string | undefined; ; ) {
    const page = await opened.database.transaction(async (tx) => {
      const range = await findRange(tx, now, filter, zone);
      return listEvents(tx, now, { ...filter, range, limit, before: before as never });
    });
    found.push(...page.map(({ reason }) => reason ?? ''));
    before = page.at(-1)?.id;
    if (page.length < limit || before === undefined) return found;
  }
};

/** Over two months, three lines to each day of Tokyo: its first and last millisecond, and noon. */
const days = Array.from({ length: 62 }, (_, index) =>
  new Date(Date.parse('2026-09-28T00:00:00Z') + index * 86_400_000).toISOString().slice(0, 10),
).filter((day) => day <= '2026-11-27');
const linesOf = (day: string): string[] => [
  `${day}T00:00:00.000+09:00`,
  `${day}T12:00:00.000+09:00`,
  `${day}T23:59:59.999+09:00`,
];
const expected = (wanted: (day: string) => boolean): string[] => days.filter(wanted).flatMap(linesOf).toReversed();

before(async () => {
  opened = await openTestDatabase();
  for (const [index, line] of days.flatMap(linesOf).entries())
    await write(line, line, index % 7 === 0 ? { terminal } : {});
  await write('2026-11-28T00:00:00.000+09:00');
  await write('2026-11-28T01:29:00.000+09:00');
});
after(() => opened.close());

describe('the log within a time', () => {
  const today = ['2026-11-28T01:29:00.000+09:00', '2026-11-28T00:00:00.000+09:00'];

  test('days are those of the hospital, whichever they are in Greenwich', async () => {
    assert.deepEqual(await find({ period: 'today' }), today);
    assert.deepEqual(
      await find({ period: 'yesterday' }),
      expected((day) => day === '2026-11-27'),
    );
    assert.deepEqual(await find({ period: 'week' }), [...today, ...expected((day) => day >= '2026-11-22')]);
    assert.deepEqual(await find({ period: 'month' }), [...today, ...expected((day) => day >= '2026-11-01')]);
  });

  test('a day or a minute at the end is the last one, and pages of any size say the same', async () => {
    for (const limit of [1, 2, 5, 50]) {
      assert.deepEqual(
        await find({ from: '2026-10-30', to: '2026-11-02' }, limit),
        expected((day) => day >= '2026-10-30' && day <= '2026-11-02'),
      );
    }
    assert.deepEqual(await find({ from: '2026-10-05T12:00', to: '2026-10-05T12:00' }), [
      '2026-10-05T12:00:00.000+09:00',
    ]);
    assert.deepEqual(await find({ from: '2026-10-05T12:01', to: '2026-10-05T23:58' }), []);
    assert.deepEqual(
      await find({ to: '2026-09-28' }),
      expected((day) => day === '2026-09-28'),
    );
    assert.deepEqual(await find({ from: '2027-01-01' }), []);
    assert.deepEqual(
      await find({ from: '2026-11-20', period: 'yesterday' }),
      expected((day) => day === '2026-11-27'),
    );
  });

  test('another filter narrows it further', async () => {
    const own = days.flatMap(linesOf).filter((_, index) => index % 7 === 0);
    const wanted = own.filter((line) => line >= '2026-10-10' && line < '2026-11-11').toReversed();
    for (const limit of [3, 50])
      assert.deepEqual(await find({ terminal, from: '2026-10-10', to: '2026-11-10' }, limit), wanted);
  });

  test('what was written under a clock that was wrong is found by the time that it was given', async () => {
    const { database } = opened;
    const giveUpNumber = () => database.query(`select nextval('event_seq')`);
    const finds = async (): Promise<void> => {
      assert.deepEqual(await find({ from: '2026-10-20', to: '2026-10-20' }), [
        'a month late',
        ...expected((day) => day === '2026-10-20'),
      ]);
      assert.deepEqual(await find({ from: '2026-12-01' }), ['a month ahead']);
      assert.deepEqual(await find({ from: '2026-11-28', to: '2026-11-28' }), ['right again', ...today]);
    };
    const isQuick = async (): Promise<boolean> => {
      const day = { from: '2026-10-05', to: '2026-10-05' };
      const range = await database.transaction((tx) => findRange(tx, now, day, zone));
      return range?.lowest !== null && range?.highest !== null;
    };
    await write('2026-10-20T18:00:00.000+09:00', 'a month late');
    await giveUpNumber();
    await write('2026-12-24T18:00:00.000+09:00', 'a month ahead');
    await giveUpNumber();
    await write('2026-11-28T01:29:30.000+09:00', 'right again');
    // Nothing was looked at yet; a server of the version before has counted them all.
    await finds();
    assert.ok(await isQuick());
    await database.query('update event_sum_end set seq = (select last_value from event_seq)');
    while (await database.transaction(async (tx) => sumEvents(tx, await settledSeq(tx), 1)));
    assert.equal((await database.query('select from event_seam')).length, 2);
    await finds();
    assert.ok(await isQuick());
    // So many were not looked at that no number is trusted.
    await database.query('delete from event_seam');
    await database.query('update event_seam_end set seq = 0');
    await database.query(`select setval('event_seq', $1)`, [mostUnseen + 1]);
    await finds();
    assert.ok(!(await isQuick()));
  });
});
