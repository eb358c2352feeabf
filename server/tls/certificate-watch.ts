import type { Logger } from 'pino';
import type { Database } from '../store/database.ts';
import { record } from '../store/events.ts';
import type { Authority, KeyAndCertificate } from './authority.ts';
import { isGood } from './server-certificate.ts';

const day = 24 * 60 * 60 * 1000;
/** An authority is changed in an afternoon; half a year leaves time for the browsers that were told by hand (milliseconds). */
const warnBefore = 180 * day;

export interface CertificateWatchDeps {
  readonly database: Database;
  readonly authority: () => Authority;
  readonly names: readonly string[];
  /** The certificate that new connections see. */
  readonly shown: () => KeyAndCertificate;
  readonly renew: () => Promise<void>;
  readonly now: () => Date;
  readonly log: Logger;
  readonly everyMs: number;
}

/** Renews the server's certificate before it ends, and raises an alarm every day while its authority ends soon. Answers how to stop. */
export const startCertificateWatch = (deps: CertificateWatchDeps): (() => void) => {
  const { database, authority, log, names, now } = deps;
  let warnedAt: number | undefined;

  const warn = async (): Promise<void> => {
    const { id, expiresAt } = authority();
    const at = now();
    if (expiresAt.getTime() - at.getTime() > warnBefore) return;
    if (warnedAt !== undefined && at.getTime() - warnedAt < day) return;
    warnedAt = at.getTime();
    log.error({ authority: id, endsAt: expiresAt }, 'the authority ends soon: node server/keys.ts rotate ca');
    const detail = { authority: id, endsAt: expiresAt.toISOString() };
    await database.transaction((tx) => record(tx, at, { kind: 'authority.ending', outcome: 'serious', detail }));
  };
  const look = async (): Promise<void> => {
    if (!isGood(deps.shown().certificate, authority(), names, now())) await deps.renew();
    await warn();
  };
  let working = false;
  const run = (): void => {
    if (working) return;
    working = true;
    look()
      .catch((problem: unknown) => log.error({ err: problem }, 'certificates could not be looked after'))
      .finally(() => {
        working = false;
      });
  };
  run();
  const timer = setInterval(run, deps.everyMs);
  return () => clearInterval(timer);
};
