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

const someRoles = fc.subarray([...roles]);
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const time = fc
  .integer({ min: 0, max: 1440 })
  .map((m) => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`);
const groups = ['3東', '薬剤部', 'ICU'];
const networks = ['10.0.0.0/8', '192.0.2.0/24', '2001:db8::/32'];
const some = <Value>(from: readonly Value[]) => fc.subarray([...from], { minLength: 1 });
/** Whatever the contract takes for a rule, in any order and with the same factor named twice. */
const rule: fc.Arbitrary<FactorRule> = fc.record({
  name: fc.string({ minLength: 1, maxLength: 8 }).map((name) => `r ${name}`.trim()),
  when: fc.record({
    roles: optional(some(roles)),
    groups: optional(some(groups)),
    assurance: optional(some(assurance.options)),
    networks: optional(some(networks)),
    hours: optional(fc.record({ days: some([0, 1, 2, 3, 4, 5, 6]), from: time, to: time })),
  }),
  demand: fc.oneof(
    fc.constant({ kind: 'refuse' as const }),
    fc.record({
      kind: fc.constantFrom('any' as const, 'all' as const),
      factors: fc.array(fc.constantFrom<SecretFactor>('pin', 'totp'), { minLength: 1, maxLength: 2 }),
    }),
  ),
});
const zones = ['Asia/Tokyo', 'UTC', 'Asia/Kathmandu', 'America/New_York', 'Pacific/Kiritimati'];
/** Quarters of an hour, so that the ends of hours are met. */
const edges = fc.integer({ min: 0, max: 3_000_000 }).map((quarter) => Date.UTC(2026, 0, 1) + quarter * 15 * 60_000);
const situation = fc.record({
  roles: someRoles,
  group: fc.constantFrom('', ...groups, '3東 '),
  assurance: fc.constantFrom(...assurance.options),
  isIn: some([...networks, '']).map((held) => (network: string) => held.includes(network)),
  at: fc.oneof(edges, fc.integer({ min: 0, max: 4_000_000_000_000 })),
  // What is no second factor of a terminal must not become one by being on this list.
  usable: fc.array(fc.constantFrom('pin', 'totp', 'password', 'initial', 'grace', 'card', '')) as fc.Arbitrary<
    SecretFactor[]
  >,
});

/** Minutes since Sunday 00:00 in a zone, found by another way than the one that is tested. */
const minuteOfWeek = (at: number, timeZone: string): number => {
  const [date = '', clock = ''] = new Date(at).toLocaleString('sv-SE', { timeZone }).split(' ');
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return new Date(`${date}T00:00:00Z`).getUTCDay() * 1440 + hours * 60 + minutes;
};
const holds = (
  { roles: wanted, groups, assurance, networks, hours }: FactorRule['when'],
  given: Situation,
  zone: string,
) => {
  const week = 7 * 1440;
  const [from = 0, to = 0] = [hours?.from, hours?.to].map((text = '00:00') => {
    const [hour = 0, minute = 0] = text.split(':').map(Number);
    return hour * 60 + minute;
  });
  const length = from < to ? to - from : to + 1440 - from;
  const now = minuteOfWeek(given.at, zone);
  return [
    wanted === undefined || wanted.some((role) => given.roles.includes(role)),
    groups === undefined || groups.includes(given.group),
    assurance === undefined || assurance.includes(given.assurance),
    networks === undefined || networks.some((network) => given.isIn(network)),
    hours === undefined || hours.days.some((day) => (now - (day * 1440 + from) + 2 * week) % week < length),
  ].every(Boolean);
};

describe('whatever the policy and the situation', () => {
  it('a card never asks for less than the first rule that fits, nor than one secret that may be tried', () => {
    const seen = { refuse: 0, any: 0, all: 0, none: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom(...profileName.options),
        fc.constantFrom(...zones),
        fc.array(rule, { maxLength: 6 }),
        situation,
        (name, timeZone, rules, given) => {
          const draft = policyOf(name, { factors: rules, timeZone });
          fc.pre(findPolicyProblems(draft).length === 0);
          const decision = createDecider(draft)(given);
          const deciding = draft.factors.find(({ when }) => holds(when, given, timeZone));
          const { kind, ...demand } = deciding?.demand ?? ({ kind: 'any', factors: ['pin', 'totp'] } as const);
          const wanted = new Set<string>('factors' in demand ? demand.factors : []);
          const usable = new Set<string>(given.usable);
          const possible = [...wanted].filter((factor) => usable.has(factor));
          const opens = kind !== 'refuse' && possible.length >= (kind === 'all' ? wanted.size : 1);
          assert.equal(decision.kind, opens ? 'ask' : 'refuse');
          assert.equal(decision.rule, deciding?.name ?? null);
          if (decision.kind === 'refuse') {
            seen.refuse += 1;
            return;
          }
          seen[deciding === undefined ? 'none' : decision.all ? 'all' : 'any'] += 1;
          assert.equal(decision.all, kind === 'all');
          assert.ok(decision.factors.length >= 1);
          assert.deepEqual([...decision.factors].sort(), possible.sort());
        },
      ),
      { numRuns: 2_000 },
    );
    for (const [what, times] of Object.entries(seen)) assert.ok(times > 20, `${what} was drawn ${times} times`);
  });

  it('a time that is none opens nothing', () => {
    const hours = { days: [0, 1, 2, 3, 4, 5, 6], from: '00:00', to: '24:00' };
    const rules = [{ name: 'hours', when: { hours }, demand: { kind: 'refuse' } }];
    for (const at of [Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1]) {
      assert.throws(() => decide(rules, { at }), RangeError);
    }
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
