import { Client } from 'undici';
import { type Pushed, pushed, terminals } from '#contract/api/terminals.ts';
import type { Link } from '#core/login/state.ts';
import { createBackOff, pause } from './back-off.ts';
import { createEventStreamParser } from './event-stream.ts';
import { failureOf, pathOf, tlsOf } from './http.ts';
import type { Identity } from './identity.ts';
import { codeOf, type Log } from './log.ts';
import type { Servers } from './servers.ts';

export interface PushStreamDeps {
  readonly servers: Servers;
  readonly identity: () => Identity;
  /** The last revocation that is over and done, and this terminal's clock. */
  readonly query: () => { after: number; clock: number };
  readonly onPushed: (message: Pushed) => void;
  readonly onLink: (link: Link) => void;
  readonly log: Log;
  /** Milliseconds without a byte after which the server counts as gone. */
  readonly silence?: number;
}

export interface PushStream {
  /** Tries at once instead of waiting; after a resume. */
  hurry(): void;
  stop(): Promise<void>;
}

const answerLimit = 3_000;
const longestSilence = 12_000;
/** Another server is looked for before the link counts as lost (milliseconds). */
const moveLimit = 1_000;
/** A terminal that was shut out asks again now and then: each time costs the server a refusal. */
const turnedAwayPause = 60_000;
/** The server keeps its certificate renewed: one that is too young or too old by our clock says that our clock is off. */
const clockFaults: ReadonlySet<string> = new Set(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED']);
const row = terminals['terminals/stream'];

/** Holds the push stream open for as long as it runs, and says what the link is worth. */
export function startPushStream(deps: PushStreamDeps): PushStream {
  const { servers } = deps;
  const stopped = new AbortController();
  /** Servers that may be there though the last one was not. */
  let others = servers.count - 1;
  let moving: NodeJS.Timeout | undefined;
  const backOff = createBackOff({ first: 300, longest: 5_000 });
  let hurried = new AbortController();
  let turnedAway = false;

  async function hold(): Promise<void> {
    const identity = deps.identity();
    const origin = servers.current();
    const client = new Client(origin, {
      connect: tlsOf({ authority: identity.authority, identity }),
      bodyTimeout: 0,
    });
    const broken = new AbortController();
    let link: Link = 'unreachable';
    let patience = setTimeout(() => broken.abort(), answerLimit);
    try {
      const response = await client.request({
        method: row.method,
        path: pathOf(row.path, {}, deps.query()),
        headers: { accept: 'text/event-stream' },
        signal: AbortSignal.any([stopped.signal, broken.signal]),
      });
      if (response.statusCode !== 200) return refused(origin, await response.body.text(), response.statusCode);
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
      if (clockFaults.has(code)) link = 'clock-wrong';
      if (!stopped.signal.aborted) deps.log.info('stream-broken', { code });
    } finally {
      clearTimeout(patience);
      await client.destroy();
    }
    if (stopped.signal.aborted) return;
    servers.leave(origin);
    lose(link);
  }

  /** As long as there are other servers nobody hears of it, but not for long. */
  function lose(link: Link): void {
    others -= 1;
    if (others < 0) return tell(link);
    moving ??= setTimeout(() => tell(link), moveLimit);
  }

  function tell(link: Link): void {
    clearTimeout(moving);
    moving = undefined;
    deps.onLink(link);
  }

  function refused(origin: string, text: string, status: number): void {
    const { code } = failureOf(parseJson(text), status);
    deps.log.warn('stream-refused', { code, status });
    turnedAway = code === 'TERMINAL_REVOKED' || code === 'TERMINAL_CERTIFICATE_MISSING';
    if (code === 'TERMINAL_REVOKED') return tell('terminal-revoked');
    if (turnedAway) return tell('not-enrolled');
    servers.leave(origin);
    lose('unreachable');
  }

  function take(event: string): void {
    const parsed = pushed.safeParse(parseJson(event));
    if (!parsed.success) return deps.log.error('push-foreign');
    if (parsed.data.kind === 'hello') {
      backOff.reset();
      others = servers.count - 1;
      clearTimeout(moving);
      moving = undefined;
    }
    deps.onPushed(parsed.data);
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      turnedAway = false;
      await hold();
      hurried = new AbortController();
      const wait = turnedAway ? turnedAwayPause : backOff.next();
      await pause(wait, AbortSignal.any([stopped.signal, hurried.signal]));
    }
  }

  const running = run();
  return {
    hurry: () => hurried.abort(),
    async stop() {
      stopped.abort();
      clearTimeout(moving);
      await running;
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
