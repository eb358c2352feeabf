import type { Server, Socket } from 'node:net';
import type { TerminalEvent } from '#contract/audit.ts';
import { type FailureCode, fail, succeed } from '#contract/errors.ts';
import { type FromScreen, fromScreen, type ToScreen } from '#contract/screen.ts';
import type { LoginEvent } from '#core/login/state.ts';
import { createLines } from './lines.ts';
import type { Log } from './log.ts';
import { type CallFault, readCall } from './screen-calls.ts';

export interface ScreenLinkDeps {
  /** A server that listens on the local socket; it is closed when the link stops. */
  readonly server: Server;
  readonly onEvent: (event: LoginEvent) => void;
  /** What a screen that has just joined must know. */
  readonly greetings: () => readonly ToScreen[];
  readonly onResume: () => void;
  readonly record: (facts: TerminalEvent) => void;
  readonly now: () => number;
  readonly log: Log;
  /** Curtains cover the screens and see who uses them: what the screen says of both counts for nothing. */
  readonly underCurtain?: boolean;
  /** Milliseconds between pings, and without an answer until a screen counts as hung. */
  readonly pings?: { readonly every: number; readonly limit: number };
}

/** The one screen of this terminal. It shows and asks; whatever it says is parsed, and what it may not say is recorded. */
export interface ScreenLink {
  /** Lost without a word when no screen has joined. */
  send(message: ToScreen): void;
  stop(): Promise<void>;
}

const longestLine = 64 * 1024;
/** Bytes that may wait to be read by a screen before it counts as hung. */
const longestBacklog = 1 << 20;
const faultCodes: Readonly<Record<CallFault, FailureCode>> = {
  'unknown-call': 'REQUEST_UNKNOWN',
  'foreign-window': 'REQUEST_FOREIGN',
  'bad-request': 'REQUEST_INVALID',
};
/** A window gone mad must not fill the journal: so many refusals, repairs and findings of each are recorded in a minute. */
const recordedInMinute = 20;

export function startScreenLink(deps: ScreenLinkDeps): ScreenLink {
  const { log, now, onEvent, server } = deps;
  const pings = deps.pings ?? { every: 1_000, limit: 3_000 };
  let current: Socket | undefined;
  let joined = false;
  let heardAt = 0;
  let pingId = 0;
  /** What was found of the program's files, and recorded, the last time. */
  let altered = '';
  const refusals = createMinute(now, recordedInMinute);
  const repairs = createMinute(now, recordedInMinute);
  const findings = createMinute(now, recordedInMinute);

  function refuse(why: string, detail: Readonly<Record<string, string>>): void {
    log.warn('call-refused', { why, ...detail });
    if (!refusals.isCounted()) return;
    deps.record({ kind: 'screen.call-refused', outcome: 'serious', reason: why, detail });
  }

  function send(message: ToScreen): void {
    if (!joined || current === undefined) return;
    current.write(`${JSON.stringify(message)}\n`);
    if (current.writableLength > longestBacklog) drop('backlog');
  }

  function drop(why: string): void {
    if (current === undefined) return;
    log.warn('screen-dropped', { why });
    current.destroy();
    lose(current);
  }

  function lose(socket: Socket): void {
    if (socket !== current) return;
    current = undefined;
    if (!joined) return;
    joined = false;
    deps.record({ kind: 'screen.lost', outcome: 'minor' });
    onEvent({ kind: 'screen-lost' });
  }

  function take(message: FromScreen): void {
    switch (message.kind) {
      case 'hello':
        if (joined) return refuse('hello-twice', {});
        joined = true;
        altered = '';
        log.info('screen-joined', { pid: message.pid, runtime: message.runtime });
        deps.record({ kind: 'screen.joined', outcome: 'success', detail: { runtime: message.runtime.slice(0, 80) } });
        for (const greeting of deps.greetings()) send(greeting);
        return onEvent({ kind: 'screen-joined' });
      case 'call': {
        const read = readCall(message);
        if (typeof read === 'string') {
          refuse(read, { window: message.window, call: message.name.slice(0, 80) });
          return send({ kind: 'answer', id: message.id, result: fail(faultCodes[read]) });
        }
        send({ kind: 'answer', id: message.id, result: succeed({}) });
        return onEvent(read);
      }
      case 'call-refused':
        return refuse(message.why, { window: message.window.slice(0, 80), call: message.name.slice(0, 80) });
      case 'cover-state':
        log.debug('cover-state', { covered: message.covered, displays: message.displays });
        if (deps.underCurtain === true) return;
        if (message.covered && message.lock !== null) onEvent({ kind: 'covered', lock: message.lock });
        return;
      case 'painted':
        return log.debug('painted', { number: message.number, window: message.window, at: now() });
      case 'idle':
        if (deps.underCurtain === true) return;
        return onEvent({ kind: 'idle-reported', seconds: message.seconds });
      case 'power':
        if (message.what === 'resume') return deps.onResume();
        return onEvent({ kind: 'lock-asked', reason: message.what === 'lock-requested' ? 'button' : 'suspend' });
      case 'repaired':
        log.warn('screen-repaired', { what: message.what });
        if (repairs.isCounted())
          deps.record({ kind: 'screen.repaired', outcome: 'minor', detail: { what: message.what } });
        return;
      case 'altered':
        // Whoever has joined was started.
        return refuse('bad-request', { call: 'altered' });
      case 'pong':
        return;
    }
  }

  /** It is tried again and again, and found again: each finding is one event. */
  function noteAltered(first: string, files: number): void {
    log.error('screen-altered', { first, files });
    const finding = `${files} ${first}`;
    if (finding === altered || !findings.isCounted()) return;
    altered = finding;
    deps.record({ kind: 'screen.altered', outcome: 'serious', detail: { first, files } });
  }

  function read(line: string): void {
    const parsed = fromScreen.safeParse(parseJson(line));
    if (!parsed.success) return refuse('bad-request', { call: 'message' });
    if (!joined && parsed.data.kind === 'altered') {
      noteAltered(parsed.data.first, parsed.data.count);
      return drop('altered');
    }
    if (!joined && parsed.data.kind !== 'hello') return drop('no-hello');
    heardAt = now();
    take(parsed.data);
  }

  function accept(socket: Socket): void {
    if (current !== undefined) {
      log.warn('screen-refused', { why: 'second' });
      return void socket.destroy();
    }
    current = socket;
    heardAt = now();
    const lines = createLines(longestLine);
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of lines.push(chunk)) if (socket === current) read(line);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        refuse('bad-request', { call: 'line' });
        drop('line');
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => lose(socket));
  }

  server.on('connection', accept);
  const pinging = setInterval(() => {
    if (current === undefined) return;
    if (now() - heardAt > pings.limit) return drop('silent');
    send({ kind: 'ping', id: ++pingId });
  }, pings.every);

  return {
    send,
    async stop() {
      clearInterval(pinging);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const last = current;
      current = undefined;
      joined = false;
      last?.destroySoon();
      await closed;
    },
  };
}

/** True for the first so many of each minute. */
function createMinute(now: () => number, most: number): { isCounted(): boolean } {
  let since = 0;
  let count = 0;
  return {
    isCounted() {
      if (now() - since > 60_000) [since, count] = [now(), 0];
      count += 1;
      return count <= most;
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
