import type { FromReader } from '#contract/reader.ts';
import { type DriverSettings, type Identified, misread } from './drivers/driver.ts';
import { type CardExchange, limits } from './exchange.ts';
import type { FieldEvent } from './monitor.ts';
import { after } from './timing.ts';

export interface PresentationsDeps {
  readonly createExchange: (reader: string) => CardExchange;
  readonly settings: () => PresentationSettings;
  readonly emit: (message: FromReader) => void;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly log: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** Too many calls hang in drivers: this process cannot go on. */
  readonly giveUp: () => void;
}

export interface PresentationSettings extends DriverSettings {
  /** Milliseconds within which two different cards are one wallet, not two people. */
  readonly severalWithin: number;
}

export interface Presentations {
  take(event: FieldEvent): void;
  /** Calls that a driver has not come back from: an ordinary end of the process would wait for them. */
  hanging(): number;
  /** Closes the readers; resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

/** Milliseconds that a read under way may still bring a card that has just left. */
const graceAfterLeaving = 150;
/** Milliseconds in which a mute card that leaves was only held too shortly. */
const muteSettles = 300;
/** Each hanging call keeps a worker thread, of which there are sixteen. */
const mostHanging = 8;

interface Field {
  exchange: CardExchange;
  /** Everything told about this reader, one after the other. */
  told: Promise<unknown>;
  presentation: number;
  left: AbortController;
}

/**
 * Makes presentations of what happens in the field: each is told as entered, then read or misread exactly once, then left.
 * Readers do not wait for each other.
 */
export function createPresentations(deps: PresentationsDeps): Presentations {
  const fields = new Map<string, Field>();
  let presentations = 0;
  let hanging = 0;
  let statusTold: Promise<unknown> = Promise.resolve();
  let lastRead: { identity: string; at: number } | undefined;

  function fieldOf(reader: string): Field {
    let field = fields.get(reader);
    if (field === undefined) {
      const exchange = deps.createExchange(reader);
      field = { exchange, told: statusTold.then(), presentation: 0, left: new AbortController() };
      fields.set(reader, field);
    }
    return field;
  }

  /** The exchange's answer, or a misread when the card has left or the time is over; then the exchange is given up. */
  async function identify(field: Field, reader: string, atr: Uint8Array, left: AbortSignal): Promise<Identified> {
    const done = new AbortController();
    const { exchange } = field;
    const read = exchange.identify(atr, deps.settings()).catch((error: unknown) => {
      deps.log('read-failed', { reader, error: error instanceof Error ? error.name : 'unknown' });
      return misread('unreadable');
    });
    const identified = await Promise.race([
      read,
      after(limits.card, done.signal).then(() => undefined),
      leaving(left, done.signal).then(() => undefined),
    ]);
    done.abort();
    if (identified === undefined) giveUpExchange(field, reader, read);
    // A refusal by a card that is no longer there only says that it was held too shortly.
    const refused = identified === undefined || (identified.kind === 'misread' && identified.reason === 'unreadable');
    return refused ? misread(left.aborted ? 'too-short' : 'unreadable') : identified;
  }

  /** A card that is pulled while it is powered looks mute too. */
  async function waitForMute(left: AbortSignal): Promise<Identified> {
    const done = new AbortController();
    const gone = new Promise<void>((resolve) => left.addEventListener('abort', () => resolve(), { once: true }));
    if (!left.aborted) await Promise.race([gone, after(muteSettles, done.signal)]);
    done.abort();
    return misread(left.aborted ? 'too-short' : 'unreadable');
  }

  async function leaving(left: AbortSignal, done: AbortSignal): Promise<void> {
    if (!left.aborted) {
      await new Promise((resolve) => left.addEventListener('abort', resolve, { once: true, signal: done }));
    }
    await after(graceAfterLeaving, done);
  }

  /** The driver still holds the call: the next card gets a fresh exchange over a context of its own. */
  function giveUpExchange(field: Field, reader: string, read: Promise<unknown>): void {
    hanging += 1;
    deps.log('exchange-given-up', { reader, hanging });
    const { exchange } = field;
    void read.then(() => {
      hanging -= 1;
      void exchange.close();
    });
    field.exchange = deps.createExchange(reader);
    if (hanging >= mostHanging) deps.giveUp();
  }

  function severalAtOnce(identified: Identified): boolean {
    if (identified.kind !== 'card') return false;
    const { technology, identifier } = identified.card;
    const before = lastRead;
    lastRead = { identity: `${technology} ${identifier}`, at: deps.now() };
    return (
      before !== undefined &&
      before.identity !== lastRead.identity &&
      lastRead.at - before.at < deps.settings().severalWithin
    );
  }

  function enter(event: Extract<FieldEvent, { kind: 'entered' }>): void {
    const { reader } = event;
    const field = fieldOf(reader);
    const left = new AbortController();
    field.left = left;
    const begun = deps.now();
    field.told = field.told.then(async () => {
      const presentation = ++presentations;
      field.presentation = presentation;
      deps.emit({ kind: 'card-entered', reader, presentation, ...(event.resting ? { resting: true } : {}) });
      const identified = await (event.mute
        ? waitForMute(left.signal)
        : identify(field, reader, event.atr, left.signal));
      if (identified.kind === 'misread') {
        deps.emit({ kind: 'card-misread', reader, presentation, reason: identified.reason });
      } else if (severalAtOnce(identified)) {
        deps.emit({ kind: 'card-misread', reader, presentation, reason: 'several-cards' });
      } else {
        const milliseconds = deps.now() - begun;
        deps.emit({ kind: 'card-read', reader, presentation, card: identified.card, milliseconds });
      }
    });
  }

  function leave(reader: string): void {
    const field = fieldOf(reader);
    field.left.abort();
    field.told = field.told.then(() => {
      deps.emit({ kind: 'card-left', reader, presentation: field.presentation });
    });
  }

  /** Told after the last card of a reader that has gone, and before the first of one that has come. */
  function tellStatus({ status, readers }: Extract<FieldEvent, { kind: 'status' }>): void {
    const gone = [...fields].filter(([reader]) => !readers.includes(reader));
    for (const [reader, field] of gone) {
      fields.delete(reader);
      void field.told.then(() => field.exchange.close());
    }
    statusTold = Promise.all([statusTold, ...gone.map(([, field]) => field.told)]).then(() =>
      deps.emit({ kind: 'status', status, readers: [...readers] }),
    );
    for (const reader of readers) fieldOf(reader);
  }

  return {
    take(event) {
      if (event.kind === 'entered') enter(event);
      else if (event.kind === 'left') leave(event.reader);
      else tellStatus(event);
    },
    hanging: () => hanging,
    async stop() {
      const open = [...fields.values()];
      fields.clear();
      for (const field of open) field.left.abort();
      await Promise.all(open.map((field) => field.told.then(() => field.exchange.close())));
    },
  };
}
