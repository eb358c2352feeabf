/**
 * The card tray: for development only. Lets a person put virtual cards on the real PC/SC service.
 *   node e2e/tray/start.ts SLOT-ADDRESS [--open]
 * Serves a page on the loopback address under a secret path, prints its address as one JSON line, and with `--open`
 * shows it in a window of Chromium.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { felica, iso14443a, mute, randomUid } from '../card/cards.ts';
import { type CardKind, createVirtualSlot } from '../card/virtual-card.ts';

interface TrayCard {
  readonly id: string;
  readonly name: string;
  readonly about: string;
  readonly kind: CardKind;
}

const cards: readonly TrayCard[] = [
  { id: 'staff-1', name: '職員証 A', about: 'ISO 14443-A, 7-byte UID …E580', kind: iso14443a('04A1B2C3D4E580') },
  { id: 'staff-2', name: '職員証 B', about: 'ISO 14443-A, 7-byte UID …5566', kind: iso14443a('04112233445566') },
  { id: 'staff-3', name: '職員証 C', about: 'FeliCa, IDm …89AB', kind: felica({ FFFF: '01120312456789AB' }) },
  { id: 'foreign', name: '定期券', about: 'FeliCa, not enrolled', kind: felica({ FFFF: '0101041234567890' }) },
  { id: 'phone', name: 'スマートフォン', about: 'another UID at every read (08…)', kind: randomUid() },
  { id: 'broken', name: '読めないカード', about: 'mute', kind: mute },
];

const [address] = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
if (address === undefined) {
  process.stderr.write('Name the slot: a port, or the path of a socket.\n');
  process.exit(64);
}
const slot = createVirtualSlot(/^\d+$/.test(address) ? Number(address) : address);
const secret = randomBytes(16).toString('base64url');
const page = readFileSync(join(import.meta.dirname, 'page.html'), 'utf8');
const script = readFileSync(join(import.meta.dirname, 'page.js'), 'utf8');

const send = (response: ServerResponse, status: number, type: string, body: string): void => {
  response.writeHead(status, {
    'content-type': type,
    'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'",
    'cache-control': 'no-store',
  });
  response.end(body);
};

async function act(what: string, card: TrayCard | undefined): Promise<boolean> {
  if (what === 'lift') await slot.remove();
  else if (what === 'hold' && card !== undefined) await slot.insert(card.kind);
  else return false;
  return true;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, given, what = '', id] = (request.url ?? '').split('/');
  if (given !== secret) return send(response, 404, 'text/plain', 'not here');
  if (request.method === 'GET' && what === '') return send(response, 200, 'text/html; charset=utf-8', page);
  if (request.method === 'GET' && what === 'page.js') return send(response, 200, 'text/javascript', script);
  if (request.method === 'GET' && what === 'cards')
    return send(response, 200, 'application/json', JSON.stringify(cards.map(({ kind: _, ...card }) => card)));
  const done =
    request.method === 'POST' &&
    (await act(
      what,
      cards.find((card) => card.id === id),
    ));
  send(response, done ? 200 : 404, 'application/json', JSON.stringify({ done }));
}

const server = createServer((request, response) => {
  answer(request, response).catch((problem: unknown) => send(response, 500, 'text/plain', String(problem)));
});
server.listen(0, '127.0.0.1', () => {
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('no port');
  process.stdout.write(`${JSON.stringify({ ready: true, page: `http://127.0.0.1:${at.port}/${secret}/` })}\n`);
});
const stop = (): void => void slot.remove().finally(() => process.exit(0));
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
