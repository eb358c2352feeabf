/** A real TLS server for the uplink's tests: its own authority, one terminal's certificate, answers in the test's hand. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { Pushed } from '#contract/api/terminals.ts';
import type { TerminalId } from '#contract/ids.ts';
import { createPrivateKeyPem, type Identity } from './identity.ts';

export interface Heard {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly protocol: string | null;
  readonly authorized: boolean;
}
type Answer = { readonly status: number; readonly body: unknown } | 'never' | 'cut' | 'stream';

export interface TestServer {
  readonly origin: string;
  readonly identity: Identity;
  readonly certificates: Certificates;
  /** Another authority, which this server has nothing to do with. */
  readonly foreignAuthority: string;
  readonly heard: readonly Heard[];
  connections(): number;
  /** Push streams that are open. */
  streams(): number;
  /** What a path answers; the last rule stands. */
  on(path: string, answer: (heard: Heard) => Answer): void;
  push(message: Pushed | string): void;
  /** Ends every connection. */
  cut(): void;
  /** Resolves when what was heard fulfils this. */
  until(holds: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const refuse = (status: number, code: string): Answer => ({ status, body: { failure: { code } } });
export const hello: Pushed = {
  kind: 'hello',
  serverTime: '2026-11-22T06:00:00.000Z',
  name: '3E-01',
  policy: {
    pin: { shortest: 8, longest: 12 },
    idleSeconds: 600,
    warnSeconds: 20,
    helpdesk: '2119',
    whenFull: 'strict',
    offline: { hours: 24, roles: ['clinician'], assurance: ['identifier', 'keyed', 'pki'], tries: 5, minutes: 720 },
    ways: { substitute: true, emergency: true, witness: true },
  },
  revocationHead: 0,
  journals: [],
  nonce: null,
};

/** When the server's certificate holds. */
export type Validity = 'now' | 'later' | 'before';

/** Two that were given the same certificates are two processes of one server. */
export async function startTestServer(
  validity: Validity = 'now',
  certificates: Certificates = createCertificates(validity),
): Promise<TestServer> {
  const { authority, foreignAuthority, server: own, terminal } = certificates;
  const heard: Heard[] = [];
  const rules = new Map<string, (heard: Heard) => Answer>();
  const streams = new Set<ServerResponse>();
  const sockets = new Set<TLSSocket>();
  let changed = Promise.withResolvers<void>();
  let accepted = 0;

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'https://localhost');
    const socket = request.socket as TLSSocket;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const { pathname: path, searchParams: query } = url;
    const one = { path, query, body, protocol: socket.getProtocol(), authorized: socket.authorized };
    heard.push(one);
    const answer = rules.get(path)?.(one);
    if (path === '/v1/terminals/stream' && (answer === undefined || answer === 'stream')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      streams.add(response);
      response.on('close', () => {
        streams.delete(response);
        changed.resolve();
        changed = Promise.withResolvers();
      });
    } else if (answer === 'cut') socket.destroy();
    else if (answer !== 'never' && answer !== 'stream') {
      const { status, body: said } = answer ?? { status: 404, body: { failure: { code: 'REQUEST_UNKNOWN' } } };
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said));
    }
    changed.resolve();
    changed = Promise.withResolvers();
  }

  const server = createServer(
    { ...own, ca: authority, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3' },
    (request, response) => void take(request, response).catch(() => response.destroy()),
  );
  server.on('secureConnection', (socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `https://localhost:${port}`,
    identity: {
      terminal: '0190a000-0000-7000-8000-000000000001' as TerminalId,
      name: '3E-01',
      certificate: terminal.cert,
      authority,
      trustVersion: 'first',
      grantKeys: [{ id: 1, key: createGrantKey() }],
      expiresAt: '2027-01-01T00:00:00Z',
      privateKey: terminal.key,
    },
    certificates,
    foreignAuthority,
    heard,
    connections: () => accepted,
    streams: () => streams.size,
    on: (path, answer) => void rules.set(path, answer),
    push(message) {
      for (const stream of streams)
        stream.write(`data: ${typeof message === 'string' ? message : JSON.stringify(message)}\n\n`);
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async until(holds) {
      while (!holds()) await changed.promise;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A certificate for this key, by itself. Made by openssl, not by the product. */
export function certify(privateKey: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-own-'));
  try {
    writeFileSync(join(folder, 'key'), privateKey);
    return execFileSync(
      'openssl',
      ['req', '-x509', '-key', join(folder, 'key'), '-subj', '/CN=terminal', '-days', '2'],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const createGrantKey = (): string =>
  generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();

const authorityConfig = `
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
certificate = authority.pem
private_key = authority.key
policy = names
[names]
commonName = supplied
`;

/** Days from now, of certificates that hold for two. */
const beginsIn: Readonly<Record<Validity, number>> = { now: 0, later: 365, before: -365 };
/** As `openssl ca` wants it: YYYYMMDDHHMMSSZ. */
const dateIn = (days: number): string =>
  `${new Date(Date.now() + days * 86_400_000).toISOString().replaceAll(/[-:T]|\..*/g, '')}Z`;

type Certificates = ReturnType<typeof createCertificates>;

/** Made by openssl, not by the product. */
function createCertificates(validity: Validity) {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-tls-'));
  const file = (name: string) => join(folder, name);
  const read = (name: string) => readFileSync(file(name), 'utf8');
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
  try {
    for (const name of ['authority', 'foreign', 'server', 'terminal'])
      writeFileSync(file(`${name}.key`), createPrivateKeyPem());
    for (const name of ['authority', 'foreign'])
      openssl('req', '-x509', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-days', '2', '-out', `${name}.pem`);
    writeFileSync(file('names'), 'subjectAltName=DNS:localhost\n');
    for (const name of ['server', 'terminal']) {
      openssl('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-out', `${name}.csr`);
    }
    writeFileSync(file('index.txt'), '');
    writeFileSync(file('ca.cnf'), authorityConfig);
    const by = ['-config', 'ca.cnf', '-batch', '-notext', '-rand_serial', '-md', 'sha256'];
    for (const name of ['server', 'terminal']) {
      const begins = beginsIn[name === 'server' ? validity : 'now'];
      const dates = ['-startdate', dateIn(begins), '-enddate', dateIn(begins + 2)];
      const extra = name === 'server' ? ['-extfile', 'names'] : [];
      openssl('ca', ...by, ...dates, ...extra, '-in', `${name}.csr`, '-out', `${name}.pem`);
    }
    const pair = (name: string) => ({ cert: read(`${name}.pem`), key: read(`${name}.key`) });
    return {
      authority: read('authority.pem'),
      foreignAuthority: read('foreign.pem'),
      server: pair('server'),
      terminal: pair('terminal'),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
