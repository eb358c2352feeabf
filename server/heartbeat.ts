import type { ServerDeps } from './deps.ts';
import type { Hub } from './push.ts';
import { markSeen } from './store/connections.ts';
import { listOpenConsoleSessions } from './store/console.ts';
import { isOwnKey } from './store/terminals.ts';

export const usualBeat = 5000;

/**
 * Every beat: streams hear the server's time, terminals are marked as seen, and whoever lost the right to be connected
 * is cut, also when the notice of it was missed.
 */
export const startHeartbeat = (
  deps: Pick<ServerDeps, 'database' | 'policy' | 'now' | 'log'> & { hub: Hub; beatMs: number },
): (() => void) => {
  const { database, hub, now, log } = deps;
  let running = false;

  const checkTerminals = async (): Promise<void> => {
    const attached = hub.attached();
    if (attached.length === 0) return;
    const admitted = await markSeen(database, now(), attached);
    for (const terminal of attached) if (!admitted.has(terminal)) hub.cutHere(terminal);
    // A terminal leaves a stream of its former key by itself; whoever else has a copy of that key does not.
    for (const stream of hub.streams()) {
      const own = admitted.get(stream.terminal);
      if (own !== undefined && !isOwnKey(own, stream.key)) stream.end();
    }
  };
  const checkWatchers = async (): Promise<void> => {
    const watchers = hub.watchers();
    if (watchers.length === 0) return;
    const ids = watchers.map(({ session }) => session);
    const open = await listOpenConsoleSessions(database, now(), deps.policy().console, ids);
    for (const watcher of watchers) {
      if (open.has(watcher.session)) watcher.keepAlive();
      else watcher.end();
    }
  };
  const beat = async (): Promise<void> => {
    const serverTime = now().toISOString();
    for (const stream of hub.streams()) stream.hear({ kind: 'beat', serverTime });
    if (running) return;
    running = true;
    try {
      await checkTerminals();
      await checkWatchers();
    } catch (problem) {
      log.warn({ err: problem }, 'a heartbeat could not reach the database');
    } finally {
      running = false;
    }
  };
  const timer = setInterval(() => void beat(), deps.beatMs);
  return () => clearInterval(timer);
};
