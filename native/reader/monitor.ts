import { setTimeout as delay } from 'node:timers/promises';
import type { ReaderStatus } from '#contract/reader.ts';
import type { Pcsc, PcscContext, SeenState } from './pcsc.ts';
import { plugAndPlay } from './winscard.ts';

/** What happens in the field, in order for each reader. */
export type FieldEvent =
  | { readonly kind: 'status'; readonly status: ReaderStatus; readonly readers: readonly string[] }
  | {
      readonly kind: 'entered';
      readonly reader: string;
      readonly atr: Uint8Array;
      readonly mute: boolean;
      /** It was there when the reader was first seen: at start, or when the service or the reader came back. */
      readonly resting: boolean;
    }
  | { readonly kind: 'left'; readonly reader: string };

export interface MonitorDeps {
  readonly pcsc: Pcsc;
  readonly emit: (event: FieldEvent) => void;
  readonly log: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
}

export interface Monitor {
  ignore(parts: readonly string[]): void;
  stop(): Promise<void>;
}

/** Milliseconds. A wait wakes by itself on every change; its limit only bounds what a lost wake-up can cost. */
const longestWait = 1_000;
const pauseWithoutService = 200;

interface Seen {
  state: number;
  count: number;
  present: boolean;
}

/**
 * Follows readers and cards until stopped. Over one context of its own:
 *
 *   no service ── established ──► list readers ──► wait for a change ──► list readers …
 *        ▲                             │                  │
 *        └────────── any failure ◄─────┴──────────────────┘   (every card has then left)
 */
export function createMonitor(deps: MonitorDeps, ignored: readonly string[]): Monitor {
  let ignoredParts = ignored;
  let stopping = false;
  let context: PcscContext | undefined;
  let reported = '';
  const readers = new Map<string, Seen>();
  const stopSignal = new AbortController();

  function report(status: ReaderStatus): void {
    const event: FieldEvent = { kind: 'status', status, readers: [...readers.keys()].toSorted() };
    const text = JSON.stringify(event);
    if (text === reported) return;
    reported = text;
    deps.emit(event);
  }

  function forget(reader: string): void {
    if (readers.get(reader)?.present) deps.emit({ kind: 'left', reader });
    readers.delete(reader);
  }

  function matchReaders(names: readonly string[]): void {
    const wanted = names.filter((name) => !ignoredParts.some((part) => name.includes(part)));
    for (const reader of [...readers.keys()]) if (!wanted.includes(reader)) forget(reader);
    for (const reader of wanted) if (!readers.has(reader)) readers.set(reader, { state: 0, count: 0, present: false });
    report(readers.size === 0 ? 'no-reader' : 'ready');
  }

  function take(seen: SeenState): void {
    const before = readers.get(seen.reader);
    if (before === undefined) return;
    if (seen.gone) {
      forget(seen.reader);
      return;
    }
    const first = before.state === 0;
    // Two or more changes while we looked away: the card that is there now is another one, or was lifted and held again.
    const swapped = !first && before.present && seen.present && ((seen.count - before.count) & 0xffff) >= 2;
    if (before.present && (!seen.present || swapped)) deps.emit({ kind: 'left', reader: seen.reader });
    if (seen.present && (!before.present || swapped)) {
      deps.emit({ kind: 'entered', reader: seen.reader, atr: seen.atr, mute: seen.mute, resting: first });
    }
    readers.set(seen.reader, { state: seen.state, count: seen.count, present: seen.present });
  }

  async function follow(open: PcscContext): Promise<string> {
    while (!stopping) {
      const names = await open.listReaders();
      if (!names.ok) return names.code;
      matchReaders(names.value);
      const known = [...readers].map(([reader, { state }]) => ({ reader, state }));
      // The upper half counts the readers that we know of (Windows; pcsc-lite counts by itself).
      known.push({ reader: plugAndPlay, state: names.value.length << 16 });
      const seen = await open.wait(known, longestWait);
      if (!seen.ok && seen.code !== 'cancelled') return seen.code;
      if (seen.ok) for (const state of seen.value) if (state.reader !== plugAndPlay) take(state);
    }
    return 'stopped';
  }

  async function run(): Promise<void> {
    while (!stopping) {
      const established = await deps.pcsc.establish();
      if (established.ok) {
        context = established.value;
        deps.log('service-found');
        const reason = await follow(context);
        if (!stopping) deps.log('service-lost', { reason });
        await context.release();
        context = undefined;
      }
      for (const reader of [...readers.keys()]) forget(reader);
      if (stopping) return;
      report('no-service');
      await delay(pauseWithoutService, undefined, { signal: stopSignal.signal }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    ignore(parts) {
      ignoredParts = parts;
      context?.cancel();
    },
    async stop() {
      stopping = true;
      stopSignal.abort();
      // A cancel between two waits is lost, so it is repeated until the loop has ended.
      context?.cancel();
      const again = setInterval(() => context?.cancel(), 20);
      await running;
      clearInterval(again);
    },
  };
}
