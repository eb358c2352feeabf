import type { Policy } from '#contract/policy.ts';
import { commonPins } from './common-pins.ts';
import { normaliseDigits } from './digits.ts';

export type PinProblem = 'PIN_LENGTH' | 'PIN_EASY';

export type PinVerdict =
  | { readonly ok: true; readonly pin: string }
  | { readonly ok: false; readonly code: PinProblem; readonly reason: string };

/**
 * Whether a person may choose this PIN (MHLW 6.0 運用編 14⑥: guessable ones are refused; SP 800-63B-4 3.1.1.2: block list).
 * `number` is the person's staff number. `reason` is for the log and never repeats the PIN.
 */
export function checkPin(
  typed: string,
  rules: Pick<Policy['pin'], 'shortest' | 'longest'>,
  number: string,
): PinVerdict {
  const pin = normaliseDigits(typed);
  if (pin === undefined) return { ok: false, code: 'PIN_LENGTH', reason: 'other-characters' };
  if (pin.length < rules.shortest) return { ok: false, code: 'PIN_LENGTH', reason: 'too-short' };
  if (pin.length > rules.longest) return { ok: false, code: 'PIN_LENGTH', reason: 'too-long' };
  const reason = whyEasy(pin, number);
  return reason === undefined ? { ok: true, pin } : { ok: false, code: 'PIN_EASY', reason };
}

function whyEasy(pin: string, number: string): string | undefined {
  if (repeats(pin)) return 'repeats';
  if (runs(pin)) return 'run';
  if (isDate(pin)) return 'date';
  if (commonPins.has(pin)) return 'common';
  if (holdsNumber(pin, number)) return 'staff-number';
  return undefined;
}

/** One or two digits only, or a block of up to half the length again and again: 11111111, 12121212, 12341234. */
function repeats(pin: string): boolean {
  if (new Set(pin).size <= 2) return true;
  for (let block = 1; block <= pin.length / 2; block += 1) {
    if ([...pin].every((digit, place) => digit === pin[place % block])) return true;
  }
  return false;
}

/**
 * The same step between all neighbours, modulo ten (12345678, 98765432, 89012345, 13579135), such a run there and back
 * (12344321), or every digit doubled or more often along one (11223344, 11122233).
 */
function runs(pin: string): boolean {
  return constantStep(pin) || constantStep(squeeze(pin)) || palindromeRun(pin);
}

function constantStep(digits: string): boolean {
  if (digits.length < 3) return true;
  const step = difference(digits, 1);
  for (let place = 2; place < digits.length; place += 1) if (difference(digits, place) !== step) return false;
  return true;
}

function difference(digits: string, place: number): number {
  return (digits.charCodeAt(place) - digits.charCodeAt(place - 1) + 10) % 10;
}

function squeeze(pin: string): string {
  return pin.replace(/(.)\1+/g, '$1');
}

function palindromeRun(pin: string): boolean {
  const half = pin.slice(0, Math.ceil(pin.length / 2));
  return pin === [...pin].toReversed().join('') && constantStep(half);
}

/** A birthday as people write it: YYYYMMDD, DDMMYYYY, MMDDYYYY between 1900 and 2099, or YYMMDD, DDMMYY where six digits are allowed. */
function isDate(pin: string): boolean {
  const part = (from: number, to: number) => Number(pin.slice(from, to));
  if (pin.length === 8) {
    return (
      plausible(part(0, 4), part(4, 6), part(6, 8)) ||
      plausible(part(4, 8), part(2, 4), part(0, 2)) ||
      plausible(part(4, 8), part(0, 2), part(2, 4))
    );
  }
  if (pin.length === 6) {
    return plausible(2000 + part(0, 2), part(2, 4), part(4, 6)) || plausible(2000 + part(4, 6), part(2, 4), part(0, 2));
  }
  if (pin.length === 4) return plausible(part(0, 4), 1, 1) || plausible(2000, part(0, 2), part(2, 4));
  return false;
}

function plausible(year: number, month: number, day: number): boolean {
  return year >= 1900 && year <= 2099 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/** The staff number's digits inside the PIN, forwards or backwards, or the PIN inside it. Fewer than four digits would hit by chance. */
function holdsNumber(pin: string, number: string): boolean {
  const digits = number.normalize('NFKC').replace(/[^0-9]/g, '');
  if (digits.length < 4) return false;
  const bare = digits.replace(/^0+/, '');
  const wanted = bare.length >= 4 ? bare : digits;
  const backwards = [...wanted].toReversed().join('');
  return pin.includes(wanted) || pin.includes(backwards) || digits.includes(pin);
}
