import { createHmac, randomBytes } from 'node:crypto';
import type { CardEvidence } from '#contract/card.ts';
import type { CardKey } from '#core/login/state.ts';

/** Names cards within one run of the guard: the same card has the same key, and the key tells nothing of the card. */
export function createCardKeys(): (evidence: CardEvidence) => CardKey {
  const secret = randomBytes(32);
  return ({ technology, systemCode = '', identifier }) =>
    createHmac('sha256', secret).update(`${technology} ${systemCode} ${identifier}`).digest('base64url');
}
