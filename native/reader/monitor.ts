import { setTimeout as delay } from 'node:timers/promises';
import type { ReaderStatus } from '#contract/reader.ts';
import type { Pcsc, PcscContext, SeenState } from './pcsc.ts';
import { observe, type Tracked, unseen } from './tracking.ts';
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
  /** Leaves readers alone whose name contains one of these. */
  ignore(parts: readonly string[]): void;
  stop(): Promise<void>;
}

/**
 * Milliseconds. A wait wakes by itself on every change; its limit bounds what a lost wake-up can cost: pcsc-lite signals
 * that a reader has gone a moment before its list says so, and whoever looks in that moment waits on.
 */
const longestWait = 250;
const waitAfterChange = 50;
const pauseWithoutService = 200;
const pauseInDoubt = 1;

/**
 * Follows readers and cards until stopped. Over one context of its own:
 *
 *   no service ── established ──► list readers ──► wait for a change ──► list readers …
 *        ▲                             │                  │
 *        └────────── any failure ◄─────┴──────────────────┘   (every card has then left)
 */
export function createMonitor(deps: MonitorDeps, ignored: readonly string[]): Monitor {
  let ignoredParts = ignored;
  let context: PcscContext | undefined;
  let reported = '';
  const readers = new Map<string, Tracked>();
  const stopping = new AbortController();
  const stopped = () => stopping.signal.aborted;
  const pause = (milliseconds: number) =>
    delay(milliseconds, undefined, { signal: stopping.signal }).catch(() => undefined);

  function report(status?: ReaderStatus): void {
    // A reader is told when its state was seen: what is held over it from then on is a tap.
    if ([...readers.values()].some(({ known, gone }) => !known && !gone)) return;
    const names = [...readers].filter(([, { gone }]) => !gone).map(([name]) => name);
    const known = status ?? (names.length === 0 ? 'no-reader' : 'ready');
    const text = [known, ...names.toSorted()].join('\n');
    if (text === reported) return;
    reported = text;
    deps.emit({ kind: 'status', status: known, readers: names.toSorted() });
  }

  function forget(reader: string): void {
    if (readers.get(reader)?.present) deps.emit({ kind: 'left', reader });
    readers.delete(reader);
  }

  function matchReaders(names: readonly string[]): void {
    const wanted = names.filter((name) => !ignoredParts.some((part) => name.includes(part)));
    for (const reader of [...readers.keys()]) if (!wanted.includes(reader)) forget(reader);
    for (const reader of wanted) if (!readers.has(reader)) readers.set(reader, unseen);
    report();
  }

  /** Tells who has left, then which readers there are, then who has entered. */
  function takeAll(states: readonly SeenState[]): void {
    const entered: FieldEvent[] = [];
    for (const { reader, atr, mute, ...seen } of states) {
      const before = readers.get(reader);
      if (before === undefined) continue;
      const { after, changes } = observe(before, seen);
      readers.set(reader, after);
      if (before.gone !== after.gone) deps.log(after.gone ? 'reader-gone' : 'reader-back', { reader });
      for (const change of changes) {
        if (change === 'left') deps.emit({ kind: 'left', reader });
        else entered.push({ kind: 'entered', reader, atr, mute, resting: change === 'resting' });
      }
    }
    report();
    for (const event of entered) deps.emit(event);
  }

  /** Looks once; a failure that ends the connection, or undefined. */
  async function look(open: PcscContext, listed: readonly string[], limit: number): Promise<string | undefined> {
    const known = [...readers].map(([reader, { state }]) => ({ reader, state }));
    // The upper half counts the readers that we know of (Windows; pcsc-lite counts by itself).
    known.push({ reader: plugAndPlay, state: listed.length << 16 });
    const seen = await open.wait(known, limit);
    if (!seen.ok) {
      if (seen.code === 'no-reader') await pause(waitAfterChange);
      return seen.code === 'no-reader' || seen.code === 'cancelled' ? undefined : seen.code;
    }
    takeAll(seen.value);
    if ([...readers.values()].some(({ doubts }) => doubts > 0)) await pause(pauseInDoubt);
    return undefined;
  }

  async function follow(open: PcscContext): Promise<string> {
    let listed: readonly string[] = [];
    while (!stopped()) {
      const names = await open.listReaders();
      if (!names.ok) return names.code;
      matchReaders(names.value);
      // pcsc-lite does not tell of a reader that came between the listing and the wait, and readers come in groups.
      const settled = listed.join('\n') === names.value.join('\n');
      listed = names.value;
      const failure = await look(open, listed, settled ? longestWait : waitAfterChange);
      if (failure !== undefined) return failure;
    }
    return 'stopped';
  }

  async function run(): Promise<void> {
    while (!stopped()) {
      const established = await deps.pcsc.establish();
      if (established.ok) {
        context = established.value;
        deps.log('service-found');
        const reason = await follow(context);
        if (!stopped()) deps.log('service-lost', { reason });
        await context.release();
        context = undefined;
      }
      for (const reader of [...readers.keys()]) forget(reader);
      if (stopped()) return;
      report('no-service');
      await pause(pauseWithoutService);
    }
  }

  const running = run();
  return {
    ignore(parts) {
      ignoredParts = parts;
      context?.cancel();
    },
    async stop() {
      stopping.abort();
      // A cancel between two waits is lost, so it is repeated until the loop has ended.
      context?.cancel();
      const again = setInterval(() => context?.cancel(), 20);
      await running;
      clearInterval(again);
    },
  };
}
