import { z } from 'zod';
import { instant, terminalId } from '../ids.ts';
import { roles, table } from './row.ts';

const count = z.int().min(0);
/** Whole milliseconds. */
const milliseconds = z.int().min(0);

/** What stands in the way of a login, beside a wrong or missing card or factor. */
export const failureKinds = [
  'proof.refused',
  'attempt.refused',
  'attempt.abandoned',
  'offline.refused',
  'code.refused',
  'credential.locked',
  'card.misread',
] as const;
export const failureKind = z.enum(failureKinds);
export type FailureKind = z.infer<typeof failureKind>;

/** Failures of one cause: kind of the event and its reason. */
export const cause = z.strictObject({ kind: failureKind, reason: z.string(), count, before: count });
export type Cause = z.infer<typeof cause>;

const hourOfDay = z.strictObject({
  /** When the hour begins. */
  from: instant,
  logins: count,
  /** The same hour a week before. */
  loginsBefore: count,
  failures: count,
});
export type HourOfDay = z.infer<typeof hourOfDay>;

/** How soon a desktop was there after the card: all of it, and of it what the person did not read or type. */
export const readyTimes = z.strictObject({
  logins: z.int().min(1),
  median: milliseconds,
  p95: milliseconds,
  machineMedian: milliseconds,
  machineP95: milliseconds,
});
export type ReadyTimes = z.infer<typeof readyTimes>;

export const terminalFigures = z.strictObject({
  id: terminalId,
  name: z.string(),
  place: z.string(),
  online: z.boolean(),
  /** `null`: nobody logged in there, or its guard does not tell yet. */
  ready: readyTimes.nullable(),
  /** Cards that could not be read. */
  misreads: count,
  /** How often the reader or its service went away. */
  losses: count,
  /** Why somebody should look at its reader; empty: all is well. */
  worries: z.array(z.enum(['slow', 'misreads', 'lost'])).max(3),
});
export type TerminalFigures = z.infer<typeof terminalFigures>;

export const alertKind = z.enum([
  'log-halted',
  'reviews',
  'approvals',
  'unconfirmed',
  'terminals-ended',
  'terminals-ending',
  'authority-ending',
  'server-ending',
  'clocks',
  'backup-none',
  'backup-old',
]);
/** Something that waits for somebody. */
export const alert = z.strictObject({
  kind: alertKind,
  tone: z.enum(['bad', 'warn']),
  /** How many; 1 where there is nothing to count. */
  count: z.int().min(1),
  /** Since when the oldest of them waits, when it ends, or when it was done last. */
  at: instant.nullable(),
});
export type Alert = z.infer<typeof alert>;

export const overview = z.strictObject({
  at: instant,
  /** IANA zone of the hospital. */
  timeZone: z.string(),
  /** The last 24 hours, the one that is under way being the last. */
  hours: z.array(hourOfDay).length(24),
  /** Of the last 24 hours, against the 24 before. */
  causes: z.array(cause).max(40),
  terminals: z.strictObject({ online: count, offline: count, inUse: count, announced: count }),
  /** Active ones that are not connected: those that were seen last come first. */
  offline: z
    .array(z.strictObject({ id: terminalId, name: z.string(), place: z.string(), lastSeenAt: instant.nullable() }))
    .max(12),
  /** Over all terminals and the last seven days. */
  ready: readyTimes.nullable(),
  /** Terminals whose reader somebody should look at, the worst first, and how many there are. */
  readers: z.array(terminalFigures).max(12),
  readersWorrying: count,
  alerts: z.array(alert),
  /** The last backup that was made and read back; `null` when there is none. */
  backup: z.strictObject({ at: instant, writeOnce: z.boolean() }).nullable(),
});
export type Overview = z.infer<typeof overview>;

const sums = { logins: count, wrong: count, refused: count, abandoned: count, misreads: count } as const;
const daySums = z.strictObject({ day: z.iso.date(), ...sums });
const placeSums = z.strictObject({ place: z.string(), ...sums });
const roleSums = z.strictObject({ role: z.enum(roles), ...sums });
export type Sums = Omit<z.infer<typeof daySums>, 'day'>;

const total = z.strictObject({
  ...sums,
  offline: count,
  locked: count,
  emergencies: count,
  revocations: count,
  cardsEnrolled: count,
  substitutes: count,
  consoleSignIns: count,
  consoleRefusals: count,
});
export type ReportTotal = z.infer<typeof total>;

export const report = z.strictObject({
  at: instant,
  timeZone: z.string(),
  /** First and last day, both included. */
  from: z.iso.date(),
  to: z.iso.date(),
  days: z.array(daySums).max(400),
  /** Logins by hour of the day, over all days. */
  clock: z.array(count).length(24),
  causes: z.array(cause).max(60),
  places: z.array(placeSums),
  /** Somebody with two roles counts with each. */
  roles: z.array(roleSums),
  total,
  /** Of as many days just before. */
  totalBefore: total,
  /** From the card to the desktop, rounded to two digits; `null`: no terminal told. */
  ready: readyTimes.nullable(),
  /** Emergencies of the period: signed off, and those that wait. */
  reviews: z.strictObject({ signedOff: count, waiting: count }),
  people: z.strictObject({ active: count, suspended: count }),
  cards: z.strictObject({ active: count, suspended: count, disabled: count, revoked: count }),
  terminals: z.strictObject({ active: count, revoked: count }),
});
export type Report = z.infer<typeof report>;

export const figureOrders = ['machine', 'ready', 'misreads', 'name'] as const;

export const overviewRows = table({
  'overview/show': {
    method: 'GET',
    path: '/v1/overview',
    sender: ['admin', 'auditor', 'operator'],
    event: null,
    failures: [],
    summary:
      'How the hospital’s logins, terminals and readers are, and what waits for somebody. At most two seconds old.',
    answer: overview,
  },
  'overview/terminals': {
    method: 'GET',
    path: '/v1/overview/terminals',
    sender: ['admin', 'auditor', 'operator'],
    event: null,
    failures: [],
    summary:
      'For each active terminal over the last seven days: from the card to the desktop as median and 95th percentile, and what its reader failed at. At most five minutes old.',
    query: z.strictObject({
      order: z.enum(figureOrders).default('machine'),
      search: z.string().max(60).default(''),
      from: z.coerce.number().int().min(0).max(100_000).default(0),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    answer: z.strictObject({ terminals: z.array(terminalFigures), total: count }),
  },
  'reports/show': {
    method: 'GET',
    path: '/v1/report',
    sender: ['admin', 'auditor'],
    event: null,
    failures: ['REPORT_PERIOD'],
    summary:
      'Logins and what went wrong with them over some days of the hospital’s zone, by day, hour, place, role and cause.',
    query: z.strictObject({ from: z.iso.date(), to: z.iso.date() }),
    answer: report,
  },
});
