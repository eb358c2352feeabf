/**
 * Digits as a keypad, a Japanese input method or an authenticator app gives them, as ASCII digits:
 * full-width digits become ASCII (NFKC), spaces and hyphens between groups are dropped.
 * Undefined when anything else is in it, or nothing at all.
 */
export function normaliseDigits(typed: string): string | undefined {
  const plain = typed.normalize('NFKC').replace(/[\s-]/g, '');
  return /^[0-9]+$/.test(plain) ? plain : undefined;
}
