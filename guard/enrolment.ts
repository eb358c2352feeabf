import type { FailureCode } from '#contract/errors.ts';
import { failures } from '#contract/errors.ts';
import { createBackOff, pause } from './back-off.ts';
import { createCertificateRequest } from './certificate-request.ts';
import { createHttp } from './http.ts';
import { createPrivateKeyPem, type Identity, keyOf } from './identity.ts';
import type { Log } from './log.ts';
import type { Servers } from './servers.ts';
import type { Vault } from './vault.ts';

export interface EnrolmentDeps {
  readonly servers: Servers;
  /** Certificates to trust before the server has named its own, PEM. */
  readonly authority: string;
  readonly vault: Vault;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const enrolmentLimit = 10_000;

/** Shows the one-time code until the server has answered; `null` when it refuses, the keychain fails, or the guard stops. */
export async function enrol(deps: EnrolmentDeps, code: string): Promise<Identity | null> {
  const http = createHttp({ servers: deps.servers, authority: deps.authority, identity: null, log: deps.log });
  const backOff = createBackOff({ first: 300, longest: 5_000 });
  const privateKey = createPrivateKeyPem();
  const request = createCertificateRequest(keyOf(privateKey), 'terminal');
  try {
    while (!deps.signal.aborted) {
      const reply = await http.call('terminals/enrol', { body: { code, request } }, { limit: enrolmentLimit });
      if (reply.ok) {
        const saved = await deps.vault.save(reply.value, privateKey, code);
        return saved.ok ? saved.value : null;
      }
      if (!mayRetry(reply.failure.code)) {
        deps.log.error('enrolment-refused', { code: reply.failure.code });
        return null;
      }
      await pause(backOff.next(), deps.signal);
    }
    return null;
  } finally {
    await http.destroy();
  }
}

const mayRetry = (code: FailureCode): boolean => failures[code].retry;
