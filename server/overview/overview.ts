import { type Cause, failureKinds, type HourOfDay, type Overview } from '#contract/api/overview.ts';
import type { Policy } from '#contract/policy.ts';
import type { Transaction } from '../store/database.ts';
import { type HourSum, type ReasonSum, type SummedKind, sumByHour, sumByReason } from '../store/event-sums.ts';
import { type Figures, withFigures } from '../store/terminal-figures.ts';
import { listTerminals } from '../store/terminal-list.ts';
import { type AlertsDeps, findBackup, listAlerts } from './alerts.ts';

const hour = 3_600_000;
const week = 168 * hour;
const mostReaders = 8;
const mostOffline = 6;

/** What lets somebody in. */
const loginKinds = ['session.began', 'offline.opened'] as const satisfies readonly SummedKind[];
const isLogin = (kind: SummedKind): boolean => (loginKinds as readonly SummedKind[]).includes(kind);

/** Causes of two spans of one length: the later one, with what it was in the earlier. */
export const compareCauses = (later: readonly ReasonSum[], earlier: readonly ReasonSum[], limit: number): Cause[] => {
  const key = ({ kind, reason }: Pick<ReasonSum, 'kind' | 'reason'>): string => `${kind} ${reason}`;
  const before = new Map(earlier.map((sum) => [key(sum), sum.lines]));
  return later.slice(0, limit).map((sum) => ({
    kind: sum.kind as Cause['kind'],
    reason: sum.reason,
    count: sum.lines,
    before: before.get(key(sum)) ?? 0,
  }));
};

const asHours = (sums: readonly HourSum[], first: number): HourOfDay[] => {
  const add = (from: number, wanted: (kind: SummedKind) => boolean): number =>
    sums.reduce((sum, one) => sum + (one.hour.getTime() === from && wanted(one.kind) ? one.lines : 0), 0);
  return Array.from({ length: 24 }, (_, place) => {
    const from = first + place * hour;
    return {
      from: new Date(from).toISOString(),
      logins: add(from, isLogin),
      loginsBefore: add(from - week, isLogin),
      failures: add(from, (kind) => !isLogin(kind)),
    };
  });
};

export interface OverviewDeps extends AlertsDeps {
  readonly policy: () => Pick<Policy, 'timeZone'>;
}

export const readOverview = async (tx: Transaction, deps: OverviewDeps, figures: Figures): Promise<Overview> => {
  const now = deps.now();
  const first = Math.floor(now.getTime() / hour) * hour - 23 * hour;
  const [from, to] = [new Date(first), new Date(first + 24 * hour)];
  const kinds = [...loginKinds, ...failureKinds];
  const sums = [
    ...(await sumByHour(tx, { from, to, kinds })),
    ...(await sumByHour(tx, {
      from: new Date(first - week),
      to: new Date(first - week + 24 * hour),
      kinds: loginKinds,
    })),
  ];
  const later = await sumByReason(tx, { from, to, kinds: failureKinds });
  const earlier = await sumByReason(tx, { from: new Date(first - 24 * hour), to: from, kinds: failureKinds });
  const terminals = await listTerminals(tx, now);
  const active = terminals.filter(({ state }) => state === 'active');
  const offline = active.filter(({ online }) => !online);
  const worrying = active.map((terminal) => withFigures(figures, terminal)).filter(({ worries }) => worries.length > 0);
  const backup = await findBackup(tx);
  return {
    at: now.toISOString(),
    timeZone: deps.policy().timeZone,
    hours: asHours(sums, first),
    causes: compareCauses(later, earlier, 40),
    terminals: {
      online: active.length - offline.length,
      offline: offline.length,
      inUse: active.filter(({ person }) => person !== null).length,
      announced: terminals.filter(({ state }) => state === 'announced').length,
    },
    offline: offline
      .map(({ id, name, place, lastSeenAt }) => ({ id, name, place, lastSeenAt }))
      .sort((one, other) => (other.lastSeenAt ?? '').localeCompare(one.lastSeenAt ?? ''))
      .slice(0, mostOffline),
    ready: figures.all,
    readers: worrying
      .sort(
        (one, other) =>
          other.worries.length - one.worries.length ||
          (other.ready?.machineMedian ?? 0) - (one.ready?.machineMedian ?? 0) ||
          other.misreads - one.misreads,
      )
      .slice(0, mostReaders),
    readersWorrying: worrying.length,
    alerts: await listAlerts(tx, deps, terminals, backup),
    backup,
  };
};
