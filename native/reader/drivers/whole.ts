import { bytesWaiting, expecting, getResponse, rightLength } from '#core/card/apdu.ts';
import type { CardChannel, Exchange } from './driver.ts';

/**
 * A command, and its answer however many pieces it comes in: the rest is fetched while the card says `61xx`, and what
 * wants another length (`6Cxx`) is asked again once. A card that announces more and brings nothing, or more than `most`
 * bytes in all, has failed.
 */
export async function transmitWhole(channel: CardChannel, command: Uint8Array, most: number): Promise<Exchange> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let next = command; ; ) {
    const answered = await askTwice(channel, next);
    if (!answered.ok) return answered;
    const { data, status } = answered.reply;
    const waiting = bytesWaiting(status);
    pieces.push(data);
    length += data.length;
    if (length > most || (waiting !== undefined && data.length === 0 && next !== command)) {
      return { ok: false, reason: 'failed' };
    }
    if (waiting === undefined) return { ok: true, reply: { data: joined(pieces, length), status } };
    next = getResponse(waiting);
  }
}

async function askTwice(channel: CardChannel, command: Uint8Array): Promise<Exchange> {
  const answered = await channel.transmit(command);
  const length = answered.ok ? rightLength(answered.reply.status) : undefined;
  return length === undefined ? answered : channel.transmit(expecting(command, length));
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
