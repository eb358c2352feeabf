import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventKinds } from '../audit.ts';
import { isPlainReport } from './plain-report.ts';
import { terminals } from './terminals.ts';

const { body } = terminals['terminals/report'];
const uuid = '0198c0de-0000-7000-8000-00000000000a';
const hash = 'a1'.repeat(32);

const facts = {
  kind: 'offline.opened',
  outcome: 'success',
  person: uuid,
  actor: null,
  card: uuid,
  attempt: uuid,
  session: uuid,
  ceremony: null,
  factors: ['card', 'pin'],
  reason: 'same-card',
  supportCode: 'AAA-AAA-AAA',
  detail: { reader: 'ACS ACR1252 Reader 00', seconds: 4.5, again: true },
};
const record = { epoch: uuid, sequence: 7, previous: hash, at: '2026-02-28T09:30:00.000+09:00', facts, hash };
const lean = { ...record, facts: { kind: 'link.lost', outcome: 'minor', factors: [], detail: {} } };
const report = { records: [record, lean], incarnation: uuid, after: 6, signature: 'c2lnbmVk' };

/** What may stand in the place of anything. */
const others: readonly unknown[] = [
  ...[undefined, null, true, 0, 1, -1, 1.5, 2 ** 53, 1e308 * 10, '', 'x', [], {}, ['pin'], ['nothing'], [null]],
  ...['x'.repeat(16), 'x'.repeat(17), 'x'.repeat(80), 'x'.repeat(81), 'x'.repeat(200), 'x'.repeat(201)],
  ...[uuid.toUpperCase(), `${uuid}0`, uuid.replaceAll('-', ''), '00000000-0000-0000-0000-000000000000', `${uuid}\n`],
  ...[hash.toUpperCase(), `${hash}0`, `${hash}\n`, '2026-02-30T00:00:00Z', '2028-02-29T00:00:00Z', '2026-01-01'],
  ...['9999-12-31T23:59:59.999999Z', '2026-01-01T24:00:00Z', 'success', 'screen.opened', 'toString', '__proto__'],
  ...[{ a: 'x'.repeat(200) }, { a: 'x'.repeat(201) }, { ['k'.repeat(40)]: 1 }, { ['k'.repeat(41)]: 1 }, { a: null }],
  ...[{ a: [] }, { a: Number.NaN }, JSON.parse('{"__proto__":1}'), { constructor: 1 }, { 7: 1, a: 2 }],
];
const names = ['extra', '__proto__', 'constructor', 'terminal', 'mac', 'toString', '0'] as const;

const gone = Symbol('gone');
const ownOf = (value: unknown) => ({ value, enumerable: true, writable: true, configurable: true });

/** Everything that differs from a value in one place: a member that is another one, is gone, or is too much. */
function* variantsOf(value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return;
  const changed = (name: string, put: unknown): unknown => {
    if (Array.isArray(value)) return value.toSpliced(Number(name), 1, ...(put === gone ? [] : [put]));
    const given = put === gone ? [] : [[name, put] as const];
    const kept = Object.entries(value).filter(([other]) => other !== name);
    return Object.defineProperties(
      {},
      Object.fromEntries([...kept, ...given].map(([each, own]) => [each, ownOf(own)])),
    );
  };
  for (const [name, member] of Object.entries(value)) {
    for (const other of [gone, ...others, ...variantsOf(member)]) yield changed(name, other);
  }
  if (!Array.isArray(value)) for (const name of names) yield changed(name, 'x');
}

test('what is plain the schema takes as it stands, whatever is changed in a report', () => {
  let [plain, other] = [0, 0];
  for (const variant of variantsOf(report)) {
    if (!isPlainReport(variant)) {
      other += 1;
      continue;
    }
    plain += 1;
    const taken = body.safeParse(variant);
    assert.ok(taken.success, JSON.stringify(variant));
    assert.deepEqual(taken.data, variant);
  }
  assert.ok(plain > 50 && other > 1_000, `${plain} plain ones, ${other} others`);
});

test('what a terminal sends is plain, with every kind of event and up to 500 records', () => {
  for (const kind of Object.keys(eventKinds))
    assert.ok(isPlainReport({ records: [{ ...record, facts: { ...facts, kind } }] }), kind);
  assert.ok(isPlainReport({ records: Array.from({ length: 500 }, () => record) }));
  assert.ok(!isPlainReport({ records: Array.from({ length: 501 }, () => record) }));
  assert.ok(!isPlainReport({ records: [] }) && !isPlainReport([]) && !isPlainReport(null));
});
