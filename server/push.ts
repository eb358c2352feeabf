import type { Socket } from 'node:net';
import { z } from 'zod';
import { changed } from '#contract/api/console.ts';
import { type Pushed, pushed } from '#contract/api/terminals.ts';
import { type TerminalId, terminalId } from '#contract/ids.ts';
import { createGroups } from './groups.ts';
import { createPushes } from './pushes.ts';
import { markOrder } from './revocation-mark.ts';
import type { Secrets } from './secrets.ts';
import type { Database, Transaction } from './store/database.ts';
import { getHead } from './store/revocations.ts';
import { isOnline } from './store/terminals.ts';
import { createWatchers, type FindOpen, type Watcher } from './watchers.ts';

/** Reaches terminals that hold a push stream, on whichever server process. */
export interface Push {
  /** Sent when the transaction commits; lost when the terminal is not connected: ask `isOnline` where that matters. */
  toTerminal(tx: Transaction, terminal: TerminalId, toPush: Pushed): Promise<void>;
  toAll(tx: Transaction, toPush: Pushed): Promise<void>;
  /** Whether the terminal was heard of within the last seconds. */
  isOnline(tx: Transaction, terminal: TerminalId): Promise<boolean>;
}

/** One open push stream of a terminal. */
export interface TerminalStream {
  readonly terminal: TerminalId;
  /** SHA-256 of the key that it was opened with. */
  readonly key: Buffer;
  /** `frame` is the same, made once for all who hear it. */
  hear(heard: Pushed, frame: Buffer): void;
  /** Hears the time; ends itself when its certificate is over or the other side has fallen silent. */
  beat(frame: Buffer): void;
  /** Gives the terminal another nonce for its next card, or tells it that no card is asked for a proof. */
  renewNonce(): void;
  /** Whether it was told that it is out of use for now; undefined before it was told anything. */
  toldDisabled(): boolean | undefined;
  /** Ends it so that the terminal comes again and asks for what it missed. */
  end(): void;
}

/** What this process holds open: connections and streams, reached by LISTEN. */
export interface Hub extends Push {
  /** Remembers a connection made with a terminal's certificate, so that it can be cut. */
  attach(terminal: TerminalId, socket: Socket): void;
  /** A request is under way on it: a cut waits for its answer. Answers what ends that. */
  engage(socket: Socket): () => void;
  addStream(stream: TerminalStream): () => void;
  addWatcher(watcher: Watcher): () => void;
  /** Cuts connections of this process. */
  cutHere(terminal: TerminalId): void;
  /** Cuts those connections of this process that may not stay. */
  cutUnless(mayStay: (socket: Socket) => boolean): void;
  /**
   * Pushes to streams of this process, after what was pushed before. A revocation whose number is not the next one has the
   * table read first, unless it comes from there (`read`): a server that was put back skips numbers.
   */
  pushHere(terminal: TerminalId | null, toPush: Pushed, read?: boolean): void;
  /** Number of the newest revocation that was pushed to the streams of this process, none before it left out. */
  highest(): number;
  /** Terminals with a connection to this process. */
  attached(): TerminalId[];
  /** Terminals with a stream on this process. */
  streaming(): TerminalId[];
  streams(): TerminalStream[];
  watchers(): Watcher[];
  /** Called when notices may have been lost for so long (milliseconds) and come again. */
  onMissed(catchUp: (silence: number) => void): void;
  close(): Promise<void>;
}

/** A connection that is to be cut is cut after this time though a request is under way on it (milliseconds). */
const longestAnswer = 3_000;

const pushedNotice = z.strictObject({ terminal: terminalId.nullable(), pushed });
const cutNotice = z.strictObject({ terminal: terminalId });

export const createHub = async (
  database: Database,
  secrets: Pick<Secrets, 'vouch'>,
  now: () => Date,
  findOpen: FindOpen,
): Promise<Hub> => {
  const sockets = createGroups<TerminalId, Socket>();
  const streams = createGroups<TerminalId, TerminalStream>();
  const watchers = createWatchers(findOpen);
  const pushes = createPushes();
  /** Numbers follow each other without a gap, in the order of their commits. */
  let highest = 0;
  let catchUp: (silence: number) => void = () => undefined;

  /**
   * Requests under way on each connection, and those connections that end with them. Weak: an answer that waits behind
   * another one when its connection breaks never says that it is over.
   */
  const engaged = new WeakMap<Socket, number>();
  const doomed = new WeakSet<Socket>();
  /** What was written before still goes out, and whoever asked before is answered: the terminal reads that it was revoked. */
  const cutSoon = (socket: Socket): void => {
    if (!engaged.has(socket)) return socket.destroySoon();
    doomed.add(socket);
    setTimeout(() => socket.destroy(), longestAnswer).unref();
  };
  const cutHere = (terminal: TerminalId): void => {
    const own = streams.of(terminal);
    pushes.hurry(own);
    for (const stream of own) stream.end();
    for (const socket of sockets.of(terminal)) cutSoon(socket);
  };
  const pushHere = (terminal: TerminalId | null, toPush: Pushed, read = false): void => {
    if (toPush.kind === 'revocation') {
      const { number } = toPush.order;
      if (number <= highest) return;
      // The one before it was not heard: a terminal that hears this one would never ask for that. Both are read.
      if (number > highest + 1 && !read) return catchUp(0);
      highest = number;
    }
    const told = toPush.kind === 'revocation' ? { ...toPush, order: markOrder(secrets, toPush.order) } : toPush;
    pushes.add(terminal === null ? streams.all() : streams.of(terminal), told);
  };
  const listening = [
    await database.listen(
      'pushed',
      (payload) => {
        const notice = pushedNotice.parse(payload);
        pushHere(notice.terminal, notice.pushed);
      },
      (silence) => catchUp(silence),
    ),
    await database.listen('cut', (payload) => cutHere(cutNotice.parse(payload).terminal)),
    await database.listen(
      'changed',
      (payload) => void watchers.tell(changed.parse(payload)),
      () => void watchers.tell({ what: 'hello' }),
    ),
  ];
  // After LISTEN: what is issued in between is heard, and is not new.
  highest = Math.max(highest, await getHead(database));
  return {
    toTerminal: (tx, terminal, toPush) => tx.notify('pushed', { terminal, pushed: toPush }),
    toAll: (tx, toPush) => tx.notify('pushed', { terminal: null, pushed: toPush }),
    isOnline: (tx, terminal) => isOnline(tx, terminal, now()),
    attach: (terminal, socket) => {
      if (sockets.has(terminal, socket)) return;
      const remove = sockets.add(terminal, socket);
      socket.once('close', remove);
    },
    engage: (socket) => {
      engaged.set(socket, (engaged.get(socket) ?? 0) + 1);
      return () => {
        const left = (engaged.get(socket) ?? 1) - 1;
        if (left > 0) engaged.set(socket, left);
        else engaged.delete(socket);
        if (left <= 0 && doomed.delete(socket)) socket.destroySoon();
      };
    },
    addStream: (stream) => streams.add(stream.terminal, stream),
    addWatcher: watchers.add,
    cutHere,
    cutUnless: (mayStay) => {
      for (const socket of sockets.all()) if (!mayStay(socket)) cutSoon(socket);
    },
    pushHere,
    highest: () => highest,
    attached: () => sockets.keys(),
    streaming: () => streams.keys(),
    streams: () => streams.all(),
    watchers: watchers.all,
    onMissed: (next) => {
      catchUp = next;
    },
    close: async () => {
      for (const stop of listening) await stop();
      for (const open of streams.all()) open.end();
      watchers.close();
    },
  };
};
