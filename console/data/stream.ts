import type { Changed } from '#contract/api/console.ts';

export type What = Changed['what'];
export type StreamState = 'connecting' | 'open' | 'lost';

export interface Stream {
  /** Calls back with what changed; after a gap with `hello`: anything may have changed. Answers how to stop. */
  listen(listener: (what: What) => void): () => void;
  /** Everything on the page asks anew, as after a gap. */
  refresh(): void;
  watch(listener: () => void): () => void;
  state(): StreamState;
  stop(): void;
}

export interface StreamDeps {
  readonly open: () => EventSource;
  /** The server ended the stream for good (a status other than 200); asked before each new try. */
  readonly onEnded: () => void;
  readonly later: (run: () => void, milliseconds: number) => () => void;
}

const retryAfter = 2000;
/** Before the first one opened something may have changed; a page that is being put on the screen is not held up by that. */
const settleFor = 500;

/** The console's stream: `EventSource` reconnects after a broken line by itself, this also after an answer that it gives up on. */
export const createStream = ({ open, onEnded, later }: StreamDeps): Stream => {
  const listeners = new Set<(what: What) => void>();
  const watchers = new Set<() => void>();
  let state: StreamState = 'connecting';
  let cancel = (): void => {};
  let source: EventSource | undefined;
  let greeted = false;
  let forget = (): void => {};
  const become = (next: StreamState): void => {
    if (next === state) return;
    state = next;
    for (const watcher of watchers) watcher();
  };
  const tell = (what: What): void => {
    for (const listener of listeners) listener(what);
  };
  const connect = (): void => {
    const own = open();
    source = own;
    own.onopen = () => {
      const gap = state === 'lost';
      become('open');
      if (gap) tell('hello');
    };
    own.onmessage = (message: MessageEvent<string>) => {
      const { what } = JSON.parse(message.data) as Changed;
      if (what !== 'hello' || greeted) return tell(what);
      greeted = true;
      forget = later(() => tell('hello'), settleFor);
    };
    own.onerror = () => {
      become('lost');
      if (own.readyState !== own.CLOSED) return;
      onEnded();
      cancel = later(connect, retryAfter);
    };
  };
  connect();
  return {
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh: () => tell('hello'),
    watch: (listener) => {
      watchers.add(listener);
      return () => watchers.delete(listener);
    },
    state: () => state,
    stop: () => {
      cancel();
      forget();
      source?.close();
      listeners.clear();
      watchers.clear();
    },
  };
};
