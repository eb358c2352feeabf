import { randomBytes } from 'node:crypto';
import type { GivenNonce } from '#contract/card.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { ToReader } from '#contract/reader.ts';
import type { Clock } from './clock.ts';
import type { Http } from './http.ts';
import type { Log } from './log.ts';

/** What the reader process is to have in hand. */
export type Challenge = Extract<ToReader, { kind: 'challenge' }>['challenge'];

export interface NoncesDeps {
  readonly clock: Pick<Clock, 'now' | 'toMoment'>;
  readonly call: Http['call'];
  readonly terminal: () => TerminalId | undefined;
  /** Tells the reader process. */
  readonly hand: (challenge: Challenge) => void;
  /** The server cannot be asked. */
  readonly isAlone: () => boolean;
  readonly log: Log;
}

/** Keeps one fresh nonce of the server in the hand of the reader process, so that no tap has to ask for it. */
export interface Nonces {
  /** What the stream says: also whether cards are asked for proofs at all (null: they are not). */
  follow(given: GivenNonce | null): void;
  /** What came with an answer. */
  renew(given: GivenNonce | null | undefined): void;
  /** A card has signed it. */
  spend(nonce: string): void;
  /** A card waits at the reader, and there is none in its hand. */
  want(): void;
  /** Whether a card has signed this one, which was in its hand here; once. */
  take(nonce: string): boolean;
  /** For a reader process that has just begun. */
  current(): Challenge;
  stop(): void;
}

/** A nonce with less time left than this is not handed to a card (milliseconds). */
const margin = 30_000;
/** How long after a card the answer that brings the next nonce is waited for before one is asked for (milliseconds). */
const answerWait = 1_000;
/** How long one of the terminal’s own lies in the reader’s hand (milliseconds). */
const aloneLife = 600_000;
const mostSpent = 16;

export function createNonces({ clock, call, terminal, hand, isAlone, log }: NoncesDeps): Nonces {
  let held: GivenNonce | 'awaited' | 'off' = 'off';
  let timer: NodeJS.Timeout | undefined;
  let asking = false;
  /** What cards have signed lately. */
  const spent = new Set<string>();

  const current = (): Challenge => {
    const own = terminal();
    if (typeof held === 'string') return held;
    return own === undefined ? 'awaited' : { nonce: held.nonce, terminal: own };
  };

  function hold(next: typeof held, after: number, then: () => void): void {
    held = next;
    clearTimeout(timer);
    timer = next === 'off' ? undefined : setTimeout(then, after);
    hand(current());
  }

  function follow(given: GivenNonce | null): void {
    if (given === null) return hold('off', 0, () => undefined);
    const left = clock.toMoment(given.expiresAt) - margin - clock.now();
    if (left > 0) hold(given, left, lose);
    else lose();
  }

  const lose = (): void => (isAlone() ? goAlone() : hold('awaited', answerWait, () => void ask()));

  /** Good at this terminal alone, and only it takes it. */
  const goAlone = (): void => {
    const nonce = `alone.${randomBytes(16).toString('base64url')}`;
    hold({ nonce, expiresAt: '' }, aloneLife, lose);
  };

  async function ask(): Promise<void> {
    if (asking || held !== 'awaited') return;
    asking = true;
    log.info('nonce-asked');
    const reply = await call('nonces/give', { body: {} });
    asking = false;
    if (reply.ok) renew(reply.value.nonce);
    else if (held === 'awaited' && isAlone()) goAlone();
  }

  function renew(given: GivenNonce | null | undefined): void {
    // Whether there are any, the stream alone says: answers may come in another order.
    if (held !== 'off' && given) follow(given);
  }

  return {
    follow,
    renew,
    spend(nonce) {
      if (typeof held !== 'object' || held.nonce !== nonce) return;
      const [oldest] = spent;
      if (spent.size >= mostSpent && oldest !== undefined) spent.delete(oldest);
      spent.add(nonce);
      lose();
    },
    want() {
      if (held === 'awaited') void ask();
      else hand(current());
    },
    take: (nonce) => spent.delete(nonce),
    current,
    stop: () => clearTimeout(timer),
  };
}
