import { setTimeout as delay } from 'node:timers/promises';
import { parseReply } from '#core/card/apdu.ts';
import { type AtrKind, parseAtr } from '#core/card/atr.ts';
import type { CardChannel, CardDriver, DriverSettings, ExchangeFailure, Identified } from './drivers/driver.ts';
import { misread, misreadOf } from './drivers/driver.ts';
import type { Pcsc, PcscCard, PcscContext, PcscFailure } from './pcsc.ts';

export interface ExchangeDeps {
  readonly pcsc: Pcsc;
  readonly drivers: readonly CardDriver[];
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
  identify(atr: Uint8Array, settings: DriverSettings): Promise<Identified>;
  close(): Promise<void>;
}

export function createExchange(deps: ExchangeDeps, reader: string): CardExchange {
  let context: PcscContext | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  async function dropContext(): Promise<void> {
    const dropped = context;
    context = undefined;
    await dropped?.release();
  }

  async function connect(deadline: number): Promise<PcscCard | PcscFailure> {
    const giveUp = Math.min(deadline, deps.now() + limits.sharing);
    for (;;) {
      if (context === undefined) {
        const established = await deps.pcsc.establish();
        if (!established.ok) return established;
        context = established.value;
      }
      const connected = await context.connect(reader);
      if (connected.ok) return connected.value;
      if (connected.code === 'no-service') await dropContext();
      const worthRetrying = ['sharing-violation', 'card-reset', 'no-service'].includes(connected.code);
      if (!worthRetrying || deps.now() >= giveUp) return connected;
      await delay(limits.sharingPause);
    }
  }

  /** One connection and one transaction; 'again' when another program has reset the card under it. */
  async function attempt(driver: CardDriver, atr: AtrKind, settings: DriverSettings, deadline: number) {
    const card = await connect(deadline);
    if ('ok' in card) return misreadOf(exchangeFailure(card));
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
    try {
      const begun = await card.begin();
      const identified = begun.ok ? await driver.identify(channel, settings) : misreadOf(fail(begun).reason);
      if (begun.ok) await card.end();
      return reset && deps.now() < deadline ? 'again' : identified;
    } finally {
      await card.disconnect('leave');
    }
  }

  async function identifyNow(atrBytes: Uint8Array, settings: DriverSettings, deadline: number): Promise<Identified> {
    const atr = parseAtr(atrBytes);
    const driver = deps.drivers.find((one) => one.claims(atr));
    if (driver === undefined) return misread('unreadable');
    for (;;) {
      const identified = await attempt(driver, atr, settings, deadline);
      if (identified !== 'again') return identified;
    }
  }

  return {
    identify(atr, settings) {
      const deadline = deps.now() + limits.card;
      const read = queue.then(() => identifyNow(atr, settings, deadline));
      queue = read.catch(() => undefined);
      return read;
    },
    async close() {
      await queue;
      await dropContext();
    },
  };
}

function exchangeFailure(failure: PcscFailure): 'lost' | 'failed' {
  return failure.code === 'no-card' || failure.code === 'no-reader' || failure.code === 'no-service'
    ? 'lost'
    : 'failed';
}
