import type { Logger } from 'pino';
import type { Policy } from '#contract/policy.ts';
import type { Cards } from './cards/cards.ts';
import type { HeldKeys } from './held-keys.ts';
import type { Policies } from './policies.ts';
import type { Push } from './push.ts';
import type { Secrets } from './secrets.ts';
import type { Lane } from './store/database.ts';

/** What every route is given. */
export interface ServerDeps {
  readonly database: Lane;
  /** Connections for taps and proofs alone: nothing else of the server keeps them waiting. */
  readonly logins: Lane;
  readonly keys: Pick<HeldKeys, 'authorities' | 'trust' | 'rings' | 'version'>;
  readonly secrets: Secrets;
  readonly policy: () => Policy;
  readonly policies: Policies;
  readonly cards: Cards;
  readonly now: () => Date;
  readonly log: Logger;
  readonly push: Push;
  /** Work that outlives a request; the server waits for it when it stops. */
  readonly later: (delayMs: number, work: () => Promise<void>) => void;
  /** Origin of the console, such as `https://localhost:8443`. */
  readonly origin: string;
  /** Origins that the console may be loaded from. */
  readonly origins: readonly string[];
}
