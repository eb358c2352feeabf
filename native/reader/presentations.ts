import { setTimeout as delay } from 'node:timers/promises';
import type { FromReader } from '#contract/reader.ts';
import { type DriverSettings, type Identified, misread } from './drivers/driver.ts';
import { type CardExchange, limits } from './exchange.ts';
import type { FieldEvent } from './monitor.ts';

export interface PresentationsDeps {
  readonly createExchange: (reader: string) => CardExchange;
  readonly settings: () => DriverSettings;
  readonly emit: (message: FromReader) => void;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly log: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
}

export interface Presentations {
  take(event: FieldEvent): void;
  /** Closes the readers; resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

/** Milliseconds. */
export const several = 1_000;
/** How long a read that is under way may still bring a card that has just left. */
const graceAfterLeaving = 150;

interface Field {
  exchange: CardExchange;
  /** Everything told about this reader, one after the other. */
  told: Promise<void>;
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
  let lastRead: { identity: string; at: number } | undefined;

  function fieldOf(reader: string): Field {
    let field = fields.get(reader);
    if (field === undefined) {
      const exchange = deps.createExchange(reader);
      field = { exchange, told: Promise.resolve(), presentation: 0, left: new AbortController() };
      fields.set(reader, field);
    }
    return field;
  }

  async function identify(field: Field, reader: string, atr: Uint8Array, left: AbortSignal): Promise<Identified> {
    const pulled = new AbortController();
    const tooShort = new Promise<Identified>((resolve) => {
      const wait = () =>
        delay(graceAfterLeaving, undefined, { signal: pulled.signal }).then(
          () => resolve(misread('too-short')),
          () => undefined,
        );
      if (left.aborted) void wait();
      else left.addEventListener('abort', wait, { once: true, signal: pulled.signal });
    });
    const overtime = delay(limits.card, misread('unreadable'), { signal: pulled.signal });
    overtime.catch(() => undefined);
    const exchange = field.exchange;
    const read = exchange.identify(atr, deps.settings());
    let answered = false;
    read.then(
      () => {
        answered = true;
      },
      () => {
        answered = true;
      },
    );
    const identified = await Promise.race([read, tooShort, overtime]);
    pulled.abort();
    if (!answered) {
      // The driver still holds the call: this exchange is given up, the next card gets a fresh one.
      deps.log('exchange-given-up', { reader });
      field.exchange = deps.createExchange(reader);
      void exchange.close();
    }
    // A refusal of a card that is no longer there is a card that was held too shortly.
    if (left.aborted && identified.kind === 'misread' && identified.reason === 'unreadable')
      return misread('too-short');
    return identified;
  }

  function severalAtOnce(identified: Identified): boolean {
    if (identified.kind !== 'card') return false;
    const identity = `${identified.card.technology} ${identified.card.identifier}`;
    const before = lastRead;
    lastRead = { identity, at: deps.now() };
    return before !== undefined && before.identity !== identity && deps.now() - before.at < several;
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
      deps.emit({ kind: 'card-entered', reader, presentation });
      const identified = event.mute ? misread('unreadable') : await identify(field, reader, event.atr, left.signal);
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

  return {
    take(event) {
      if (event.kind === 'status') {
        for (const [reader, field] of fields) {
          if (event.readers.includes(reader)) continue;
          fields.delete(reader);
          void field.told.then(() => field.exchange.close());
        }
        deps.emit({ kind: 'status', status: event.status, readers: [...event.readers] });
      } else if (event.kind === 'entered') {
        enter(event);
      } else {
        const field = fieldOf(event.reader);
        field.left.abort();
        field.told = field.told.then(() =>
          deps.emit({ kind: 'card-left', reader: event.reader, presentation: field.presentation }),
        );
      }
    },
    async stop() {
      const open = [...fields.values()];
      fields.clear();
      for (const field of open) field.left.abort();
      await Promise.all(open.map((field) => field.told.then(() => field.exchange.close())));
    },
  };
}
