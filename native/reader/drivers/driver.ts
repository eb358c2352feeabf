import type { CardChallenge, CardEvidence, Misread } from '#contract/card.ts';
import type { Reply } from '#core/card/apdu.ts';
import type { AtrKind } from '#core/card/atr.ts';

/** Why a command brought no reply. `lost`: the card left; `late`: over the time limit; `failed`: the reader refused. */
export type ExchangeFailure = 'lost' | 'late' | 'failed';

export type Exchange =
  | { readonly ok: true; readonly reply: Reply }
  | { readonly ok: false; readonly reason: ExchangeFailure };

/** A card in the field, held in a transaction. */
export interface CardChannel {
  readonly reader: string;
  readonly atr: AtrKind;
  /** Milliseconds, monotonic. */
  now(): number;
  transmit(command: Uint8Array): Promise<Exchange>;
}

export type Identified =
  | { readonly kind: 'card'; readonly card: CardEvidence }
  | { readonly kind: 'misread'; readonly reason: Misread };

export interface DriverSettings {
  /** FeliCa: the system whose IDm is asked for, four hexadecimal digits; FFFF is the card's first. */
  readonly felicaSystemCode: string;
  /**
   * Asks for what a card that can is to sign; undefined when there is nothing to be had in good time.
   * Null: nobody asks for proofs.
   */
  readonly challenge: (() => Promise<CardChallenge | undefined>) | null;
}

/** One kind of card. `identify` never throws for anything a card or reader can do. */
export interface CardDriver {
  readonly name: string;
  claims(atr: AtrKind): boolean;
  /** Undefined: it is no such card after all, and the next driver that claims it has a look. */
  identify(channel: CardChannel, settings: DriverSettings): Promise<Identified | undefined>;
}

export type Misreading = Extract<Identified, { kind: 'misread' }>;

export const misread = (reason: Misread): Misreading => ({ kind: 'misread', reason });

/** What a person is told about a failed exchange. */
export function misreadOf(reason: ExchangeFailure): Misreading {
  return misread(reason === 'lost' ? 'too-short' : 'unreadable');
}
