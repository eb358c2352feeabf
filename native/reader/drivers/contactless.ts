import type { Technology } from '#contract/card.ts';
import { bytesWaiting, getIdentifier, getIdentifierOf, getResponse, rightLength, success } from '#core/card/apdu.ts';
import { canonicalIdentifier, isRandomIdentifier } from '#core/card/identifier.ts';
import { type CardChannel, type CardDriver, type Exchange, type Identified, misread, misreadOf } from './driver.ts';

/**
 * ISO 14443 type A and B and ISO 15693: the reader tells the identifier that the card gave at anticollision.
 * MIFARE Classic is no more than that: its sectors are not read, because its cipher is broken.
 */
export const contactless: CardDriver = {
  name: 'contactless',
  claims: (atr) => atr.kind !== 'other' && atr.technology !== 'felica',
  async identify(channel) {
    if (channel.atr.kind === 'other') return misread('unreadable');
    return judgeIdentifier(channel.atr.technology, await askIdentifier(channel));
  },
};

/** GET DATA, asked again at most once when the reader names another length or has the rest waiting. */
export async function askIdentifier(channel: CardChannel): Promise<Exchange> {
  const first = await channel.transmit(getIdentifier);
  if (!first.ok) return first;
  const length = rightLength(first.reply.status);
  if (length !== undefined) return channel.transmit(getIdentifierOf(length));
  const waiting = bytesWaiting(first.reply.status);
  if (waiting !== undefined && first.reply.data.length === 0) return channel.transmit(getResponse(waiting));
  return first;
}

/** Identifier only: it can be copied, so nothing here may claim more. */
export function judgeIdentifier(technology: Technology, exchange: Exchange): Identified {
  if (!exchange.ok) return misreadOf(exchange.reason);
  // 6282 (shorter than asked), 6300, 6A81, 6D00, 6E00 and the like carry nothing to trust.
  if (exchange.reply.status !== success) return misread('unreadable');
  const identifier = canonicalIdentifier(technology, exchange.reply.data);
  if (identifier === undefined) return misread('unreadable');
  if (isRandomIdentifier(technology, identifier)) return misread('random-identifier');
  return { kind: 'card', card: { technology, identifier, assurance: 'identifier' } };
}
