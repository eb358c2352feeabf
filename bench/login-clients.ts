/**
 * A process of its own that logs people in as fast as it is told to, over raw TLS connections: one for each terminal, one
 * login at a time on each. Reads what to do from its standard input, writes what it measured to its standard output.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import type { FleetTerminal } from './fleet.ts';
import type { Holder } from './login-people.ts';

export interface LoadToRun {
  readonly port: number;
  readonly authority: string;
  readonly terminals: readonly FleetTerminal[];
  readonly holders: readonly Holder[];
  /** What each login proves with; `none`: it only taps. */
  readonly factor: 'pin' | 'totp' | 'none';
  readonly pin: string;
  readonly seconds: number;
  /** Milliseconds between two taps of one terminal; 0: as fast as they come. */
  readonly every: number;
}

export interface LoadResult {
  /** Logins in so many seconds, in which every terminal was at it. */
  readonly logins: number;
  readonly seconds: number;
  /** Milliseconds of each tap and proof. */
  readonly taps: readonly number[];
  readonly proofs: readonly number[];
  readonly refused: Readonly<Record<string, number>>;
}

interface Answer {
  readonly status: number;
  readonly body: { readonly [name: string]: unknown };
}

/** One kept connection, one request at a time. */
const open = (
  load: LoadToRun,
  { key, certificate }: FleetTerminal,
): Promise<(path: string, body: object) => Promise<Answer>> =>
  new Promise((resolve, reject) => {
    let waiting: ((answer: Answer) => void) | undefined;
    let received = '';
    const socket: TLSSocket = connect({
      port: load.port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: load.authority,
      key,
      cert: certificate,
      minVersion: 'TLSv1.3',
    });
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('error', reject);
    socket.on('data', (chunk: string) => {
      received += chunk;
      const head = received.indexOf('\r\n\r\n');
      if (head === -1) return;
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      if (received.length < head + 4 + length) return;
      const text = Buffer.from(received.slice(head + 4, head + 4 + length), 'latin1').toString('utf8');
      const status = Number(received.slice(9, 12));
      received = '';
      const resolveAnswer = waiting;
      waiting = undefined;
      resolveAnswer?.({ status, body: JSON.parse(text) as Answer['body'] });
    });
    socket.on('secureConnect', () =>
      resolve((path, body) => {
        const text = JSON.stringify(body);
        return new Promise((answer) => {
          waiting = answer;
          socket.write(
            `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
          );
        });
      }),
    );
  });

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const fromBase32 = (text: string): Buffer => {
  const bits = [...text].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
};

/** RFC 6238 with steps of 30 s, six digits, SHA-1. */
const codeOf = (seed: string, step: number): string => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', fromBase32(seed)).update(counter).digest();
  const place = mac.readUInt8(19) & 15;
  return String((mac.readUInt32BE(place) & 0x7fffffff) % 1_000_000).padStart(6, '0');
};

const read = async (): Promise<LoadToRun> => {
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  return JSON.parse(text) as LoadToRun;
};

const load = await read();
const step = Math.floor(Date.now() / 30_000);
// A code is good once, and only after those before it: this step's and the next one's hold for the next half minute.
const rounds = load.factor === 'totp' ? [0, 1] : Array.from({ length: 10_000 }, () => 0);
const codes =
  load.factor === 'totp' ? load.holders.map(({ seed }) => rounds.map((away) => codeOf(seed, step + away))) : [];
const ask = await Promise.all(load.terminals.map((terminal) => open(load, terminal)));
const taps: number[] = [];
const proofs: number[] = [];
const refused: Record<string, number> = {};
let next = 0;
let logins = 0;
const begun = performance.now();
const until = begun + load.seconds * 1000;
/** What is asked first and answered last meets a server that is not busy: logins count from here to the end of asking. */
const counted = begun + 1000;
const isCounted = (): boolean => performance.now() >= counted && performance.now() < until;
/** Counts it, and waits as long as it is told to. */
const takeRefusal = async ({ body }: Answer): Promise<void> => {
  const { code, retryAfterSeconds = 0 } = (body['failure'] ?? {}) as { code?: string; retryAfterSeconds?: number };
  refused[code ?? 'none'] = (refused[code ?? 'none'] ?? 0) + 1;
  if (retryAfterSeconds > 0) await delay(retryAfterSeconds * 1000);
};

const work = async (send: (typeof ask)[number]): Promise<void> => {
  while (performance.now() < until) {
    const turn = next++;
    const round = Math.floor(turn / load.holders.length);
    const place = turn % load.holders.length;
    const holder = load.holders[place];
    if (holder === undefined || round >= rounds.length) return;
    const tapped = performance.now();
    const begins = await send('/v1/attempts', { lock: randomUUID(), card: holder.card });
    taps.push(performance.now() - tapped);
    if (begins.status !== 200) await takeRefusal(begins);
    else if (load.factor !== 'none') {
      const { attempt, ticket } = begins.body;
      const secret = load.factor === 'pin' ? load.pin : codes[place]?.[round];
      const proving = performance.now();
      const proved = await send(`/v1/attempts/${String(attempt)}/proofs`, { ticket, factor: load.factor, secret });
      proofs.push(performance.now() - proving);
      if (proved.status === 200) logins += isCounted() ? 1 : 0;
      else await takeRefusal(proved);
    }
    const rest = load.every - (performance.now() - tapped);
    if (rest > 0) await delay(rest);
  }
};
await Promise.all(ask.map(work));
const result: LoadResult = {
  logins,
  seconds: (Math.min(performance.now(), until) - counted) / 1000,
  taps,
  proofs,
  refused,
};
process.stdout.write(JSON.stringify(result), () => process.exit(0));
