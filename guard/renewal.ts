import type { FailureCode } from '#contract/errors.ts';
import { createBackOff, pause } from './back-off.ts';
import { createCertificateRequest } from './certificate-request.ts';
import type { Http } from './http.ts';
import { createPrivateKeyPem, type Identity, isOfNewestAuthority, keyOf, renewalAt } from './identity.ts';
import type { Log } from './log.ts';
import type { Vault } from './vault.ts';

export interface RenewalDeps {
  readonly call: Http['call'];
  readonly identity: () => Identity | null;
  readonly onRenewed: (identity: Identity) => void;
  readonly onRefused: (code: FailureCode) => void;
  readonly vault: Pick<Vault, 'save'>;
  /** The server's clock, milliseconds since 1970. */
  readonly serverNow: () => number;
  readonly log: Log;
  readonly random?: () => number;
}

/** Keeps the certificate renewed: in time, when another authority signs, and when the server takes it no more. */
export interface Renewal {
  /** The server refused the certificate: it is tried at once whether it still renews it. */
  lapsed(): void;
  /** What the terminal trusts has changed; a renewal that this asks for comes within so many seconds. */
  spread(seconds: number): void;
  stop(): Promise<void>;
}

/** How often it is asked whether the certificate is old, and how long a request may take (milliseconds). */
const lookEvery = 60_000;
const requestLimit = 10_000;

export function startRenewal(deps: RenewalDeps): Renewal {
  const random = deps.random ?? Math.random;
  const stopped = new AbortController();
  const backOff = createBackOff({ first: 5_000, longest: 30 * 60_000, random });
  let woken = new AbortController();
  let share = random();
  let refused = false;
  let authorityAt = 0;

  /** Milliseconds until it is time, by what is known now. */
  function dueIn(): number {
    const identity = deps.identity();
    if (identity === null) return lookEvery;
    if (refused) return 0;
    const old = renewalAt(identity.certificate, share) - deps.serverNow();
    return isOfNewestAuthority(identity) ? old : Math.min(old, authorityAt - performance.now());
  }

  async function renew(identity: Identity): Promise<boolean> {
    // The connection proves the key before, the request the new one.
    const privateKey = createPrivateKeyPem();
    const request = createCertificateRequest(keyOf(privateKey), identity.terminal);
    const options = { lane: 'background', limit: requestLimit } as const;
    const reply = await deps.call('terminals/renew', { body: { request } }, options);
    if (!reply.ok) {
      deps.log.warn('renewal-failed', { code: reply.failure.code });
      deps.onRefused(reply.failure.code);
      return false;
    }
    const saved = await deps.vault.save(reply.value, privateKey);
    if (!saved.ok) return false;
    deps.log.info('renewed', { expiresAt: saved.value.expiresAt });
    deps.onRenewed(saved.value);
    return true;
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      const wait = dueIn();
      const identity = deps.identity();
      woken = new AbortController();
      if (wait > 0 || identity === null) {
        await pause(Math.min(wait, lookEvery), AbortSignal.any([stopped.signal, woken.signal]));
        continue;
      }
      refused = false;
      if (await renew(identity)) {
        backOff.reset();
        share = random();
        // Should it not be of the newest authority yet, there is no hurry either.
        authorityAt = performance.now() + lookEvery;
      } else await pause(backOff.next(), AbortSignal.any([stopped.signal, woken.signal]));
    }
  }

  const running = run();
  return {
    lapsed() {
      refused = true;
      woken.abort();
    },
    spread(seconds) {
      authorityAt = performance.now() + random() * seconds * 1_000;
      woken.abort();
    },
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
