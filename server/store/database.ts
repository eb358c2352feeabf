import pg from 'pg';
import { type Channel, createLane, type Lane, type LaneLimits } from './lane.ts';
import { createListener, type Missed } from './listener.ts';
import { createNotices } from './notices.ts';

export { DatabaseAway, isDeadlock } from './database-away.ts';
export type { Channel, Lane, Transaction } from './lane.ts';

/**
 * Lanes have connections of their own, so that no sort of work waits behind another. The database is itself the lane of
 * what terminals ask.
 */
export interface Database extends Lane {
  /** For the statements of logins: they look up few rows by their keys, and their plans go by index alone. */
  readonly logins: Lane;
  /** What people do at the console. */
  readonly people: Lane;
  /** What nobody waits for. */
  readonly background: Lane;
  /** `missed` is called after the connection that listens was lost and is there again: what was sent meanwhile is gone. */
  listen(channel: Channel, hear: (payload: unknown) => void, missed?: Missed): Promise<() => Promise<void>>;
  /** False while it cannot be reached. */
  isThere(): boolean;
  /** Called whenever it cannot be reached any more, and when it can be again. */
  onAway(hear: (away: boolean) => void): void;
  close(): Promise<void>;
}

/**
 * 32 connections with the one that listens and those of two threads that store reports, so that several processes fit beside each
 * other. A person at a terminal waits two seconds at most (`guard/effects.ts`); what takes longer than these limits is answered as
 * busy.
 */
const lanes = {
  logins: { connections: 8, wait: 1000, statement: 3000, lock: 2000, idle: 10_000, byKeys: true },
  terminals: { connections: 8, wait: 1000, statement: 3000, lock: 2000, idle: 10_000 },
  people: { connections: 5, wait: 3000, statement: 15_000, lock: 5000, idle: 60_000 },
  background: { connections: 4, wait: 10_000, statement: 60_000, lock: 5000, idle: 60_000 },
  reports: { connections: 3, wait: 10_000, statement: 60_000, lock: 5000, idle: 60_000 },
} as const satisfies Record<string, LaneLimits>;

const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as 'text'),
};

export interface DatabaseSettings {
  readonly connectionString: string;
  readonly report: (problem: unknown) => void;
  /** So many times as long as usual it waits for the database; for tests, which share their machine. */
  readonly patience?: number;
}

const stretch = ({ wait, statement, lock, idle, ...limits }: LaneLimits, by: number): LaneLimits => ({
  ...limits,
  wait: wait * by,
  statement: statement * by,
  lock: lock * by,
  idle: idle * by,
});

const settingsOf = (connectionString: string): pg.ClientConfig => ({
  connectionString,
  types,
  application_name: 'kazasu',
  keepAlive: true,
});

const sendNotices = async (lane: Lane, payloads: readonly string[]): Promise<void> => {
  await lane.query('select pg_notify($1, payload) from unnest($2::text[]) as payload', ['changed', payloads]);
};

/** The lane of a thread that stores reports. It listens for nothing: it is told whether the database is there. */
export interface ReportLane extends Lane {
  setAway(away: boolean): void;
  close(): Promise<void>;
}

export const openReportLane = ({ connectionString, report }: Omit<DatabaseSettings, 'patience'>): ReportLane => {
  let isAway = false;
  const notices = createNotices((payloads) => sendNotices(lane, payloads), report);
  const lane = createLane({
    settings: settingsOf(connectionString),
    limits: lanes.reports,
    isAway: () => isAway,
    report,
    changed: notices.add,
  });
  return {
    ...lane,
    setAway: (away) => {
      if (away && !isAway) lane.drop();
      isAway = away;
    },
    close: async () => {
      await notices.close();
      await lane.close();
    },
  };
};

export const createDatabase = ({ connectionString, report, patience = 1 }: DatabaseSettings): Database => {
  const settings = settingsOf(connectionString);
  let away = false;
  const hearing = new Set<(away: boolean) => void>();
  const notices = createNotices((payloads) => sendNotices(all.background, payloads), report);
  const open = (limits: LaneLimits) =>
    createLane({ settings, limits: stretch(limits, patience), isAway: () => away, report, changed: notices.add });
  const all = {
    logins: open(lanes.logins),
    terminals: open(lanes.terminals),
    people: open(lanes.people),
    background: open(lanes.background),
  };
  const listener = createListener({
    settings,
    report,
    onAway: (next) => {
      if (next && !away) for (const lane of Object.values(all)) lane.drop();
      if (next !== away) for (const hear of hearing) hear(next);
      away = next;
    },
  });
  return {
    ...all.terminals,
    logins: all.logins,
    people: all.people,
    background: all.background,
    listen: (channel, hear, missed) => listener.listen(channel, { hear, missed }),
    isThere: () => !away,
    onAway: (hear) => void hearing.add(hear),
    close: async () => {
      await notices.close();
      await listener.close();
      await Promise.all(Object.values(all).map((lane) => lane.close()));
    },
  };
};

/** True when `problem` is a violation of the named unique constraint or index (SQLSTATE 23505). */
export const violates = (problem: unknown, constraint: string): boolean =>
  problem instanceof pg.DatabaseError && problem.code === '23505' && problem.constraint === constraint;
