import { once } from 'node:events';
import { connect, type SecureContext } from 'node:tls';
import type { Sent } from './requests.ts';

/** What came back for one request. */
export interface Came {
  readonly status: number;
  readonly text: string;
  readonly isStream: boolean;
  /** Nothing more is answered on its connection. */
  readonly isLast: boolean;
}

/**
 * HTTP/1.1 on one connection that is kept open, one request at a time: as much of it as this server answers, at a
 * fraction of what a whole client costs.
 */
export interface Connection {
  /** Rejects with `cut` when the server ends the connection before it has answered. */
  send(sent: Pick<Sent, 'method' | 'path' | 'headers' | 'body'>): Promise<Came>;
  /** Gives what comes on a stream to `hear`, until it ends. */
  listen(path: string, hear: (text: string) => void): void;
  isOpen(): boolean;
  close(): void;
}

export class Cut extends Error {}

export interface ConnectionOptions {
  readonly origin: string;
  /** Of the address that the server sees. */
  readonly localAddress: string;
  readonly secureContext: SecureContext;
  /** Milliseconds until an answer counts as hanging. */
  readonly patience: number;
}

const endOfHead = Buffer.from('\r\n\r\n');
const headerOf = (head: string, name: string): string | undefined =>
  new RegExp(`\r\n${name}: ([^\r]*)`, 'i').exec(head)?.[1];

/** The first answer in these bytes; undefined while some of it is missing. What has no length ends with the connection. */
const parse = (bytes: Buffer, isOver: boolean): (Came & { readonly length: number }) | undefined => {
  const end = bytes.indexOf(endOfHead);
  if (end === -1) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  const from = end + endOfHead.length;
  const isStream = /\r\ncontent-type: text\/event-stream/i.test(head);
  // Of a stream the first words are enough.
  if (isStream && bytes.length === from) return undefined;
  if (isStream) return { status, text: bytes.toString('utf8', from), isStream, isLast: true, length: bytes.length };
  const isEmpty = status === 204 || status === 304;
  const said = isEmpty ? '0' : headerOf(head, 'content-length');
  if (said === undefined && !isOver) return undefined;
  const length = said === undefined ? bytes.length : from + Number(said);
  const isLast = isOver || headerOf(head, 'connection') === 'close';
  return bytes.length < length
    ? undefined
    : { status, text: bytes.toString('utf8', from, length), isStream, isLast, length };
};

export const openConnection = async (options: ConnectionOptions): Promise<Connection> => {
  const { origin, localAddress, secureContext, patience } = options;
  const { hostname, port, host } = new URL(origin);
  const target = { host: '127.0.0.1', port: Number(port), servername: hostname, localAddress, secureContext };
  const socket = connect(target);
  socket.setNoDelay(true);
  let asked: { resolve(came: Came): void; reject(problem: Error): void } | undefined;
  let heard: ((text: string) => void) | undefined;
  let bytes: Buffer = Buffer.alloc(0);
  const take = (isOver: boolean): void => {
    const came = parse(bytes, isOver);
    if (came === undefined || asked === undefined) return;
    const { resolve } = asked;
    asked = undefined;
    bytes = bytes.subarray(came.length);
    socket.setTimeout(0);
    if (came.isLast) socket.destroy();
    resolve(came);
  };
  socket.on('data', (chunk: Buffer) => {
    if (heard !== undefined) return heard(chunk.toString('utf8'));
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    take(false);
  });
  socket.on('timeout', () => socket.destroy(new Error(`no answer within ${patience} ms`)));
  let problem: Error | undefined;
  socket.on('error', (found) => {
    problem = found;
  });
  socket.on('close', () => {
    take(true);
    const isCut =
      problem === undefined || ['ECONNRESET', 'EPIPE'].includes((problem as NodeJS.ErrnoException).code ?? '');
    asked?.reject(isCut ? new Cut('the connection was cut', { cause: problem }) : (problem ?? new Error('closed')));
    asked = undefined;
  });
  await once(socket, 'secureConnect');
  const write = ({ method, path, headers, body }: Pick<Sent, 'method' | 'path' | 'headers' | 'body'>): void => {
    let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n`;
    for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
    if (body === undefined) socket.write(`${head}\r\n`);
    else socket.write(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  };
  return {
    send: (sent) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Cut('the connection had been cut'));
        asked = { resolve, reject };
        socket.setTimeout(patience);
        write(sent);
      }),
    listen: (path, hear) => {
      heard = hear;
      write({ method: 'GET', path, headers: {}, body: undefined });
    },
    isOpen: () => !socket.destroyed,
    close: () => void socket.destroy(),
  };
};
