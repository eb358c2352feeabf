import { failures } from '#contract/errors.ts';
import type { SessionId } from '#contract/ids.ts';
import type { LockReason } from '#contract/screen.ts';
import { createBackOff, pause } from './back-off.ts';
import type { Http } from './http.ts';

/** Tells the server that sessions have ended until it has answered; the journal's records do the same after a restart. */
export interface Endings {
  end(session: SessionId, reason: LockReason, endedAt: string): void;
  /** Resolves when nothing waits for an answer, or when the time is over (milliseconds). */
  settled(limit: number): Promise<void>;
  stop(): Promise<void>;
}

export function createEndings(deps: { readonly call: Http['call'] }): Endings {
  const stopped = new AbortController();
  const sending = new Set<Promise<void>>();

  async function send(session: SessionId, reason: LockReason, endedAt: string): Promise<void> {
    const backOff = createBackOff({ first: 300, longest: 10_000 });
    while (!stopped.signal.aborted) {
      const request = { params: { session }, body: { reason, endedAt } };
      const reply = await deps.call('sessions/end', request, { lane: 'background', limit: 5_000 });
      if (reply.ok || !failures[reply.failure.code].retry) return;
      await pause(backOff.next(), stopped.signal);
    }
  }

  return {
    end(session, reason, endedAt) {
      const sent = send(session, reason, endedAt).finally(() => sending.delete(sent));
      sending.add(sent);
    },
    settled: (limit) => Promise.race([Promise.all(sending).then(() => undefined), pause(limit, stopped.signal)]),
    async stop() {
      stopped.abort();
      await Promise.all(sending);
    },
  };
}
