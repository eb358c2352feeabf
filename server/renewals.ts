import type { CardEvidence } from '#contract/card.ts';
import { hashSecret, isOldHash } from './credentials.ts';
import type { ServerDeps } from './deps.ts';
import type { HashQueue } from './hash-queue.ts';
import { moveCards } from './store/cards.ts';
import { replaceHash, type StoredHash } from './store/credentials.ts';

/** By then the request that brought the secret has left its own place (milliseconds). */
const afterwards = 500;

type Deps = Pick<ServerDeps, 'database' | 'secrets' | 'later'>;

/**
 * A secret that was right is hashed anew when the pepper has changed since: afterwards, and only while a core is free;
 * otherwise its next use does it.
 */
export const renewHash = (deps: Deps, queue: HashQueue, stored: StoredHash, secret: string): void => {
  if (!isOldHash(deps.secrets, stored.secret)) return;
  deps.later(afterwards, async () => {
    const place = queue.tryEnterIdle();
    if (!place) return;
    try {
      const hashed = await place.run(() => hashSecret(deps.secrets, secret));
      await replaceHash(deps.database, stored, hashed);
    } finally {
      place.leave();
    }
  });
};

/** A card that was found by the index of an older key is found by that of the newest from now on. */
export const renewCardIndex = (deps: Deps, card: CardEvidence): void => {
  deps.later(0, () => moveCards(deps.database, deps.secrets.cardIndexes(card)));
};
