import type { TerminalId } from '#contract/ids.ts';
import type { Database } from './store/database.ts';
import { record } from './store/events.ts';
import { announce, codeLifetime, dropUnused, isKnownByName } from './store/terminals.ts';
import { createUuid } from './store/uuid.ts';
import { createTypedCode, hashTypedCode } from './tokens.ts';

export interface FirstTerminal {
  readonly name: string;
  /** One-time enrolment code. */
  readonly code: string;
}

/** Held by a transaction that announces the first terminal, so that two servers do not announce it twice. Any constant. */
const turn = 5_411_003;

/**
 * Announces the terminal beside this server, or renews a code that was never used. Null once a terminal of that name has
 * been enrolled, also when it was revoked since: what an admin has shut out, no restart lets in again.
 */
export const announceFirstTerminal = (database: Database, now: Date, name: string): Promise<FirstTerminal | null> =>
  database.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [turn]);
    if (await isKnownByName(tx, name)) return null;
    await dropUnused(tx, now, name);
    const id = createUuid(now) as TerminalId;
    const code = createTypedCode();
    const expiresAt = new Date(now.getTime() + codeLifetime);
    await announce(tx, now, { id, name, place: '', group: '', codeHash: hashTypedCode(code), expiresAt, by: null });
    await record(tx, now, { kind: 'terminal.announced', outcome: 'success', terminal: id, detail: { name } });
    await tx.notify('changed', { what: 'terminals' });
    return { name, code };
  });
