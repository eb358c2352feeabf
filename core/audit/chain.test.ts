import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventFacts, type JournalRecord, journalRecord } from '#contract/audit.ts';
import { type ChainHead, canonical, canonicalRecord, findFault, firstPrevious, sealRecord } from './chain.ts';

const epoch = '6f1c2a8e-4f1d-4c3b-9a57-0d8f2b6e1c33';

function chainOf(reasons: readonly string[]): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (const reason of reasons) {
    records.push(
      sealRecord({
        epoch,
        sequence: records.length + 1,
        previous: records.at(-1)?.hash ?? firstPrevious,
        at: '2026-11-22T06:00:00.000Z',
        facts: eventFacts.parse({
          kind: 'screen.locked',
          outcome: 'success',
          reason,
          detail: { count: records.length },
        }),
      }),
    );
  }
  return records;
}

function firstFaultAt(records: readonly JournalRecord[]): number {
  let head: ChainHead | null = null;
  for (const [index, record] of records.entries()) {
    if (findFault(record, head) !== null) return index;
    head = record;
  }
  return -1;
}

const reasons = fc.array(fc.string({ maxLength: 40, unit: 'binary' }), { minLength: 2, maxLength: 12 });

test('the canonical form of a value has one spelling, whatever the order of its members', () => {
  assert.equal(canonical({ b: [1, 'x', null], a: { d: true, c: undefined } }), '{"a":{"d":true},"b":[1,"x",null]}');
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      assert.equal(canonical(turned), canonical(value));
      assert.deepEqual(JSON.parse(canonical(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('what JSON cannot carry is thrown and not silently left out', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 0, [undefined]]) {
    assert.throws(() => canonical(value), TypeError);
  }
});

const optional = <Value>(value: fc.Arbitrary<Value>) =>
  fc.option(fc.oneof(value, fc.constant(null)), { nil: undefined });

test('the form of a record is the canonical form of its members, whatever they hold', () => {
  const facts = fc.record({
    kind: fc.constant('screen.locked' as const),
    outcome: fc.constantFrom('success' as const, 'major' as const),
    factors: fc.subarray(['card', 'pin', 'totp'] as const),
    detail: fc.dictionary(
      fc.oneof(fc.string({ unit: 'binary' }), fc.nat().map(String)),
      fc.oneof(fc.string({ unit: 'binary' }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()),
    ),
    reason: optional(fc.string({ unit: 'binary' })),
    supportCode: optional(fc.string()),
    ...Object.fromEntries(
      ['person', 'actor', 'card', 'attempt', 'session', 'ceremony'].map((name) => [name, optional(fc.uuid())]),
    ),
  });
  const at = fc.constantFrom('2026-11-22T06:00:00.000Z', '2026-11-22T15:00:00+09:00');
  fc.assert(
    fc.property(facts, at, fc.nat(), (some, time, sequence) => {
      const record = { epoch, sequence, previous: firstPrevious, at: time, facts: some as JournalRecord['facts'] };
      assert.equal(canonicalRecord(record), canonical(record));
    }),
  );
});

test('the hash of a known record is the one that any SHA-256 gives over its canonical form', () => {
  const [record] = chainOf(['same-card']);
  // printf '%s' "$canonical" | sha256sum
  assert.equal(record?.hash, '90ae6a0f870ab4b0612314e19fb1f8273b4e43641827c7217697169ddb9f8755');
});

test('a record reads the same after a journey as text', () => {
  fc.assert(
    fc.property(reasons, (said) => {
      const back = chainOf(said).map((record) => journalRecord.parse(JSON.parse(JSON.stringify(record))));
      assert.equal(firstFaultAt(back), -1);
    }),
  );
});

test('a changed, removed, inserted or swapped record is found at its place', () => {
  fc.assert(
    fc.property(reasons, fc.nat(), (said, chance) => {
      const records = chainOf(said);
      const at = chance % (records.length - 1);
      const [here, next] = [records[at], records[at + 1]];
      assert.ok(here && next);
      const changed = records.with(at, { ...here, facts: { ...here.facts, reason: `${here.facts.reason}!` } });
      assert.equal(firstFaultAt(changed), at);
      assert.equal(firstFaultAt(records.toSpliced(at, 1)), at);
      assert.equal(firstFaultAt(records.toSpliced(at, 0, here)), at + 1);
      assert.equal(firstFaultAt(records.with(at, next).with(at + 1, here)), at);
      const resealed = records.with(at, sealRecord({ ...here, at: '2026-11-22T07:00:00.000Z' }));
      assert.equal(firstFaultAt(resealed), at + 1);
    }),
  );
});
