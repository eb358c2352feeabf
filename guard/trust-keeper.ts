import type { Trust } from '#contract/api/terminals.ts';
import { failures } from '#contract/errors.ts';
import { createBackOff, pause } from './back-off.ts';
import type { Http } from './http.ts';

export interface TrustKeeperDeps {
  readonly call: Http['call'];
  /** Resolves to true when it is durable. */
  readonly keep: (trust: Trust) => Promise<boolean>;
  readonly random?: () => number;
}

/** Keeps what the server says that it is to be trusted by, and tells it so: only then does the server use it. */
export interface TrustKeeper {
  /** The answer comes within so many seconds, so that a hospital's terminals do not all answer at once. */
  take(trust: Trust, spreadSeconds: number): void;
  stop(): Promise<void>;
}

export function createTrustKeeper(deps: TrustKeeperDeps): TrustKeeper {
  const random = deps.random ?? Math.random;
  const stopped = new AbortController();
  let replaced = new AbortController();
  let telling: Promise<void> = Promise.resolve();

  async function tell({ trustVersion }: Trust, spread: number, over: AbortSignal): Promise<void> {
    const backOff = createBackOff({ first: 500, longest: 30_000, random });
    await pause(random() * spread, over);
    while (!over.aborted) {
      const reply = await deps.call('terminals/keep-trust', { body: { trustVersion } }, { lane: 'background' });
      if (reply.ok || !failures[reply.failure.code].retry) return;
      await pause(backOff.next(), over);
    }
  }

  return {
    take(trust, spreadSeconds) {
      replaced.abort();
      replaced = new AbortController();
      const over = AbortSignal.any([stopped.signal, replaced.signal]);
      const kept = deps.keep(trust);
      const before = telling;
      telling = (async () => {
        await before;
        if (await kept) await tell(trust, spreadSeconds * 1_000, over);
      })();
    },
    async stop() {
      stopped.abort();
      await telling;
    },
  };
}
