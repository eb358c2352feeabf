/**
 * The card tray: for development only. Lets a person put virtual cards on the real PC/SC service.
 *   node e2e/tray/start.ts SLOT-ADDRESS
 * Serves a page on the loopback address under a secret path, and prints its address as one JSON line.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { createVirtualSlot } from '../card/virtual-card.ts';
import { cards } from './cards.ts';

const [address] = process.argv.slice(2);
if (address === undefined) {
  process.stderr.write('Name the slot: a port, or the path of a socket.\n');
  process.exit(64);
}
const slot = createVirtualSlot(/^\d+$/.test(address) ? Number(address) : address);
const secret = randomBytes(16).toString('base64url');
const read = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');
const files: Readonly<Record<string, { readonly type: string; readonly body: string }>> = {
  '': { type: 'text/html; charset=utf-8', body: read('page.html') },
  'page.js': { type: 'text/javascript; charset=utf-8', body: read('page.js') },
  'page.css': { type: 'text/css; charset=utf-8', body: read('page.css') },
  cards: { type: 'application/json', body: JSON.stringify(cards.map(({ kind: _, ...card }) => card)) },
};
const headers = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const send = (response: ServerResponse, status: number, type: string, body: string): void => {
  response.writeHead(status, { ...headers, 'content-type': type }).end(body);
};

/** What lies on the reader, for every page that looks. */
const watching = new Set<ServerResponse>();
let present: string | null = null;
const tell = (response: ServerResponse): void => void response.write(`data: ${JSON.stringify({ card: present })}\n\n`);

/** Hands move one after another. */
let moving: Promise<unknown> = Promise.resolve();
const move = (what: () => Promise<void>, card: string | null): Promise<void> => {
  const moved = moving.then(async () => {
    await what();
    present = card;
    for (const response of watching) tell(response);
  });
  moving = moved.catch(() => undefined);
  return moved;
};

async function act(what: string, id: string | undefined): Promise<boolean> {
  const card = cards.find((one) => one.id === id);
  if (what === 'lift') await move(slot.remove, null);
  else if (what === 'hold' && card !== undefined) await move(() => slot.insert(card.kind), card.id);
  else return false;
  return true;
}

/** A page of somebody else's can send requests here, but neither name this origin as its own nor hide its own. */
const isForeign = ({ headers: given, method }: IncomingMessage, own: string): boolean =>
  `http://${given.host}` !== own ||
  (given.origin !== undefined && given.origin !== own) ||
  (method !== 'GET' && given.origin !== own) ||
  (given['sec-fetch-site'] !== undefined && !['same-origin', 'none'].includes(String(given['sec-fetch-site'])));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { port } = server.address() as { port: number };
  if (isForeign(request, `http://127.0.0.1:${port}`)) return send(response, 403, 'text/plain', 'not from there');
  const [, given, what = '', id] = (request.url ?? '').split('/');
  if (given !== secret) return send(response, 404, 'text/plain', 'not here');
  if (request.method === 'GET' && what === 'events') {
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' });
    watching.add(response);
    response.on('close', () => watching.delete(response));
    return tell(response);
  }
  const file = Object.hasOwn(files, what) ? files[what] : undefined;
  if (request.method === 'GET' && file !== undefined) return send(response, 200, file.type, file.body);
  const done = request.method === 'POST' && (await act(what, id));
  send(response, done ? 200 : 404, 'application/json', JSON.stringify({ done }));
}

const server = createServer((request, response) => {
  answer(request, response).catch((problem: unknown) => send(response, 503, 'text/plain', String(problem)));
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  process.stdout.write(`${JSON.stringify({ ready: true, page: `http://127.0.0.1:${port}/${secret}/` })}\n`);
});
const stop = (): void => void slot.remove().finally(() => process.exit(0));
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
