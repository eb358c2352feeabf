import { Client } from 'undici';
import { type Pushed, pushed, terminals } from '#contract/api/terminals.ts';
import type { Link } from '#core/login/state.ts';
import { createBackOff, pause } from './back-off.ts';
import { createEventStreamParser } from './event-stream.ts';
import { parseFromServer } from './from-server.ts';
import { failureOf, pathOf, tlsOf } from './http.ts';
import type { Identity } from './identity.ts';
import { codeOf, type Log } from './log.ts';
import type { Servers } from './servers.ts';

export interface PushStreamDeps {
  readonly servers: Servers;
  readonly identity: () => Identity;
  /** The last revocation that is over and done, this terminal's clock, and what it trusts. */
  readonly query: () => { after: number; clock: number; trust: string };
  /** `fresh`: a `hello` that the server said a moment ago; anything else may have lain somewhere for long. */
  readonly onPushed: (message: Pushed, fresh: boolean) => void;
  readonly onLink: (link: Link) => void;
  /** The server takes this terminal's certificate no more. */
  readonly onLapsed: () => void;
  /** Milliseconds since the machine was switched on, with the time that it slept. */
  readonly upTime: () => number;
  readonly log: Log;
  /** Milliseconds without a byte after which the server counts as gone. */
  readonly silence?: number;
}

export interface PushStream {
  /** Tries at once instead of waiting; after a resume. */
  hurry(): void;
  /** Goes over to the identity of now: the stream goes on until the next one has begun. */
  renew(): void;
  stop(): Promise<void>;
}

/** One connection. */
interface Holding {
  /** The server that it goes to. */
  readonly origin: string;
  /** What the link is worth when it is over, and how long to stay away. */
  readonly over: Promise<{ readonly link: Link; readonly turnedAway: boolean }>;
  hasBegun(): boolean;
  /** Another one has begun: what is on its way on this one is still heard. */
  giveWay(): void;
}

const answerLimit = 3_000;
const longestSilence = 12_000;
/** What was sent before another stream began is here within this time (milliseconds); what comes on both is taken twice. */
const overlap = 1_000;
/** Another server is looked for before the link counts as lost (milliseconds). */
const moveLimit = 1_000;
/** A terminal that was shut out asks again now and then: each time costs the server a refusal. */
const turnedAwayPause = 60_000;
/** The server keeps its certificate renewed: one that is too young or too old by our clock says that our clock is off. */
const clockFaults: ReadonlySet<string> = new Set(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED']);
/** The server says its `hello` when it is asked, so that it is no older than the connection: this at most (milliseconds). */
const freshFor = 15_000;
/** A beat so long after it was said has lain somewhere, or the server's clock was put back: a new `hello` tells (milliseconds). */
const mostLate = 60_000;
const row = terminals['terminals/stream'];

/** Holds the push stream open for as long as it runs, and says what the link is worth. */
export function startPushStream(deps: PushStreamDeps): PushStream {
  const { servers } = deps;
  const stopped = new AbortController();
  /** Servers that may be there though the last one was not. */
  let others = servers.count - 1;
  let moving: NodeJS.Timeout | undefined;
  const backOff = createBackOff({ first: 300, longest: 5_000 });
  const open = new Set<Holding>();
  let hurried = new AbortController();
  /** The one that says what the link is worth; another takes its place with its `hello`. */
  let current: Holding | null = null;

  function hold(): Holding {
    const origin = servers.current();
    const ended = new AbortController();
    const opened = deps.upTime();
    /** By this stream it is this much later on the server's clock than the machine has been up. */
    let ahead = Number.NEGATIVE_INFINITY;
    let begun = false;
    let givingWay: NodeJS.Timeout | undefined;

    function take(event: string): void {
      const parsed = parseFromServer(pushed, parseJson(event));
      if (!parsed.success) return deps.log.error('push-foreign');
      const message = parsed.data;
      const first = message.kind === 'hello' && !begun;
      if (first) {
        begun = true;
        backOff.reset();
        others = servers.count - 1;
        clearTimeout(moving);
        moving = undefined;
        const before = current;
        current = holding;
        if (before !== holding) before?.giveWay();
      }
      const up = deps.upTime();
      const fresh = first && up - opened <= freshFor;
      if (begun || message.kind === 'trust') deps.onPushed(message, fresh);
      if (message.kind !== 'hello' && message.kind !== 'beat') return;
      const says = Date.parse(message.serverTime) - (first ? opened : up);
      ahead = Math.max(ahead, says);
      const isLate = first ? !fresh : ahead - says > mostLate;
      // It is heard all the same, and the server is asked anew what time it is.
      if (isLate && open.size === 1 && !stopped.signal.aborted) hold();
    }

    async function carry(): Promise<{ link: Link; turnedAway: boolean }> {
      const identity = deps.identity();
      const client = new Client(origin, {
        connect: tlsOf({ authority: identity.authority, identity }),
        bodyTimeout: 0,
      });
      const broken = new AbortController();
      let patience = setTimeout(() => broken.abort(), answerLimit);
      try {
        const response = await client.request({
          method: row.method,
          path: pathOf(row.path, {}, deps.query()),
          headers: { accept: 'text/event-stream' },
          signal: AbortSignal.any([stopped.signal, broken.signal, ended.signal]),
        });
        if (response.statusCode !== 200) return refused(await response.body.text(), response.statusCode);
        const parser = createEventStreamParser();
        const decoder = new TextDecoder();
        clearTimeout(patience);
        patience = setTimeout(() => broken.abort(), deps.silence ?? longestSilence);
        for await (const chunk of response.body) {
          patience.refresh();
          for (const event of parser.push(decoder.decode(chunk as Uint8Array, { stream: true }))) take(event);
        }
      } catch (error) {
        const code = codeOf(error);
        if (!stopped.signal.aborted && !ended.signal.aborted) deps.log.info('stream-broken', { code });
        if (clockFaults.has(code)) return { link: 'clock-wrong', turnedAway: false };
      } finally {
        clearTimeout(patience);
        await client.destroy();
      }
      return { link: 'unreachable', turnedAway: false };
    }

    const holding: Holding = {
      origin,
      over: carry(),
      hasBegun: () => begun,
      giveWay() {
        givingWay ??= setTimeout(() => ended.abort(), overlap);
      },
    };
    open.add(holding);
    void holding.over.finally(() => {
      clearTimeout(givingWay);
      open.delete(holding);
    });
    return holding;
  }

  /** As long as there are other servers nobody hears of it, but not for long. */
  function lose(origin: string, link: Link): void {
    servers.leave(origin);
    others -= 1;
    if (others < 0) return tell(link);
    moving ??= setTimeout(() => tell(link), moveLimit);
  }

  function tell(link: Link): void {
    clearTimeout(moving);
    moving = undefined;
    deps.onLink(link);
  }

  function refused(text: string, status: number): { link: Link; turnedAway: boolean } {
    const { code } = failureOf(parseJson(text), status);
    deps.log.warn('stream-refused', { code, status });
    if (code === 'TERMINAL_CERTIFICATE_MISSING') deps.onLapsed();
    if (code === 'TERMINAL_REVOKED') return { link: 'terminal-revoked', turnedAway: true };
    const turnedAway = code === 'TERMINAL_CERTIFICATE_MISSING';
    return { link: turnedAway ? 'not-enrolled' : 'unreachable', turnedAway };
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      current ??= hold();
      const holding: Holding = current;
      const { link, turnedAway } = await holding.over;
      if (current !== holding) continue;
      current = null;
      if (stopped.signal.aborted) return;
      if (turnedAway) tell(link);
      else lose(holding.origin, link);
      hurried = new AbortController();
      const wait = turnedAway ? turnedAwayPause : backOff.next();
      await pause(wait, AbortSignal.any([stopped.signal, hurried.signal]));
    }
  }

  const running = run();
  return {
    hurry: () => hurried.abort(),
    renew() {
      if (stopped.signal.aborted) return;
      if (current?.hasBegun() === true) hold();
      else hurried.abort();
    },
    async stop() {
      stopped.abort();
      clearTimeout(moving);
      await running;
      await Promise.all([...open].map(({ over }) => over));
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
