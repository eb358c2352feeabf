import type { ServerDeps } from './deps.ts';
import { toFrame } from './event-stream.ts';
import type { Hub, TerminalStream } from './push.ts';
import { spreadOver } from './routes/streams.ts';
import { markProcess } from './store/connections.ts';
import { listOpenConsoleSessions } from './store/console.ts';
import type { Lane } from './store/database.ts';
import { findIncarnation } from './store/log-tree.ts';
import { findAdmitted, isOwnKey } from './store/terminals.ts';

export const usualBeat = 5000;
/** Streams do not hear a beat all at once: it is spread over the time until the next one, in so many parts. */
const parts = 50;
/** The database was heard within so many beats, or there is none: a terminal then looks for another server. */
const databaseBeats = 2;

export interface HeartbeatDeps extends Pick<ServerDeps, 'policy' | 'now' | 'log'> {
  readonly background: Lane;
  readonly hub: Hub;
  readonly process: string;
  readonly beatMs: number;
}

/**
 * Every beat: this process says that it runs, streams hear the server's time, and whoever lost the right to be connected
 * is cut, also when the notice of it was missed. A beat also says that this process hears the database.
 */
export const startHeartbeat = (deps: HeartbeatDeps): (() => void) => {
  const { background, beatMs, hub, log, now } = deps;
  let checking = false;
  let checkedAt = performance.now();
  let left: TerminalStream[] = [];
  let inOnePart = 1;
  let incarnation: string | undefined;

  const checkTerminals = async (): Promise<void> => {
    await markProcess(background, now(), deps.process);
    const attached = hub.attached();
    if (attached.length === 0) return;
    const active = await findAdmitted(background, attached);
    for (const terminal of attached) if (!active.has(terminal)) hub.cutHere(terminal);
    // A terminal leaves a stream of its former key by itself; whoever else has a copy of that key does not.
    for (const stream of hub.streams()) {
      const own = active.get(stream.terminal);
      if (own === undefined) continue;
      // The notice that it was disabled or enabled may have been lost.
      const isToldOtherwise = stream.toldDisabled() !== undefined && stream.toldDisabled() !== own.disabled;
      if (isToldOtherwise || !isOwnKey(own, stream.key)) stream.end();
    }
  };
  /** A database that lost its end: terminals come again, one after the other, and bring what they have of it. */
  const checkIncarnation = async (): Promise<void> => {
    const { id } = await findIncarnation(background);
    const before = incarnation;
    incarnation = id;
    if (before === undefined || before === id) return;
    const streams = hub.streams();
    const step = (spreadOver(hub) * 1_000) / Math.max(1, streams.length);
    for (const [place, stream] of streams.entries()) setTimeout(() => stream.end(), place * step).unref();
  };
  const checkWatchers = async (): Promise<void> => {
    const watchers = hub.watchers();
    if (watchers.length === 0) return;
    const ids = watchers.map(({ session }) => session);
    const open = await listOpenConsoleSessions(background, now(), deps.policy().console, ids);
    for (const watcher of watchers) {
      if (open.has(watcher.session)) watcher.keepAlive();
      else watcher.end();
    }
  };
  const check = async (): Promise<void> => {
    if (checking) return;
    checking = true;
    const since = performance.now();
    try {
      await checkTerminals();
      checkedAt = since;
      await checkIncarnation();
      await checkWatchers();
    } catch (problem) {
      log.warn({ err: problem }, 'a heartbeat could not reach the database');
    } finally {
      checking = false;
    }
  };
  const beginBeat = (): void => {
    tell(left.length);
    left = hub.streams();
    inOnePart = Math.ceil(left.length / parts);
    void check();
  };
  const tell = (count: number): void => {
    const some = left.splice(0, count);
    if (some.length === 0 || performance.now() - checkedAt > databaseBeats * beatMs) return;
    const frame = toFrame({ kind: 'beat', serverTime: now().toISOString() });
    for (const stream of some) stream.beat(frame);
  };
  void check();
  const beats = setInterval(beginBeat, beatMs);
  const spreading = setInterval(() => tell(inOnePart), beatMs / parts);
  return () => {
    clearInterval(beats);
    clearInterval(spreading);
  };
};
