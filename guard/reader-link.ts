import { type ChildProcess, fork } from 'node:child_process';
import type { CardEvidence } from '#contract/card.ts';
import { type FromReader, fromReader, type ToReader } from '#contract/reader.ts';
import type { CardKey, LoginEvent } from '#core/login/state.ts';
import { createBackOff } from './back-off.ts';
import type { Log } from './log.ts';
import type { Challenge, Nonces } from './nonces.ts';

export interface ReaderLinkDeps {
  /** Path of the program of the reader process; it is started and never imported. */
  readonly program: string;
  /** The whole environment of the reader process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly ignoreReaders: readonly string[];
  readonly cardKey: (evidence: CardEvidence) => CardKey;
  readonly nonces: Pick<Nonces, 'current' | 'spend' | 'want'>;
  readonly onEvent: (event: LoginEvent) => void;
  /** What the process says is kept until then: it may be started before there is anybody to hear it. */
  readonly hearFrom?: Promise<void>;
  readonly log: Log;
}

/** Keeps a reader process running and passes on what it says. */
export interface ReaderLink {
  /** What cards that can are to sign from now on. */
  hand(challenge: Challenge): void;
  stop(): Promise<void>;
}

/** A process that lived for so long was sound (milliseconds). */
const soundAfter = 5_000;
/** How long it may take to end by itself (milliseconds). */
const endLimit = 2_000;

export function startReaderLink(deps: ReaderLinkDeps): ReaderLink {
  const { hearFrom = Promise.resolve(), log, onEvent } = deps;
  const backOff = createBackOff({ first: 100, longest: 2_000 });
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  /** Each process counts presentations from 1; here they go on where the process before ended. */
  let base = 0;
  let highest = 0;
  const inField = new Set<number>();

  function take(message: FromReader): void {
    if (message.kind === 'status') {
      log.info('reader', { status: message.status, readers: message.readers.length });
      return onEvent({ kind: 'reader-changed', reader: message.status, name: nameOf(message.readers[0] ?? '') });
    }
    if (message.kind === 'challenge-wanted') return deps.nonces.want();
    const presentation = base + message.presentation;
    highest = Math.max(highest, presentation);
    switch (message.kind) {
      case 'card-entered':
        inField.add(presentation);
        return onEvent({ kind: 'card-entered', presentation, resting: message.resting === true });
      case 'card-read': {
        const { card: evidence } = message;
        if (evidence.proof !== undefined) deps.nonces.spend(evidence.proof.nonce);
        return onEvent({ kind: 'card-read', presentation, evidence, card: deps.cardKey(evidence) });
      }
      case 'card-misread':
        return onEvent({ kind: 'card-misread', presentation, reason: message.reason, reader: nameOf(message.reader) });
      case 'card-left':
        inField.delete(presentation);
        return onEvent({ kind: 'card-left', presentation });
    }
  }

  function start(): void {
    const began = performance.now();
    const started = fork(deps.program, [], {
      env: { ...deps.environment, UV_THREADPOOL_SIZE: '16' },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child = started;
    const hear = (message: unknown): void => {
      if (started !== child) return;
      const parsed = fromReader.safeParse(message);
      if (parsed.success) take(parsed.data);
      else log.error('reader-foreign');
    };
    started.on('message', (message: unknown) => void hearFrom.then(() => hear(message)));
    started.on('error', () => undefined);
    started.once('exit', (code, signal) => {
      const lived = performance.now() - began;
      void hearFrom.then(() => started === child && lost(lived, String(signal ?? code)));
    });
    tell(started, { kind: 'configure', ignoreReaders: [...deps.ignoreReaders] });
    tell(started, { kind: 'challenge', challenge: deps.nonces.current() });
  }

  function lost(lived: number, how: string): void {
    child = undefined;
    log.warn('reader-ended', { how, stopped });
    if (stopped) return;
    base = highest;
    onEvent({ kind: 'reader-changed', reader: 'starting', name: '' });
    for (const presentation of inField) onEvent({ kind: 'card-left', presentation });
    inField.clear();
    if (lived > soundAfter) backOff.reset();
    timer = setTimeout(start, backOff.next());
  }

  start();
  return {
    hand(challenge) {
      if (child !== undefined) tell(child, { kind: 'challenge', challenge });
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      const ending = child;
      if (ending === undefined) return;
      const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
      tell(ending, { kind: 'stop' });
      const patience = setTimeout(() => ending.kill('SIGKILL'), endLimit);
      await ended;
      clearTimeout(patience);
    },
  };
}

/** As much of a reader's name as an event takes. */
const nameOf = (reader: string): string => reader.slice(0, 200);

function tell(child: ChildProcess, message: ToReader): void {
  // A process that is gone is reported by its exit.
  if (child.connected) child.send(message, () => undefined);
}
