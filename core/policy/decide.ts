import type { Role } from '#contract/api/row.ts';
import type { Assurance } from '#contract/card.ts';
import type { Circumstances, Demand, Policy } from '#contract/policy.ts';
import type { LockReason, SecretFactor } from '#contract/screen.ts';

/** What is known when a card is held over a reader. */
export interface Situation {
  readonly roles: readonly Role[];
  /** Group of the terminal; empty when it has none. */
  readonly group: string;
  readonly assurance: Assurance;
  /** Whether the terminal's address is in a network in CIDR notation. */
  readonly isIn: (network: string) => boolean;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Factors of the person that may be tried now. */
  readonly usable: readonly SecretFactor[];
}

/** `factors` are to be offered in this order; `all`: every one of them is wanted. */
export type Decision =
  | {
      readonly kind: 'ask';
      readonly all: boolean;
      readonly factors: readonly [SecretFactor, ...SecretFactor[]];
      /** Name of the rule that decided; `null`: none fits. */
      readonly rule: string | null;
    }
  | { readonly kind: 'refuse'; readonly reason: 'policy-rule' | 'no-usable-factor'; readonly rule: string | null };

/** Without a rule of its own a hospital asks for a card and one secret (MHLW 6.0 システム運用編 14⑤). */
const usual: Demand = { kind: 'any', factors: ['pin', 'totp'] };
/** What needs no second device comes first. */
const order: readonly SecretFactor[] = ['pin', 'totp'];

interface Local {
  /** 0 is Sunday. */
  readonly day: number;
  readonly minutes: number;
}

/** Decides by one policy. Whatever the input, an answer that opens asks for one secret or more (rule 1 of the design). */
export function createDecider(policy: Policy) {
  const toLocal = createLocal(policy.timeZone);
  return (situation: Situation): Decision => {
    const rule = policy.factors.find(({ when }) => fits(when, situation, toLocal));
    const demand = rule?.demand ?? usual;
    const name = rule?.name ?? null;
    if (demand.kind === 'refuse') return { kind: 'refuse', reason: 'policy-rule', rule: name };
    const [first, ...others] = order.filter(
      (factor) => demand.factors.includes(factor) && situation.usable.includes(factor),
    );
    const missing = demand.kind === 'all' && demand.factors.some((factor) => !situation.usable.includes(factor));
    if (first === undefined || missing) return { kind: 'refuse', reason: 'no-usable-factor', rule: name };
    return { kind: 'ask', all: demand.kind === 'all', factors: [first, ...others], rule: name };
  };
}

function fits(when: Circumstances, situation: Situation, toLocal: (at: number) => Local): boolean {
  const { roles, groups, assurance, networks, hours } = when;
  if (roles && !roles.some((role) => situation.roles.includes(role))) return false;
  if (groups && !groups.includes(situation.group)) return false;
  if (assurance && !assurance.includes(situation.assurance)) return false;
  if (networks && !networks.some(situation.isIn)) return false;
  return hours === undefined || isWithin(hours, toLocal(situation.at));
}

function isWithin(hours: NonNullable<Circumstances['hours']>, { day, minutes }: Local): boolean {
  const [from, to] = [toMinutes(hours.from), toMinutes(hours.to)];
  if (from < to) return hours.days.includes(day) && minutes >= from && minutes < to;
  const yesterday = (day + 6) % 7;
  return (hours.days.includes(day) && minutes >= from) || (hours.days.includes(yesterday) && minutes < to);
}

const toMinutes = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

const days: Readonly<Record<string, number>> = { Sun: 0, Mon: 1, Tue: 2, Wed: 3, Thu: 4, Fri: 5, Sat: 6 };

function createLocal(timeZone: string): (at: number) => Local {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return { day: days[parts['weekday'] ?? ''] ?? 0, minutes: Number(parts['hour']) * 60 + Number(parts['minute']) };
  };
}

/** The last session that a terminal had, as it ended. */
export interface LastSession {
  readonly samePerson: boolean;
  readonly sameCard: boolean;
  readonly endedAt: number;
  readonly reason: LockReason | string;
  /** Whether it was opened by card and secret, and not by grace itself or in an emergency. */
  readonly byFactors: boolean;
}

/** Ends that a person brought about with their own hand, at the terminal. */
const willingly: readonly string[] = ['same-card', 'button'];

/**
 * Until when the card alone opens this terminal again (epoch milliseconds); `null`: not at all. Same terminal, same card
 * and person, short, off by default. It is counted from the last session that was opened by two factors, so that it
 * cannot be stretched by using it.
 */
export function graceUntil(
  policy: Policy,
  roles: readonly Role[],
  last: LastSession | null,
  now: number,
): number | null {
  const { minutes, roles: allowed } = policy.grace;
  if (minutes === 0 || last === null) return null;
  if (!last.samePerson || !last.sameCard || !last.byFactors || !willingly.includes(last.reason)) return null;
  if (roles.length === 0 || !roles.every((role) => allowed.includes(role))) return null;
  const until = last.endedAt + minutes * 60_000;
  return until > now ? until : null;
}
