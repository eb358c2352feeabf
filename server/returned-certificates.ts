import type { ServerDeps } from './deps.ts';
import { record } from './store/events.ts';
import { tryTakeReturned } from './store/terminals.ts';
import type { TerminalCertificate } from './tls/client-certificate.ts';

/** A terminal that renewed after the backup was made holds a key that the restored database has never seen. */
export const createTakeReturned =
  ({ database, now }: Pick<ServerDeps, 'database' | 'now'>) =>
  ({ terminal, ...held }: TerminalCertificate, address: string): Promise<boolean> =>
    database.transaction(async (tx) => {
      if (!(await tryTakeReturned(tx, terminal, held))) return false;
      await record(tx, now(), {
        kind: 'terminal.renewed',
        // Somebody should look at what the restore has lost.
        outcome: 'serious',
        terminal,
        reason: 'newer-than-backup',
        detail: { address, serial: held.serial, authority: held.authority, issuedAt: held.issuedAt.toISOString() },
      });
      await tx.notify('changed', { what: 'terminals' });
      return true;
    });
