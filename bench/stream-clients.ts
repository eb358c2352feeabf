/**
 * Terminals that hold a push stream and nothing else, as cheap as they can be: bare TLS sockets in a process of their own,
 * driven by messages of the parent.
 */
import { readFileSync } from 'node:fs';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import type { FleetTerminal } from './fleet.ts';

export interface ClientsToRun {
  readonly port: number;
  readonly authority: string;
  readonly terminals: readonly FleetTerminal[];
}
export type ToClients =
  /** All of them, spread over this time (milliseconds). */
  | { readonly kind: 'connect'; readonly within: number }
  | { readonly kind: 'drop' }
  | { readonly kind: 'expect'; readonly number: number };
/** Times by the machine's steady clock (nanoseconds), the same in every process. */
export type FromClients =
  | { readonly kind: 'ready' }
  | { readonly kind: 'connected'; readonly at: string; readonly tries: number }
  | { readonly kind: 'heard'; readonly number: number; readonly last: string; readonly first: string };

const [path = ''] = process.argv.slice(2);
const { authority, port, terminals } = JSON.parse(readFileSync(path, 'utf8')) as ClientsToRun;
const contexts: SecureContext[] = terminals.map(({ key, certificate }) =>
  createSecureContext({ ca: authority, key, cert: certificate, minVersion: 'TLSv1.3' }),
);
const tell = (message: FromClients): void => void process.send?.(message);
const now = (): bigint => process.hrtime.bigint();

const sockets = new Map<number, TLSSocket>();
const greeted = new Set<number>();
let wanted = false;
let tries = 0;
let expected = 0;
let first = 0n;
let heard = new Set<number>();

function hear(place: number, text: string, socket: TLSSocket): void {
  if (text.includes('"kind":"beat"')) socket.write('\r\n');
  if (!greeted.has(place) && text.includes('"kind":"hello"')) {
    greeted.add(place);
    if (greeted.size === terminals.length) tell({ kind: 'connected', at: String(now()), tries });
  }
  if (expected > 0 && text.includes(`"number":${expected},`)) {
    if (heard.size === 0) first = now();
    heard.add(place);
    if (heard.size === terminals.length) {
      tell({ kind: 'heard', number: expected, last: String(now()), first: String(first) });
      expected = 0;
    }
  }
}

function open(place: number): void {
  tries += 1;
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', secureContext: contexts[place] });
  sockets.set(place, socket);
  socket.setNoDelay(true);
  socket.once('secureConnect', () =>
    socket.write(`GET /v1/terminals/stream?after=0&clock=${Date.now()} HTTP/1.1\r\nhost: localhost:${port}\r\n\r\n`),
  );
  socket.on('data', (chunk: Buffer) => hear(place, chunk.toString('latin1'), socket));
  socket.on('error', () => undefined);
  socket.once('close', () => {
    sockets.delete(place);
    greeted.delete(place);
    // As a terminal does: soon, and not all at once.
    if (wanted) setTimeout(() => open(place), 150 + 150 * Math.random());
  });
}

process.on('message', (message: ToClients) => {
  if (message.kind === 'connect') {
    wanted = true;
    tries = 0;
    for (const place of terminals.keys()) setTimeout(() => open(place), message.within * Math.random());
  } else if (message.kind === 'drop') {
    wanted = false;
    for (const socket of sockets.values()) socket.destroy();
  } else {
    heard = new Set();
    expected = message.number;
  }
});
process.on('disconnect', () => process.exit(0));
tell({ kind: 'ready' });
