import { X509Certificate } from 'node:crypto';
import type { Alert, Overview } from '#contract/api/overview.ts';
import type { TerminalSummary } from '#contract/api/terminals.ts';
import { stateOf } from '../key-ring.ts';
import type { KeysDeps } from '../routes/keys.ts';
import type { Transaction } from '../store/database.ts';
import { isMark } from '../store/event-stretches.ts';
import { countUnconfirmed } from '../store/revocations.ts';
import { countCertificates } from '../store/terminals.ts';
import { backupAge } from './backup-problems.ts';

export interface AlertsDeps extends Pick<KeysDeps, 'now' | 'keys' | 'shown'> {
  readonly halted: () => string | null;
}

const day = 24 * 3_600_000;
/** Ends that are nearer than this are told (milliseconds). */
const authorityEnds = 60 * day;
const serverEnds = 7 * day;
/** Older revocations concern nobody any more: what a terminal kept for logins without the server has ended. */
const revocationsFor = 30 * day;
/** A terminal's clock that is farther off puts a code into its neighbour's half minute (milliseconds). */
const clockLimit = 5000;

interface Waiting {
  readonly count: number;
  readonly at: Date | null;
}

const readWaiting = async (tx: Transaction, now: Date): Promise<{ reviews: Waiting; approvals: Waiting }> => {
  const [reviews = { count: 0, at: null }] = await tx.query<Waiting>(
    'select count(*) as count, min(at) as at from emergency_use where reviewed_at is null',
    [],
    'reviews-waiting',
  );
  const [approvals = { count: 0, at: null }] = await tx.query<Waiting>(
    `select count(*) as count, min(asked_at) as at from approval where state = 'waiting' and expires_at > $1`,
    [now],
    'approvals-waiting',
  );
  return { reviews, approvals };
};

/** The last backup, as the log has it. */
export const findBackup = async (tx: Transaction): Promise<Overview['backup']> => {
  const [row] = await tx.query<{ at: Date; once: boolean }>(
    `select at, coalesce(detail->'writeOnce' = 'true', false) as once from event
      where kind = 'backup.made' and ${isMark} order by seq desc limit 1`,
    [],
    'backup-newest',
  );
  return row === undefined ? null : { at: row.at.toISOString(), writeOnce: row.once };
};

/** What waits for somebody, the worst first. */
export const listAlerts = async (
  tx: Transaction,
  { now: clock, keys, shown, halted }: AlertsDeps,
  terminals: readonly TerminalSummary[],
  backup: Overview['backup'],
): Promise<Alert[]> => {
  const now = clock();
  const alerts: Alert[] = [];
  const say = (kind: Alert['kind'], tone: Alert['tone'], count: number, at: Date | string | null = null): void => {
    const since = at instanceof Date ? at.toISOString() : at;
    if (count > 0) alerts.push({ kind, tone, count, at: since });
  };
  say('log-halted', 'bad', halted() === null ? 0 : 1);
  const { reviews, approvals } = await readWaiting(tx, now);
  say('reviews', 'bad', reviews.count, reviews.at);
  const unconfirmed = await countUnconfirmed(tx, new Date(now.getTime() - revocationsFor));
  say('unconfirmed', 'bad', unconfirmed.count, unconfirmed.oldest);
  const rings = keys.rings();
  for (const authority of rings.ca ?? []) {
    const { validToDate } = new X509Certificate(authority.certificate);
    const ends = validToDate.getTime() - now.getTime() < authorityEnds;
    if (ends && stateOf(rings.ca ?? [], authority) === 'in-use') say('authority-ending', 'bad', 1, validToDate);
  }
  const own = new X509Certificate(shown().certificate).validToDate;
  if (own.getTime() - now.getTime() < serverEnds) say('server-ending', 'bad', 1, own);
  const certificates = await countCertificates(tx, now);
  say('terminals-ended', 'warn', certificates.ended);
  if (backup === null) say('backup-none', 'warn', 1);
  else if (now.getTime() - Date.parse(backup.at) > backupAge) say('backup-old', 'warn', 1, backup.at);
  say('approvals', 'warn', approvals.count, approvals.at);
  say('terminals-ending', 'warn', certificates.withinDay);
  const wrong = terminals.filter(({ online, clockOffsetMs }) => online && Math.abs(clockOffsetMs ?? 0) > clockLimit);
  say('clocks', 'warn', wrong.length);
  return alerts.sort((one, other) => Number(other.tone === 'bad') - Number(one.tone === 'bad'));
};
