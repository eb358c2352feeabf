import { randomBytes } from 'node:crypto';
import type { GivenNonce } from '#contract/card.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { Secrets } from '../secrets.ts';

/** How long a nonce is good, and how old the newest one of a terminal may become (milliseconds). */
export const nonceLifetime = 10 * 60_000;
export const nonceRenewal = 4 * 60_000;

const randomLength = 32;
/** More than all terminals of a hospital can use while one is good. */
const mostRemembered = 200_000;

/** A nonce that a card has answered. */
export interface SpentNonce {
  readonly id: Buffer;
  readonly until: number;
}

/**
 * Nonces for cards to sign: random, made for one terminal, good for some minutes, under the server's own mark and stored
 * nowhere before they are used. Any server process takes one that another has given.
 */
export interface Nonces {
  give(terminal: TerminalId): GivenNonce;
  /** Takes a nonce once. What other processes took is in the database (`server/store/nonces.ts`). */
  spend(nonce: string, terminal: TerminalId): SpentNonce | 'nonce-unknown' | 'nonce-expired' | 'nonce-used';
}

const about = 'card nonce';

export const createNonces = (deps: {
  readonly secrets: Pick<Secrets, 'vouch' | 'isVouched'>;
  readonly now: () => Date;
}): Nonces => {
  const { secrets, now } = deps;
  /** Until when each that was used here is good, the oldest use first. */
  const spent = new Map<string, number>();

  const forget = (at: number): void => {
    for (const [text, until] of spent) {
      if (until > at && spent.size <= mostRemembered) return;
      spent.delete(text);
    }
  };

  return {
    give: (terminal) => {
      const expiresAt = now().getTime() + nonceLifetime;
      const text = `${randomBytes(randomLength).toString('base64url')}.${expiresAt}`;
      return {
        nonce: `${text}~${secrets.vouch(`${terminal} ${text}`, about)}`,
        expiresAt: new Date(expiresAt).toISOString(),
      };
    },

    spend: (nonce, terminal) => {
      const [text = '', mark = ''] = nonce.split('~');
      if (!secrets.isVouched(`${terminal} ${text}`, about, mark)) return 'nonce-unknown';
      const [random = '', expiresAt] = text.split('.');
      const at = now().getTime();
      const until = Number(expiresAt);
      if (until <= at) return 'nonce-expired';
      if (spent.has(text)) return 'nonce-used';
      spent.set(text, until);
      forget(at);
      return { id: Buffer.from(random, 'base64url'), until };
    },
  };
};
