import { createPrivateKey, sign } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { PersonId } from '#contract/ids.ts';
import type { Who } from '../testing-senders.ts';
import { isRole } from '../testing-senders.ts';
import { type Connection, Cut, openConnection } from './connection.ts';
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
  /** Whether somebody else gave them other roles than they came with. */
  hasOtherRoles(): Promise<boolean>;
  /** Signs in or enrols anew. */
  renew(): Promise<void>;
  /** What must never be seen: cookie or token. */
  secrets(): readonly string[];
  close(): void;
}

/** Milliseconds until an answer counts as hanging. */
const patience = 30_000;

interface Identity {
  readonly headers: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly certificate?: string;
  readonly person?: PersonId;
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
  let secureContext = createSecureContext({ ca: authority });
  let connection: Connection | undefined;
  let ear: Connection | undefined;
  const open = (): Promise<Connection> => openConnection({ origin, localAddress: address, secureContext, patience });
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
    // Whoever is known by a header keeps the connection.
    if (key === undefined || cert === undefined) return;
    secureContext = createSecureContext({ ca: authority, key, cert });
    connection?.close();
    ear?.close();
    if (hear === undefined) return;
    // It ends when the terminal is revoked.
    ear = await open();
    ear.listen('/v1/terminals/stream?after=0&clock=0', hear);
  };
  await renew();
  return {
    who,
    name,
    send: async ({ method, path, headers, body }) => {
      const since = performance.now();
      try {
        if (connection?.isOpen() !== true) connection = await open();
        const came = await connection.send({ method, path, headers: { ...headers, ...identity.headers }, body });
        return { ...came, milliseconds: performance.now() - since };
      } catch (problem) {
        if (problem instanceof Cut && who === 'terminal') return undefined;
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
    hasOtherRoles: async () => {
      const { person } = identity;
      if (!isRole(who) || person === undefined) return false;
      return (await server.ask('given', { person, role: who })).others;
    },
    renew,
    secrets: () =>
      [identity.headers['cookie']?.split('=')[1], identity.headers['authorization']?.split(' ')[1]].filter(
        (one) => one !== undefined,
      ),
    close: () => {
      connection?.close();
      ear?.close();
    },
  };
};
