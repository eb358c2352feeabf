import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { roles } from '#contract/api/row.ts';
import { clinicianRights, judgeSubstitute, sessionEnd, substituteTerms } from './substitutes.ts';

const hour = 3_600_000;
const now = 1_000 * hour;
const rules = { hours: 12, uses: 60 };

describe('a substitute', () => {
  it('has what policy allows unless helpdesk asks for less, and never more', () => {
    assert.deepEqual(substituteTerms(rules, {}, now), { startsAt: now, endsAt: now + 12 * hour, mostUses: 60 });
    assert.deepEqual(substituteTerms(rules, { startsAt: now + hour, hours: 8, uses: 1 }, now), {
      startsAt: now + hour,
      endsAt: now + 9 * hour,
      mostUses: 1,
    });
    assert.equal(substituteTerms(rules, { hours: 13 }, now), undefined);
    assert.equal(substituteTerms(rules, { uses: 61 }, now), undefined);
    assert.equal(substituteTerms(rules, { startsAt: now + 25 * hour }, now), undefined);
  });

  it('is not stretched by a start that has passed', () => {
    assert.equal(substituteTerms(rules, { startsAt: now - 5 * hour }, now)?.endsAt, now + 12 * hour);
  });

  it('is in force from its start, before its end, and while uses are left', () => {
    const facts = { startsAt: now, endsAt: now + hour, uses: 1, mostUses: 2 };
    assert.equal(judgeSubstitute(facts, now - 1), 'not-begun');
    assert.equal(judgeSubstitute(facts, now), 'in-force');
    assert.equal(judgeSubstitute(facts, now + hour - 1), 'in-force');
    assert.equal(judgeSubstitute(facts, now + hour), 'time');
    assert.equal(judgeSubstitute({ ...facts, uses: 2 }, now), 'uses');
  });

  it('never passes the policy, and is in force at no moment outside of its time, whatever is asked', () => {
    const asked = fc.record(
      { startsAt: fc.integer({ min: -1e13, max: 1e13 }), hours: fc.integer({ min: 1, max: 200 }), uses: fc.nat(2000) },
      { requiredKeys: [] },
    );
    const policy = fc.record({ hours: fc.integer({ min: 1, max: 168 }), uses: fc.integer({ min: 1, max: 1000 }) });
    fc.assert(
      fc.property(policy, asked, fc.nat(1000), fc.integer({ min: -1e13, max: 1e13 }), (given, wanted, uses, at) => {
        const terms = substituteTerms(given, wanted, now);
        if (terms === undefined) return;
        assert.ok(terms.startsAt >= now);
        assert.ok(terms.endsAt - terms.startsAt <= given.hours * hour);
        assert.ok(terms.mostUses <= given.uses);
        if (judgeSubstitute({ ...terms, uses }, at) !== 'in-force') return;
        assert.ok(at >= terms.startsAt && at < terms.endsAt && uses < terms.mostUses);
        assert.ok(sessionEnd(at, 720, terms.endsAt) <= terms.endsAt, 'a session does not outlive it');
      }),
    );
  });
});

it('a clinician’s rights are never more than somebody has, and never those of another role', () => {
  fc.assert(
    fc.property(fc.subarray([...roles]), (held) => {
      for (const role of clinicianRights(held)) assert.ok(role === 'clinician' && held.includes(role));
    }),
  );
});
