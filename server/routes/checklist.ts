import { X509Certificate } from 'node:crypto';
import { succeed } from '#contract/errors.ts';
import { judgeChecklist } from '#core/checklist/judge.ts';
import { listAccounts } from '../store/accounts.ts';
import {
  countLogins,
  countUnconfirmed,
  findEventFacts,
  findLastBackup,
  findMachineFacts,
  findPeopleFacts,
} from '../store/checklist-facts.ts';
import type { Transaction } from '../store/database.ts';
import { countLines, settledSeq } from '../store/log-lines.ts';
import { findEnd, findNewest } from '../store/log-tree.ts';
import { tryGetLastSigned } from '../store/periodic-reviews.ts';
import { leastTls } from '../tls/least.ts';
import type { Handlers } from './handlers.ts';
import { dayIn, type PeriodicReviewDeps } from './periodic-reviews.ts';

/** Without use for so many days an account counts as unused. */
const unusedDays = 90;

export const createChecklistRoutes = (deps: PeriodicReviewDeps) => {
  const { database, policy, keys } = deps;

  const findAccounts = async (tx: Transaction, now: Date) => {
    const filter = { search: '', days: unusedDays, sort: 'number', order: 'rising' } as const;
    const { counts, everybody } = await listAccounts(tx, now, filter, { limit: 0, offset: 0 });
    const unused = await listAccounts(
      tx,
      now,
      { ...filter, finding: 'unused', role: 'operator' },
      { limit: 0, offset: 0 },
    );
    return {
      people: everybody - (counts.left ?? 0),
      privileged: counts.privileged ?? 0,
      noFactor: counts['no-factor'] ?? 0,
      unused: counts.unused ?? 0,
      leftWithCard: counts['left-with-card'] ?? 0,
      maintenance: counts.maintenance ?? 0,
      maintenanceUnused: unused.total,
    };
  };

  const findLog = async (tx: Transaction) => {
    const newest = await findNewest(tx);
    const { lastSeq } = await findEnd(tx);
    return {
      logHalted: deps.halted() !== null,
      logSize: newest?.size ?? 0,
      checkpointAt: newest?.at ?? null,
      logWaiting: await countLines(tx, lastSeq, await settledSeq(tx)),
    };
  };

  const findLastReview = async (tx: Transaction, now: Date) => {
    const last = await tryGetLastSigned(tx);
    if (last === undefined) return null;
    const { timeZone } = policy();
    const { at, by, next: due } = last;
    return { day: dayIn(timeZone, new Date(at)), by, due, overdue: due < dayIn(timeZone, now) };
  };

  return {
    'checklist/show': async () => {
      const now = deps.now();
      const active = policy();
      const items = await database.transaction(async (tx) =>
        judgeChecklist({
          policy: active,
          now,
          leastTls,
          authorityEndsAt: new X509Certificate(keys.authorities().current.certificate).validToDate,
          ...(await findAccounts(tx, now)),
          ...(await findPeopleFacts(tx, now)),
          ...(await findEventFacts(tx, now)),
          ...(await findMachineFacts(tx, now)),
          ...(await findLog(tx)),
          logins30: await countLogins(tx, now),
          unconfirmed: await countUnconfirmed(tx, now, active.offline.hours),
          lastReview: await findLastReview(tx, now),
          lastBackup: await findLastBackup(tx),
        }),
      );
      return succeed({ at: now.toISOString(), origin: deps.origin, policyVersion: deps.policies.number(), items });
    },
  } satisfies Partial<Handlers>;
};
