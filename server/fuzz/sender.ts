import { createPrivateKey, sign } from 'node:crypto';
import { Client, errors } from 'undici';
import type { Who } from '../testing-senders.ts';
import { isRole } from '../testing-senders.ts';
import type { Got } from './judge.ts';
import type { Pool } from './pool.ts';
import type { Sent } from './requests.ts';
import type { FuzzServer } from './server.ts';

/** Somebody who sends, on one connection that is kept open, from an address of their own. */
export interface FuzzSender {
  readonly who: Who;
  /** Under this name the pool keeps what it was answered. */
  readonly name: string;
  /** Undefined: the server cut the connection, as it does with terminals that were revoked. */
  send(sent: Sent): Promise<Got | undefined>;
  /** Signs what only the holder of a terminal's key can sign. */
  change(sent: Sent['call']): (parts: { body: unknown }) => void;
  /** Signs in or enrols anew. */
  renew(): Promise<void>;
  /** What must never be seen: cookie or token. */
  secrets(): readonly string[];
  close(): Promise<void>;
}

/** Milliseconds until an answer counts as hanging. */
const patience = 30_000;

interface Identity {
  readonly headers: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly certificate?: string;
}

export const createSender = async (
  server: FuzzServer,
  pool: Pool,
  given: {
    readonly who: Who;
    readonly address: string;
    readonly origin: string;
    readonly authority: string;
    /** Hears what comes on the stream of a terminal that keeps it open. */
    readonly hear?: (text: string) => void;
  },
): Promise<FuzzSender> => {
  const { who, address, origin, authority, hear } = given;
  const name = `${who} ${address}`;
  let identity: Identity = { headers: {} };
  let client: Client | undefined;
  let ear: Client | undefined;
  const close = async (): Promise<void> => {
    await Promise.all([client?.destroy(), ear?.destroy()]);
  };
  const identify = async (): Promise<Identity> => {
    if (isRole(who)) return server.ask('person', { role: who });
    if (who === 'directory') return server.ask('directory');
    if (who === 'nobody') return { headers: { origin } };
    const { id, key, certificate, request } = await server.ask('terminal');
    pool.teach({ 'terminal id': id, terminal: id, request });
    return { headers: {}, key, certificate };
  };
  const renew = async (): Promise<void> => {
    identity = await identify();
    const { key, certificate: cert } = identity;
    const open = (): Client =>
      new Client(origin, {
        connect: { ca: authority, ...(key && cert ? { key, cert } : {}) },
        localAddress: address,
        keepAliveTimeout: 60_000,
        headersTimeout: patience,
        bodyTimeout: patience,
      });
    // Whoever is known by a header keeps the connection.
    if (client !== undefined && !client.destroyed && key === undefined) return;
    await close();
    client = open();
    if (hear === undefined) return;
    ear = open();
    const listening = ear.request({ method: 'GET', path: '/v1/terminals/stream?after=0&clock=0' });
    // It ends when the terminal is revoked.
    listening.then(
      ({ body }) =>
        body
          .setEncoding('utf8')
          .on('data', hear)
          .on('error', () => undefined),
      () => undefined,
    );
  };
  await renew();

  /** A stream is over when its first words have come. */
  const readStart = async (body: AsyncIterable<Buffer> & { destroy(): void }): Promise<string> => {
    for await (const chunk of body) return chunk.toString('utf8');
    return '';
  };
  return {
    who,
    name,
    send: async ({ method, path, headers, body }) => {
      const since = performance.now();
      try {
        if (client === undefined) throw new Error('not connected');
        const answer = await client.request({
          method: method as 'GET',
          path,
          headers: { ...headers, ...identity.headers },
          ...(body === undefined ? {} : { body }),
        });
        const isStream = String(answer.headers['content-type']).startsWith('text/event-stream');
        const text = isStream ? await readStart(answer.body) : await answer.body.text();
        return { status: answer.statusCode, text, milliseconds: performance.now() - since };
      } catch (problem) {
        const cut = problem instanceof errors.SocketError || (problem as NodeJS.ErrnoException).code === 'ECONNRESET';
        if (cut && who === 'terminal') return undefined;
        throw problem;
      }
    },
    change: (call) => (parts) => {
      const { key } = identity;
      if (call !== 'terminals/confirm' || key === undefined) return;
      const body = parts.body as Record<string, unknown>;
      const text = `${body['number']}.${body['lockedAt'] ?? ''}.${body['receivedAt']}`;
      const signer = { key: createPrivateKey(key), dsaEncoding: 'ieee-p1363' } as const;
      body['signature'] = sign('sha256', Buffer.from(text), signer).toString('base64url');
    },
    renew,
    secrets: () =>
      [identity.headers['cookie']?.split('=')[1], identity.headers['authorization']?.split(' ')[1]].filter(
        (one) => one !== undefined,
      ),
    close,
  };
};
