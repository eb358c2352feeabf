import { setTimeout as delay } from 'node:timers/promises';
import { parseReply } from '#core/card/apdu.ts';
import { type AtrKind, parseAtr } from '#core/card/atr.ts';
import type { CardChannel, CardDriver, DriverSettings, ExchangeFailure, Identified } from './drivers/driver.ts';
import { misread, misreadOf } from './drivers/driver.ts';
import type { Pcsc, PcscCard, PcscContext, PcscFailure, PcscFailureCode, PcscResult } from './pcsc.ts';

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
  /** Before a broken exchange is begun again, and how often it is. */
  brokenPause: 30,
  brokenTries: 3,
} as const;

/** Reads the cards of one reader, one after the other, over a context of its own. */
export interface CardExchange {
  /** Answers as soon as the card is known; only the next card waits until this one has been let go. */
  identify(atr: Uint8Array, settings: DriverSettings): Promise<Identified>;
  close(): Promise<void>;
}

/** What was learned from a card, and the letting go that is still to do. */
interface Attempt {
  readonly identified: Identified;
  /**
   * `reset`: another program has reset the card under it. `failed`: the exchange itself broke, as it does when the card
   * trembles at the edge of the field. `done`: the card has said what it says.
   */
  readonly ended: 'done' | 'reset' | 'failed';
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

  /** One connection and one transaction. */
  async function attempt(
    claiming: readonly CardDriver[],
    atr: AtrKind,
    settings: DriverSettings,
    deadline: number,
  ): Promise<Attempt> {
    const connected = await connect(deadline);
    if (!connected.ok) {
      const ended = connected.code === 'card-mute' ? 'failed' : 'done';
      return { identified: misreadOf(exchangeFailure(connected)), ended, letGo: async () => undefined };
    }
    const card = connected.value;
    let ended: Attempt['ended'] = 'done';
    const fail = (reason: ExchangeFailure, code?: PcscFailureCode) => {
      ended = code === 'card-reset' ? 'reset' : 'failed';
      return { ok: false, reason } as const;
    };
    const channel: CardChannel = {
      reader,
      atr,
      now: deps.now,
      async transmit(command) {
        if (deps.now() > deadline) return { ok: false, reason: 'late' };
        const answered = await card.transmit(command);
        if (!answered.ok) return fail(exchangeFailure(answered), answered.code);
        const reply = parseReply(answered.value);
        return reply === undefined ? fail('lost') : { ok: true, reply };
      },
    };
    const begun = await card.begin();
    const identified = begun.ok
      ? await identifyBy(claiming, channel, settings)
      : misreadOf(fail(exchangeFailure(begun), begun.code).reason);
    return {
      identified,
      ended,
      async letGo() {
        if (begun.ok) await card.end();
        await card.disconnect('leave');
      },
    };
  }

  async function identifyNow(
    claiming: readonly CardDriver[],
    atr: AtrKind,
    settings: DriverSettings,
  ): Promise<Identified> {
    const deadline = deps.now() + limits.card;
    for (let broken = 0; ; ) {
      const { identified, ended, letGo } = await attempt(claiming, atr, settings, deadline);
      lettingGo = letGo().catch(() => undefined);
      if (ended === 'failed') broken += 1;
      if (ended === 'done' || broken >= limits.brokenTries || deps.now() >= deadline) return identified;
      await lettingGo;
      if (ended === 'failed') await delay(limits.brokenPause);
    }
  }

  return {
    identify(atrBytes, settings) {
      const atr = parseAtr(atrBytes);
      const claiming = deps.drivers.filter((one) => one.claims(atr));
      if (claiming.length === 0) return Promise.resolve(misread('unreadable'));
      const read = queue.then(() => lettingGo).then(() => identifyNow(claiming, atr, settings));
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

/** The first driver that knows the card says who it is. */
async function identifyBy(
  claiming: readonly CardDriver[],
  channel: CardChannel,
  settings: DriverSettings,
): Promise<Identified> {
  for (const driver of claiming) {
    const identified = await driver.identify(channel, settings);
    if (identified !== undefined) return identified;
  }
  return misread('unreadable');
}

function exchangeFailure(failure: PcscFailure): ExchangeFailure {
  return ['no-card', 'no-reader', 'no-service'].includes(failure.code) ? 'lost' : 'failed';
}
