import type { TerminalId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import { holdOfflineReturns, recordOfflineReturns } from './people/end-substitutes.ts';
import { shutOut } from './shut-out.ts';
import type { Transaction } from './store/database.ts';
import { countOfflineTries, type TryThere } from './store/offline.ts';
import { judgeOfflineEnds, judgeOfflineUses } from './store/offline-judgement.ts';
import type { Stored } from './store/reports.ts';
import { revoke } from './store/terminals.ts';

interface Told {
  readonly terminal: TerminalId;
  readonly stored: Stored;
}

/**
 * What follows from what terminals told, in the transaction that stored it. Whoever issues a revocation holds up all others
 * that do, and such as hold a person, a card or a factor wait for them: that comes last, and all of those are held before, in
 * the order in which a login takes them.
 */
export const createFollowReports =
  ({ now, policy }: { readonly now: () => Date; readonly policy: () => Policy }) =>
  async (tx: Transaction, told: readonly Told[]): Promise<void> => {
    const uses = told.flatMap(({ stored, terminal }) => stored.offline.map((use) => ({ ...use, terminal })));
    const used = await judgeOfflineUses(tx, now(), uses, policy());
    const tries: TryThere[] = [];
    for (const { stored, terminal } of told) {
      await judgeOfflineEnds(tx, now(), terminal, stored.ends);
      tries.push(...stored.wrongTries.map((one) => ({ ...one, terminal })));
    }
    const returned = await holdOfflineReturns(tx, used);
    await countOfflineTries(tx, now(), tries, policy().tries);
    await recordOfflineReturns(tx, now(), returned);
    // Two of them have one name, or one was put back from an older copy of itself: nobody knows which tells the truth.
    for (const { stored, terminal } of told)
      if (stored.rewritten > 0 && (await revoke(tx, now(), terminal)))
        await shutOut(tx, now(), terminal, { reason: 'journal-rewritten', actor: null });
  };
