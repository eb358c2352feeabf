import { setTimeout as delay } from 'node:timers/promises';
import { parseReply } from '#core/card/apdu.ts';
import { type AtrKind, parseAtr } from '#core/card/atr.ts';
import type { CardChannel, CardDriver, DriverSettings, ExchangeFailure, Identified } from './drivers/driver.ts';
import { misread, misreadOf } from './drivers/driver.ts';
import type { Pcsc, PcscCard, PcscContext, PcscFailure, PcscResult } from './pcsc.ts';

export interface ExchangeDeps {
  readonly pcsc: Pcsc;
  readonly drivers: readonly CardDriver[];
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** Milliseconds. */
export const limits = {
  /** For everything that is done with one card. */
  card: 2_000,
  /** How long another program may hold a fresh card before it is given up. */
  sharing: 1_200,
  sharingPause: 15,
} as const;

/** Reads the cards of one reader, one after the other, over a context of its own. */
export interface CardExchange {
  /** Answers as soon as the card is known; only the next card waits until this one has been let go. */
  identify(atr: Uint8Array, settings: DriverSettings): Promise<Identified>;
  close(): Promise<void>;
}

/** What was learned from a card, and the letting go that is still to do. */
interface Attempt {
  readonly identified: Identified | 'again';
  readonly letGo: () => Promise<unknown>;
}

export function createExchange(deps: ExchangeDeps, reader: string): CardExchange {
  let context: PcscContext | undefined;
  // The first card finds the connection to the service made.
  let queue: Promise<unknown> = open().catch(() => undefined);
  let lettingGo: Promise<unknown> = Promise.resolve();

  async function open(): Promise<PcscResult<PcscContext>> {
    if (context !== undefined) return { ok: true, value: context };
    const established = await deps.pcsc.establish();
    if (established.ok) context = established.value;
    return established;
  }

  async function dropContext(): Promise<void> {
    const dropped = context;
    context = undefined;
    await dropped?.release();
  }

  async function connect(deadline: number): Promise<PcscResult<PcscCard>> {
    const giveUp = Math.min(deadline, deps.now() + limits.sharing);
    for (;;) {
      const opened = await open();
      if (!opened.ok) return opened;
      const connected = await opened.value.connect(reader);
      if (connected.ok) return connected;
      if (connected.code === 'no-service') await dropContext();
      const worthRetrying = ['sharing-violation', 'card-reset', 'no-service'].includes(connected.code);
      if (!worthRetrying || deps.now() >= giveUp) return connected;
      await delay(limits.sharingPause);
    }
  }

  /** One connection and one transaction; 'again' when another program has reset the card under it. */
  async function attempt(
    driver: CardDriver,
    atr: AtrKind,
    settings: DriverSettings,
    deadline: number,
  ): Promise<Attempt> {
    const connected = await connect(deadline);
    if (!connected.ok) return { identified: misreadOf(exchangeFailure(connected)), letGo: async () => undefined };
    const card = connected.value;
    let reset = false;
    const fail = (failure: PcscFailure): { ok: false; reason: ExchangeFailure } => {
      reset ||= failure.code === 'card-reset';
      return { ok: false, reason: exchangeFailure(failure) };
    };
    const channel: CardChannel = {
      reader,
      atr,
      async transmit(command) {
        if (deps.now() > deadline) return { ok: false, reason: 'late' };
        const answered = await card.transmit(command);
        if (!answered.ok) return fail(answered);
        const reply = parseReply(answered.value);
        return reply === undefined ? { ok: false, reason: 'lost' } : { ok: true, reply };
      },
    };
    const begun = await card.begin();
    const identified = begun.ok ? await driver.identify(channel, settings) : misreadOf(fail(begun).reason);
    return {
      identified: reset && deps.now() < deadline ? 'again' : identified,
      async letGo() {
        if (begun.ok) await card.end();
        await card.disconnect('leave');
      },
    };
  }

  async function identifyNow(driver: CardDriver, atr: AtrKind, settings: DriverSettings): Promise<Identified> {
    const deadline = deps.now() + limits.card;
    for (;;) {
      const { identified, letGo } = await attempt(driver, atr, settings, deadline);
      lettingGo = letGo().catch(() => undefined);
      if (identified !== 'again') return identified;
      await lettingGo;
    }
  }

  return {
    identify(atrBytes, settings) {
      const atr = parseAtr(atrBytes);
      const driver = deps.drivers.find((one) => one.claims(atr));
      if (driver === undefined) return Promise.resolve(misread('unreadable'));
      const read = queue.then(() => lettingGo).then(() => identifyNow(driver, atr, settings));
      queue = read.catch(() => undefined);
      return read;
    },
    async close() {
      await queue;
      await lettingGo;
      await dropContext();
    },
  };
}

function exchangeFailure(failure: PcscFailure): ExchangeFailure {
  return ['no-card', 'no-reader', 'no-service'].includes(failure.code) ? 'lost' : 'failed';
}
