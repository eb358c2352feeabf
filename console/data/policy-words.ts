import type { PolicyCause, PolicyChange } from '#contract/api/policies.ts';
import type { Circumstances, Demand, FactorRule } from '#contract/policy.ts';
import type { Language } from '#contract/screen.ts';
import { timeFormat } from './formats.ts';
import { controlOf, type Problem, policyPaths, type Unit } from './policy-form.ts';
import type { Words } from './use-words.ts';

/** A day of the week by its number; 0 is Sunday. */
export const weekday = (day: number, language: Language): string =>
  // 2023-01-01 was a Sunday.
  timeFormat(language === 'ja' ? 'ja-JP' : 'en-GB', { weekday: 'short', timeZone: 'UTC' }).format(
    Date.UTC(2023, 0, 1 + day),
  );

const isPath = (path: string): path is (typeof policyPaths)[number] =>
  (policyPaths as readonly string[]).includes(path);

export const nameOf = (path: string, { say }: Words): string =>
  isPath(path) ? say(`policy-page.value.${path}`) : path;

const list = (members: readonly string[], { say }: Words): string => members.join(say('common.list-separator'));

/** For whom and where a rule applies, in words. */
export const describeWhen = (when: Circumstances, words: Words): string => {
  const { say, tryNamed, language } = words;
  const { roles, groups, assurance, networks, hours } = when;
  const parts = [
    roles &&
      list(
        roles.map((role) => say(`role.${role}`)),
        words,
      ),
    groups &&
      list(
        groups.map((group) => (group === '' ? say('policy-page.no-group') : group)),
        words,
      ),
    assurance &&
      list(
        assurance.map((one) => tryNamed('card.assurance', one) ?? one),
        words,
      ),
    networks && list(networks, words),
    hours &&
      say('policy-page.hours', {
        days: list(
          [...hours.days].sort().map((day) => weekday(day, language)),
          words,
        ),
        from: hours.from,
        to: hours.to,
      }),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? say('policy-page.always') : parts.join(say('policy-page.and'));
};

export const describeDemand = (demand: Demand, words: Words): string => {
  const { say } = words;
  if (demand.kind === 'refuse') return say('policy-page.demand.refuse');
  const factors = demand.factors.map((factor) => say(`factor.${factor}`));
  if (factors.length === 1) return say('policy-page.demand.one', { factor: factors[0] });
  return say(`policy-page.demand.${demand.kind}`, { factors: list(factors, words) });
};

export const describeRule = ({ name, when, demand }: FactorRule, words: Words): string =>
  words.say('policy-page.rule-sentence', {
    name,
    when: describeWhen(when, words),
    demand: describeDemand(demand, words),
  });

const larger = {
  seconds: ['minutes', 60],
  minutes: ['hours', 60],
  hours: ['days', 24],
  months: ['years', 12],
} as const;

/** Many of a unit are given in the next larger one too. */
const describeNumber = (value: number, unit: Unit, { say }: Words): string => {
  const words = `${value} ${say(`policy-page.unit.${unit}`)}`;
  const [next, size] = unit in larger ? larger[unit as keyof typeof larger] : [undefined, 1];
  if (next === undefined || value < 2 * size || value % size !== 0) return words;
  return say('policy-page.also', {
    value,
    unit: say(`policy-page.unit.${unit}`),
    other: `${value / size} ${say(`policy-page.unit.${next}`)}`,
  });
};

/** A value as somebody reads it: one line, or one for each rule. */
export const describeValue = (path: string, value: unknown, words: Words): readonly string[] => {
  const { say, tryNamed } = words;
  const control = controlOf(path);
  switch (control?.kind) {
    case 'number':
      return [describeNumber(Number(value), control.unit, words)];
    case 'switch':
      return [say(value === true ? 'common.yes' : 'common.no')];
    case 'choice':
      return [tryNamed(control.words, String(value)) ?? String(value)];
    case 'set': {
      const members = (value as readonly string[]).map((one) => tryNamed(control.words, one) ?? one);
      return [members.length === 0 ? say('policy-page.nobody') : list(members, words)];
    }
    case 'rules': {
      const rules = value as readonly FactorRule[];
      return rules.length === 0 ? [say('policy-page.no-rules')] : rules.map((rule) => describeRule(rule, words));
    }
    default:
      return [String(value)];
  }
};

/** What somebody wrote who asks for a policy: the server puts each change behind it, which is shown in words instead. */
export const noteOf = (about: string, changes: readonly PolicyChange[]): string => {
  const tail = changes.map(
    ({ path, before, after }) => ` · ${path}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`,
  );
  return about.endsWith(tail.join('')) ? about.slice(0, about.length - tail.join('').length) : about;
};

const known = ['at-least', 'at-most', 'below', 'only', 'holds', 'too_small', 'too_big', 'time-zone', 'empty'] as const;

/** Why the server does not take a value. */
export const describeProblem = ({ rule }: Problem, words: Words): string => {
  const [kind = '', of = ''] = rule.split(/:(.*)/s);
  const found = known.find((one) => one === kind);
  const limit = isPath(of) ? nameOf(of, words) : of;
  return found === undefined
    ? words.say('policy-page.problem.other')
    : words.say(`policy-page.problem.${found}`, { limit });
};

/** What in a draft makes a difference to attempts. */
export const describeCause = (cause: PolicyCause, rule: string | null, { say }: Words): string =>
  say(`policy-page.cause.${cause}`, { rule: rule ?? undefined });
