import type { CardChallenge } from '#contract/card.ts';
import type { ToReader } from '#contract/reader.ts';
import { after } from './timing.ts';

/** Milliseconds that a card waits for a challenge; it is read meanwhile. */
const patience = 800;

/** What cards that can are to sign, as the guard hands it over: each challenge is answered by one card. */
export interface Challenges {
  take(challenge: Extract<ToReader, { kind: 'challenge' }>['challenge']): void;
  /** The one in hand, or the next one; undefined when none comes in good time. Null: nobody asks for proofs. */
  asked(): (() => Promise<CardChallenge | undefined>) | null;
  /** A card's answer to it goes out. */
  spend(nonce: string): void;
}

export function createChallenges(deps: { readonly want: () => void }): Challenges {
  let held: CardChallenge | 'awaited' | 'off' = 'off';
  let changed = Promise.withResolvers<void>();

  async function next(): Promise<CardChallenge | undefined> {
    if (held === 'awaited') deps.want();
    const done = new AbortController();
    const late = after(patience, done.signal).then(() => true);
    while (held === 'awaited') {
      if (await Promise.race([late, changed.promise.then(() => false)])) return undefined;
    }
    done.abort();
    return held === 'off' ? undefined : held;
  }

  return {
    take(challenge) {
      held = challenge;
      changed.resolve();
      changed = Promise.withResolvers();
    },
    asked: () => (held === 'off' ? null : next),
    spend(nonce) {
      if (typeof held === 'object' && held.nonce === nonce) held = 'awaited';
    },
  };
}
