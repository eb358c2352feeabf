import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { createLimit } from '../limit.ts';
import type { DirectorySender } from '../routes/handlers.ts';
import type { Lane } from '../store/database.ts';
import { noteUse, tryGetClient } from '../store/directory-clients.ts';
import { hashToken } from '../tokens.ts';
import { splitToken } from './token.ts';

/** Fifty a second: twice of what Entra ID asks of a server it provisions. */
const requests = { tries: 3000, everyMs: 60_000 };
/** Tokens have 256 bits, so this only keeps noise out of the log and work off the database. */
const refused = { tries: 60, everyMs: 60_000 };

export type AtDoor =
  | { readonly sender: DirectorySender }
  | { readonly code: 'DIRECTORY_TOKEN_REFUSED' | 'DIRECTORY_TOO_OFTEN'; readonly why: string; readonly name?: string };

/** Takes the place of the hash of a client that is not there, so that both are compared alike. */
const nobody = Buffer.alloc(32);

/** Lets directories in by their bearer tokens (RFC 6750). */
export const createDirectoryDoor = (deps: { readonly database: Lane; readonly now: () => Date }) => {
  const usual = createLimit(requests);
  const wrong = createLimit(refused);
  return async ({ headers, ip }: FastifyRequest): Promise<AtDoor> => {
    const now = deps.now();
    if (!wrong.allows(ip, now)) return { code: 'DIRECTORY_TOO_OFTEN', why: 'too-often' };
    const refuse = (why: string, name?: string): AtDoor => {
      wrong.count(ip, now);
      return { code: 'DIRECTORY_TOKEN_REFUSED', why, ...(name === undefined ? {} : { name }) };
    };
    const { authorization } = headers;
    if (authorization === undefined) return refuse('token-missing');
    // Whoever sends two identities at once would be let in as one and meant as the other.
    if (headers.cookie !== undefined) return refuse('two-identities');
    const token = /^bearer ([\w-]{1,200})$/i.exec(authorization)?.[1];
    const parts = token === undefined ? undefined : splitToken(token);
    if (parts === undefined) return refuse('token-unknown');
    const client = await tryGetClient(deps.database, parts.client);
    const same = timingSafeEqual(hashToken(parts.secret), client?.tokenHash ?? nobody);
    if (client === undefined || !same) return refuse('token-unknown');
    if (client.revokedAt !== null) return refuse('token-revoked', client.name);
    if (client.expiresAt <= now) return refuse('token-expired', client.name);
    if (!usual.allows(client.id, now)) return { code: 'DIRECTORY_TOO_OFTEN', why: 'too-often', name: client.name };
    usual.count(client.id, now);
    await noteUse(deps.database, now, client);
    return { sender: { kind: 'directory', client: client.id, name: client.name, address: ip } };
  };
};
export type DirectoryDoor = ReturnType<typeof createDirectoryDoor>;
