import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { roles } from '#contract/api/row.ts';
import { assurance } from '#contract/card.ts';
import { type FactorRule, policy, profileName } from '#contract/policy.ts';
import { lockReason, type SecretFactor } from '#contract/screen.ts';
import { createDecider, graceUntil, type LastSession, type Situation } from './decide.ts';
import { findPolicyProblems, policyOf } from './profiles.ts';

/** Wednesday, 25 November 2026, 09:30 in Tokyo. */
const wednesday = Date.UTC(2026, 10, 25, 0, 30);
const hour = 3_600_000;
const nurse: Situation = {
  roles: ['clinician'],
  group: '3東',
  assurance: 'identifier',
  isIn: () => false,
  at: wednesday,
  usable: ['pin', 'totp'],
};
const decide = (rules: unknown[], change: Partial<Situation> = {}) =>
  createDecider(policy.parse({ factors: rules }))({ ...nurse, ...change });

describe('the factors that a card needs', () => {
  it('are PIN or TOTP, PIN first, without any rule', () => {
    assert.deepEqual(decide([]), { kind: 'ask', all: false, factors: ['pin', 'totp'], rule: null });
    assert.deepEqual(decide([], { usable: ['totp'] }), { kind: 'ask', all: false, factors: ['totp'], rule: null });
    assert.deepEqual(decide([], { usable: [] }), { kind: 'refuse', reason: 'no-usable-factor', rule: null });
  });

  it('come from the first rule that fits', () => {
    const rules = [
      { name: 'admins', when: { roles: ['admin'] }, demand: { kind: 'all', factors: ['totp', 'pin'] } },
      { name: 'pharmacy', when: { groups: ['薬剤部'] }, demand: { kind: 'any', factors: ['totp'] } },
      { name: 'everybody', demand: { kind: 'any', factors: ['pin'] } },
    ];
    assert.deepEqual(decide(rules, { roles: ['clinician', 'admin'], group: '薬剤部' }), {
      kind: 'ask',
      all: true,
      factors: ['pin', 'totp'],
      rule: 'admins',
    });
    const pharmacy = { kind: 'ask', all: false, factors: ['totp'], rule: 'pharmacy' };
    assert.deepEqual(decide(rules, { group: '薬剤部' }), pharmacy);
    assert.deepEqual(decide(rules), { kind: 'ask', all: false, factors: ['pin'], rule: 'everybody' });
    const half = decide(rules, { roles: ['admin'], usable: ['pin'] });
    assert.deepEqual(half, { kind: 'refuse', reason: 'no-usable-factor', rule: 'admins' });
  });

  it('depend on the card, the network and the hour', () => {
    const refuse = { kind: 'refuse' };
    const card = [{ name: 'copies', when: { assurance: ['identifier'] }, demand: refuse }];
    assert.deepEqual(decide(card), { kind: 'refuse', reason: 'policy-rule', rule: 'copies' });
    assert.equal(decide(card, { assurance: 'pki' }).kind, 'ask');
    const outside = [{ name: 'outside', when: { networks: ['192.0.2.0/24'] }, demand: refuse }];
    assert.equal(decide(outside, { isIn: (network) => network === '192.0.2.0/24' }).kind, 'refuse');
    assert.equal(decide(outside).kind, 'ask');
  });

  it('know hours in the hospital’s zone, past midnight too', () => {
    const during = (hours: object, at: number) =>
      decide([{ name: 'hours', when: { hours }, demand: { kind: 'refuse' } }], { at }).kind;
    const day = { days: [3], from: '08:00', to: '09:31' };
    assert.equal(during(day, wednesday), 'refuse');
    assert.equal(during(day, wednesday + 60_000), 'ask', 'the end is not within');
    assert.equal(during({ ...day, days: [2, 4] }, wednesday), 'ask');
    const night = { days: [3], from: '22:00', to: '06:00' };
    assert.equal(during(night, wednesday + 13 * hour), 'refuse', 'Wednesday 22:30');
    assert.equal(during(night, wednesday + 20 * hour), 'refuse', 'Thursday 05:30');
    assert.equal(during(night, wednesday - 4 * hour), 'ask', 'Wednesday 05:30 belongs to Tuesday’s night');
    assert.equal(during({ days: [3], from: '00:00', to: '24:00' }, wednesday), 'refuse');
  });
});

const secrets = fc.subarray<SecretFactor>(['pin', 'totp']);
const someRoles = fc.subarray([...roles]);
const time = fc
  .integer({ min: 0, max: 1439 })
  .map((m) => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`);
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const rule = fc.record({
  name: fc.constant('rule'),
  when: fc.record({
    roles: optional(fc.subarray([...roles], { minLength: 1 })),
    groups: optional(fc.constant(['3東'])),
    assurance: optional(fc.subarray(assurance.options, { minLength: 1 })),
    networks: optional(fc.constant(['10.0.0.0/8'])),
    hours: optional(fc.record({ days: fc.subarray([0, 1, 2, 3, 4, 5, 6], { minLength: 1 }), from: time, to: time })),
  }),
  demand: fc.oneof(
    fc.constant({ kind: 'refuse' as const }),
    fc.record({
      kind: fc.constantFrom('any' as const, 'all' as const),
      factors: fc.subarray<SecretFactor>(['pin', 'totp'], { minLength: 1 }),
    }),
  ),
});
const situation = fc.record({
  roles: someRoles,
  group: fc.constantFrom('', '3東', '薬剤部'),
  assurance: fc.constantFrom(...assurance.options),
  isIn: fc.boolean().map((yes) => () => yes),
  at: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  usable: secrets,
});

describe('whatever the policy and the situation', () => {
  it('a card asks for one secret or more, each of which may be tried and is in the rule', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...profileName.options),
        fc.array(rule, { maxLength: 6 }),
        situation,
        (name, rules, given) => {
          const draft = policyOf(name, { factors: rules as FactorRule[] });
          fc.pre(findPolicyProblems(draft).length === 0);
          const decision = createDecider(draft)(given);
          if (decision.kind === 'refuse') return;
          assert.ok(decision.factors.length >= 1);
          for (const factor of decision.factors) assert.ok(given.usable.includes(factor));
          const deciding = draft.factors.find(
            (one) =>
              one.demand.kind !== 'refuse' &&
              decision.factors.every((factor) => one.demand.kind !== 'refuse' && one.demand.factors.includes(factor)),
          );
          assert.ok(deciding !== undefined || draft.factors.length === 0 || !decision.all);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('grace opens for the same card and person, after a willing end of a login by two factors, within its minutes', () => {
    const last = fc.record({
      samePerson: fc.boolean(),
      sameCard: fc.boolean(),
      endedAt: fc.integer({ min: 0, max: 2 * hour }),
      reason: fc.constantFrom<string>(...lockReason.options),
      byFactors: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...profileName.options),
        fc.integer({ min: 0, max: 60 }),
        someRoles,
        fc.option(last),
        fc.integer({ min: 0, max: 3 * hour }),
        (name, minutes, held, ended, now) => {
          const draft = policyOf(name, { grace: { minutes } });
          fc.pre(findPolicyProblems(draft).length === 0);
          const until = graceUntil(draft, held, ended as LastSession | null, now);
          if (until === null) return;
          assert.ok(ended?.samePerson && ended.sameCard && ended.byFactors);
          assert.ok(['same-card', 'button'].includes(String(ended.reason)));
          assert.ok(until > now && until - ended.endedAt <= 15 * 60_000);
          assert.equal(name, 'jp-mhlw-6.0');
          assert.deepEqual(held, ['clinician']);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('grace does open when all of it holds', () => {
    const draft = policyOf('jp-mhlw-6.0', { grace: { minutes: 5 } });
    const ended: LastSession = { samePerson: true, sameCard: true, endedAt: 0, reason: 'button', byFactors: true };
    assert.equal(graceUntil(draft, ['clinician'], ended, 60_000), 300_000);
    assert.equal(graceUntil(draft, ['clinician'], ended, 300_000), null);
    assert.equal(graceUntil(draft, ['clinician'], null, 0), null);
  });
});
