import type { CardEvidence, Misread } from '#contract/card.ts';
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
  transmit(command: Uint8Array): Promise<Exchange>;
}

export type Identified =
  | { readonly kind: 'card'; readonly card: CardEvidence }
  | { readonly kind: 'misread'; readonly reason: Misread };

export interface DriverSettings {
  /** FeliCa: the system whose IDm is asked for, four hexadecimal digits; FFFF is the card's first. */
  readonly felicaSystemCode: string;
}

/** One kind of card. `identify` never throws for anything a card or reader can do. */
export interface CardDriver {
  readonly name: string;
  claims(atr: AtrKind): boolean;
  identify(channel: CardChannel, settings: DriverSettings): Promise<Identified>;
}

export const misread = (reason: Misread): Identified => ({ kind: 'misread', reason });

/** What a person is told about a failed exchange. */
export function misreadOf(reason: ExchangeFailure): Identified {
  return misread(reason === 'lost' ? 'too-short' : 'unreadable');
}
