import type { Socket } from 'node:net';
import { z } from 'zod';
import { type Changed, changed } from '#contract/api/console.ts';
import { type Pushed, pushed } from '#contract/api/terminals.ts';
import { type TerminalId, terminalId } from '#contract/ids.ts';
import type { Database, Transaction } from './store/database.ts';
import { isOnline } from './store/terminals.ts';

/** Reaches terminals that hold a push stream, on whichever server process. */
export interface Push {
  /** Sent when the transaction commits; lost when the terminal is not connected: ask `isOnline` where that matters. */
  toTerminal(tx: Transaction, terminal: TerminalId, toPush: Pushed): Promise<void>;
  toAll(tx: Transaction, toPush: Pushed): Promise<void>;
  /** Whether the terminal was heard of within the last seconds. */
  isOnline(tx: Transaction, terminal: TerminalId): Promise<boolean>;
  /** Ends every connection of a terminal, on all server processes, when the transaction commits. */
  cut(tx: Transaction, terminal: TerminalId): Promise<void>;
}

/** One open push stream of a terminal. */
export interface TerminalStream {
  readonly terminal: TerminalId;
  /** SHA-256 of the key that it was opened with. */
  readonly key: Buffer;
  hear(heard: Pushed): void;
  /** Ends it so that the terminal comes again and asks for what it missed. */
  end(): void;
}

/** One open stream of a console page. */
export interface Watcher {
  readonly session: string;
  hear(what: Changed): void;
  /** Nothing to say: keeps the connection from looking dead. */
  keepAlive(): void;
  end(): void;
}

/** What this process holds open: connections and streams, reached by LISTEN. */
export interface Hub extends Push {
  /** Remembers a connection made with a terminal's certificate, so that it can be cut. */
  attach(terminal: TerminalId, socket: Socket): void;
  addStream(stream: TerminalStream): () => void;
  addWatcher(watcher: Watcher): () => void;
  /** Cuts connections of this process. */
  cutHere(terminal: TerminalId): void;
  /** Cuts those connections of this process that may not stay. */
  cutUnless(mayStay: (socket: Socket) => boolean): void;
  /** Terminals with a connection to this process. */
  attached(): TerminalId[];
  /** Terminals with a stream on this process. */
  streaming(): TerminalId[];
  streams(): TerminalStream[];
  watchers(): Watcher[];
  close(): Promise<void>;
}

const pushedNotice = z.strictObject({ terminal: terminalId.nullable(), pushed });
const cutNotice = z.strictObject({ terminal: terminalId });

/** A set for each key, without empty ones. */
const createGroups = <Key, Member>() => {
  const groups = new Map<Key, Set<Member>>();
  const remove = (key: Key, member: Member): void => {
    const group = groups.get(key);
    group?.delete(member);
    if (group?.size === 0) groups.delete(key);
  };
  return {
    add: (key: Key, member: Member): (() => void) => {
      const group = groups.get(key) ?? new Set();
      groups.set(key, group.add(member));
      return () => remove(key, member);
    },
    has: (key: Key, member: Member): boolean => groups.get(key)?.has(member) ?? false,
    of: (key: Key): Member[] => [...(groups.get(key) ?? [])],
    all: (): Member[] => [...groups.values()].flatMap((group) => [...group]),
    keys: (): Key[] => [...groups.keys()],
  };
};

export const createHub = async (database: Database, now: () => Date): Promise<Hub> => {
  const sockets = createGroups<TerminalId, Socket>();
  const streams = createGroups<TerminalId, TerminalStream>();
  const watchers = new Set<Watcher>();

  const cutHere = (terminal: TerminalId): void => {
    for (const stream of streams.of(terminal)) stream.end();
    // What was written before the cut still goes out: the terminal reads that it was revoked.
    for (const socket of sockets.of(terminal)) socket.destroySoon();
  };
  const hearPushed = (payload: unknown): void => {
    const notice = pushedNotice.parse(payload);
    const reached = notice.terminal === null ? streams.all() : streams.of(notice.terminal);
    for (const stream of reached) stream.hear(notice.pushed);
  };
  const tellWatchers = (what: Changed): void => {
    for (const watcher of watchers) watcher.hear(what);
  };
  const listening = [
    await database.listen('pushed', hearPushed, () => {
      for (const stream of streams.all()) stream.end();
    }),
    await database.listen('cut', (payload) => cutHere(cutNotice.parse(payload).terminal)),
    await database.listen(
      'changed',
      (payload) => tellWatchers(changed.parse(payload)),
      () => tellWatchers({ what: 'hello' }),
    ),
  ];
  return {
    toTerminal: (tx, terminal, toPush) => tx.notify('pushed', { terminal, pushed: toPush }),
    toAll: (tx, toPush) => tx.notify('pushed', { terminal: null, pushed: toPush }),
    isOnline: (tx, terminal) => isOnline(tx, terminal, now()),
    cut: (tx, terminal) => tx.notify('cut', { terminal }),
    attach: (terminal, socket) => {
      if (sockets.has(terminal, socket)) return;
      const remove = sockets.add(terminal, socket);
      socket.once('close', remove);
    },
    addStream: (stream) => streams.add(stream.terminal, stream),
    addWatcher: (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    cutHere,
    cutUnless: (mayStay) => {
      for (const socket of sockets.all()) if (!mayStay(socket)) socket.destroySoon();
    },
    attached: () => sockets.keys(),
    streaming: () => streams.keys(),
    streams: () => streams.all(),
    watchers: () => [...watchers],
    close: async () => {
      for (const stop of listening) await stop();
      for (const open of [...streams.all(), ...watchers]) open.end();
    },
  };
};
