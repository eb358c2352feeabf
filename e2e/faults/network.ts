import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What becomes of the bytes of one direction. */
export interface Way {
  /** Kept back until the weather changes, as TCP sends them again once a cable is plugged in. */
  readonly held?: boolean;
  /** Milliseconds that a piece comes late; those behind it wait for it. */
  readonly late?: () => number;
  /** Milliseconds between one byte and the next. */
  readonly drip?: number;
  /** Changes a piece. */
  readonly spoil?: (piece: Buffer) => Buffer;
}

/** How it goes between the two ends of a link. */
export interface Weather {
  /** To the server. */
  readonly up?: Way;
  readonly down?: Way;
  /** New connections are ended at once. */
  readonly refuses?: boolean;
  /** Instead of bringing an answer a connection ends. */
  readonly losesAnswers?: boolean;
  /** Milliseconds that everything of a new connection comes late. */
  readonly lateEach?: () => number;
  /** Whatever comes up over a new connection goes to the server over another one, too. */
  readonly doubled?: boolean;
}

/** A network between one process and another that passes bytes on as the weather is. */
export interface Link {
  readonly port: number;
  readonly connections: () => number;
  change(weather: Weather): void;
  /** Ends every connection. */
  cut(): void;
  close(): Promise<void>;
}

/** A younger connection is still shaking hands: what it loses is no answer yet. */
const shaken = 400;

interface Connection {
  readonly near: Socket;
  readonly far: Socket;
  readonly since: number;
  readonly late: number;
  asked: boolean;
}

export const createLink = async (target: number): Promise<Link> => {
  const connections = new Set<Connection>();
  let weather: Weather = {};
  let changed = Promise.withResolvers<void>();

  const end = ({ near, far }: Connection): void => {
    near.destroy();
    far.destroy();
  };

  const pass = async (piece: Buffer, into: Socket, { drip, spoil }: Way): Promise<void> => {
    const bytes = spoil === undefined ? piece : spoil(piece);
    if (drip === undefined) return void into.write(bytes);
    const during = weather;
    let at = 0;
    for (; at < bytes.length && weather === during && !into.destroyed; at += 1) {
      into.write(bytes.subarray(at, at + 1));
      await Promise.race([delay(drip, undefined, { ref: false }), changed.promise]);
    }
    into.write(bytes.subarray(at));
  };

  /** Pieces of one direction, one after the other. */
  const carry = (connection: Connection, from: Socket, into: Socket, direction: 'up' | 'down'): void => {
    const waiting: Buffer[] = [];
    let carrying = false;
    const carryAll = async (): Promise<void> => {
      for (let piece = waiting[0]; piece !== undefined && !into.destroyed; piece = waiting[0]) {
        const way = weather[direction] ?? {};
        if (way.held === true) {
          await changed.promise;
          continue;
        }
        waiting.shift();
        const late = connection.late + (way.late?.() ?? 0);
        if (late > 0) await delay(late);
        if (direction === 'up') connection.asked = true;
        else if (weather.losesAnswers === true && connection.asked && performance.now() - connection.since > shaken)
          return end(connection);
        else connection.asked = false;
        await pass(piece, into, way);
      }
    };
    from.on('data', (piece: Buffer) => {
      waiting.push(piece);
      if (carrying) return;
      carrying = true;
      void carryAll().finally(() => {
        carrying = false;
      });
    });
    from.on('error', () => undefined);
    from.on('close', () => into.destroy());
  };

  /** Sends the server what it gets anyway; what it answers interests nobody. */
  const double = (near: Socket): void => {
    const twin = connect({ host: '127.0.0.1', port: target });
    twin.on('error', () => undefined).resume();
    near.on('data', (piece: Buffer) => void (twin.writable && twin.write(piece)));
    near.once('close', () => twin.destroy());
  };

  const server = createServer((near) => {
    if (weather.refuses === true) return void near.destroy();
    const far = connect({ host: '127.0.0.1', port: target });
    const since = performance.now();
    const connection: Connection = { near, far, since, late: weather.lateEach?.() ?? 0, asked: false };
    connections.add(connection);
    near.once('close', () => connections.delete(connection));
    carry(connection, near, far, 'up');
    carry(connection, far, near, 'down');
    if (weather.doubled === true) double(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const connection of connections) end(connection);
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections.size,
    change(next) {
      weather = next;
      changed.resolve();
      changed = Promise.withResolvers();
    },
    cut,
    async close() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
};
