import pg from 'pg';
import type { Channel } from './lane.ts';

/** `silence`: milliseconds since the connection was surely heard; what was sent in them may be lost. */
export type Missed = (silence: number) => void;

interface Heard {
  readonly hear: (payload: unknown) => void;
  readonly missed: Missed | undefined;
}

export interface ListenerDeps {
  readonly settings: pg.ClientConfig;
  readonly report: (problem: unknown) => void;
  /** Called when the database cannot be reached, and when it can be again. */
  readonly onAway: (away: boolean) => void;
}

const pulseEvery = 1000;
const pulseLimit = 1500;
const connectLimit = 1500;
const retryAfter = 200;

/**
 * Listens on one connection of its own, for as long as the database is open. A pulse on it says whether the database is
 * there at all, also when the network swallows everything; a lost connection is made anew.
 */
export const createListener = ({ settings, report, onAway }: ListenerDeps) => {
  const heard = new Map<Channel, Set<Heard>>();
  let client: pg.Client | undefined;
  let connecting: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let pulse: NodeJS.Timeout | undefined;
  let lastHeard = performance.now();
  let closed = false;
  let away = false;

  /** One hearer's bug neither ends the process nor keeps the others from hearing. */
  const tell = (what: () => void): void => {
    try {
      what();
    } catch (problem) {
      report(problem);
    }
  };
  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({ ...settings, connectionTimeoutMillis: connectLimit, query_timeout: pulseLimit });
    fresh.on('error', () => undefined);
    fresh.on('notification', ({ channel, payload }) => {
      for (const one of heard.get(channel as Channel) ?? []) tell(() => one.hear(JSON.parse(payload ?? 'null')));
    });
    try {
      await fresh.connect();
      for (const channel of heard.keys()) await fresh.query(`listen ${channel}`);
    } catch (problem) {
      void fresh.end().catch(() => undefined);
      throw problem;
    }
    if (closed) return void fresh.end().catch(() => undefined);
    fresh.on('end', () => lose(fresh));
    client = fresh;
    watch(fresh);
  };
  const lose = (lost: pg.Client): void => {
    if (client !== lost) return;
    client = undefined;
    clearTimeout(pulse);
    // Its other end may be gone without a word: then it never ends by itself.
    void lost.end().catch(() => undefined);
    if (!closed) reconnect();
  };
  const watch = (watched: pg.Client): void => {
    lastHeard = performance.now();
    pulse = setTimeout(() => {
      watched.query('select 1').then(
        () => client === watched && watch(watched),
        (problem: unknown) => {
          report(problem);
          lose(watched);
        },
      );
    }, pulseEvery);
  };
  const reconnect = (): void => {
    if (closed) return;
    const since = lastHeard;
    connect().then(
      () => {
        away = false;
        onAway(false);
        for (const all of heard.values()) for (const one of all) tell(() => one.missed?.(performance.now() - since));
      },
      (problem: unknown) => {
        if (!away) report(problem);
        // No place for one more connection says nothing about those that are there.
        away = !(problem instanceof pg.DatabaseError && problem.code?.startsWith('53') === true);
        if (away) onAway(true);
        retry = setTimeout(reconnect, retryAfter);
      },
    );
  };
  return {
    listen: async (channel: Channel, one: Heard): Promise<() => Promise<void>> => {
      connecting ??= connect();
      await connecting;
      const all = heard.get(channel) ?? new Set();
      if (!heard.has(channel)) {
        heard.set(channel, all);
        await client?.query(`listen ${channel}`);
      }
      all.add(one);
      return async () => {
        all.delete(one);
      };
    },
    close: async (): Promise<void> => {
      closed = true;
      clearTimeout(retry);
      clearTimeout(pulse);
      await client?.end();
    },
  };
};
