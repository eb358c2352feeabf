import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What a card does. Written from the standards with fixed bytes; nothing of the product is used. */
export interface CardKind {
  /** Answer to reset, as the reader would make it up for this card. Empty: the card is mute. */
  readonly atr: Uint8Array;
  /** Called each time the card is powered on. */
  powered?(): void;
  /** Answer to a command; `pull` tears the card out instead of answering; undefined never answers. */
  answer(command: Uint8Array): Uint8Array | 'pull' | undefined | Promise<Uint8Array | 'pull' | undefined>;
}

export interface VirtualSlot {
  insert(card: CardKind): Promise<void>;
  remove(): Promise<void>;
  /** When the reader first asked for the answer to reset of the card that is in: performance.now(), or undefined. */
  seenAt(): number | undefined;
  /** Resolves when the card has been asked something and then nothing for so long (milliseconds), at most after two seconds: a busy machine reads slowly. */
  wasRead(quiet: number): Promise<void>;
}

/** A TCP port on the loopback address (vpcd) or the path of a unix socket (our own virtual reader). */
export type SlotAddress = number | string;

const control = { off: 0, on: 1, reset: 2, atr: 4 } as const;

/** A slot of a virtual reader: each message is a 16-bit big-endian length and a body. */
export function createVirtualSlot(address: SlotAddress): VirtualSlot {
  let socket: Socket | undefined;
  let seen: number | undefined;
  let asked: number | undefined;

  async function remove(): Promise<void> {
    const open = socket;
    socket = undefined;
    if (open === undefined || open.destroyed) return;
    const closed = once(open, 'close');
    open.destroy();
    await closed;
  }

  return {
    remove,
    seenAt: () => seen,
    async wasRead(quiet) {
      const end = performance.now() + 2_000;
      while (performance.now() < end && (asked === undefined || performance.now() - asked < quiet)) await delay(10);
    },
    async insert(card) {
      await remove();
      seen = undefined;
      asked = undefined;
      const opened =
        typeof address === 'number' ? connect({ port: address, host: '127.0.0.1', noDelay: true }) : connect(address);
      opened.on('error', () => opened.destroy());
      socket = opened;
      let pending = Buffer.alloc(0);
      let answering: Promise<void> = Promise.resolve();
      opened.on('data', (chunk) => {
        pending = Buffer.concat([pending, chunk]);
        while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
          const body = pending.subarray(2, 2 + pending.readUInt16BE(0));
          pending = pending.subarray(2 + body.length);
          answering = answering.then(() => take(opened, card, body));
        }
      });
      await once(opened, 'connect');
    },
  };

  async function take(to: Socket, card: CardKind, body: Uint8Array): Promise<void> {
    if (body.length === 1) {
      if (body[0] === control.atr) {
        seen ??= performance.now();
        send(to, card.atr);
      } else if (body[0] === control.on || body[0] === control.reset) {
        card.powered?.();
      }
      return;
    }
    asked = performance.now();
    const answer = await card.answer(body);
    if (answer === 'pull') to.destroy();
    else if (answer !== undefined) send(to, answer);
  }
}

function send(to: Socket, body: Uint8Array): void {
  if (to.destroyed) return;
  const framed = Buffer.alloc(2 + body.length);
  framed.writeUInt16BE(body.length, 0);
  framed.set(body, 2);
  to.write(framed);
}
