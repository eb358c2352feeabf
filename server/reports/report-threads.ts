import { Worker } from 'node:worker_threads';
import type { Policy } from '#contract/policy.ts';
import { DatabaseAway } from '../store/database.ts';
import type { FromReportThread, ReportThreadData, ToReportThread } from './messages.ts';
import type { ReportOutcome, ReportStore } from './report-store.ts';

export interface ReportThreadsDeps extends ReportThreadData {
  readonly policy: () => Policy;
  /** Takes what was wrong with a connection of theirs. */
  readonly report: (problem: unknown) => void;
}

export interface ReportThreads extends ReportStore {
  /** Tells them whether the database can be reached: they listen for nothing themselves. */
  setAway(away: boolean): void;
  /** Resolves when everything that they were asked is answered and they have ended. */
  close(): Promise<void>;
}

interface Asked {
  readonly resolve: (outcome: ReportOutcome) => void;
  readonly reject: (problem: Error) => void;
}

const startThread = ({ connectionString, policy, report }: ReportThreadsDeps, program: URL): ReportThreads => {
  const workerData: ReportThreadData = { connectionString };
  const worker = new Worker(program, { workerData, name: 'reports' });
  const asked = new Map<number, Asked>();
  let asks = 0;
  let told: Policy | undefined;
  let closed: Promise<void> | undefined;
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const tell = (message: ToReportThread, given: ArrayBuffer[] = []): void => worker.postMessage(message, given);
  worker.on('message', (message: FromReportThread) => {
    if ('lost' in message) return report(new Error(message.lost));
    const waiting = asked.get(message.ask);
    asked.delete(message.ask);
    if ('outcome' in message) waiting?.resolve(message.outcome);
    else waiting?.reject('away' in message ? new DatabaseAway(message.away) : new Error(message.bug));
  });
  // Nobody hears it here: it goes on as an uncaught one.
  worker.on('error', (problem) => {
    throw problem;
  });
  worker.once('exit', (code) => {
    const problem = new Error(`a thread that stores reports ended (${code})`);
    for (const { reject } of asked.values()) reject(problem);
    if (closed === undefined) throw problem;
  });
  return {
    store: ({ body, publicKey, terminal }) =>
      new Promise((resolve, reject) => {
        if (closed !== undefined) throw new DatabaseAway('reports are not stored any more');
        const active = policy();
        if (active !== told) tell({ policy: active });
        told = active;
        asks += 1;
        asked.set(asks, { resolve, reject });
        // A copy, which goes there whole; the bytes themselves may be part of others.
        const sent = body instanceof Uint8Array ? new Uint8Array(body) : body;
        tell({ ask: asks, sent: { terminal, publicKey, body: sent } }, sent instanceof Uint8Array ? [sent.buffer] : []);
      }),
    setAway: (away) => {
      if (closed === undefined) tell({ away });
    },
    close: () => {
      if (closed === undefined) {
        closed = ended;
        tell({ close: true });
      }
      return closed;
    },
  };
};

/** While one waits for a processor or for PostgreSQL, the other goes on. */
const count = 2;

/**
 * Stores reports on threads of their own with connections of their own. What terminals bring after a night without the server
 * is read, checked and written there, and whoever logs in meanwhile waits for none of it. A terminal always has the same one. A bug
 * that ends a thread ends the process, as any other does. `program`: what runs there.
 */
export const startReportThreads = (
  deps: ReportThreadsDeps,
  program = new URL('./thread.ts', import.meta.url),
): ReportThreads => {
  const threads = Array.from({ length: count }, () => startThread(deps, program));
  return {
    store: (sent) => {
      const thread = threads[Number.parseInt(sent.terminal.slice(-4), 16) % count];
      if (thread === undefined) throw new TypeError('a terminal has a UUID');
      return thread.store(sent);
    },
    setAway: (away) => {
      for (const thread of threads) thread.setAway(away);
    },
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
};
