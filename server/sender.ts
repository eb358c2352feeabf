import { timingSafeEqual } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { Row } from '#contract/api/row.ts';
import type { FailureCode } from '#contract/errors.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import type { DirectoryDoor } from './directory/door.ts';
import type { HeldKeys } from './held-keys.ts';
import type { Hub } from './push.ts';
import type { ConsoleSender, Sender, TerminalSender } from './routes/handlers.ts';
import { isSaidTwice } from './said-twice.ts';
import { findConsoleSession } from './store/console.ts';
import type { Lane } from './store/database.ts';
import { type AdmittedTerminal, isOwnKey } from './store/terminals.ts';
import { readClientCertificate, readPublicKey, type TerminalCertificate } from './tls/client-certificate.ts';
import { hashToken } from './tokens.ts';

export const consoleCookie = '__Host-kazasu';
const csrfHeader = 'x-kazasu-csrf';
/** A page says so of what it asks by itself, with nobody at it: that keeps no idle session alive. */
export const unaskedHeader = 'x-kazasu-unasked';

/** Why a sender was turned away, and who it was as far as that is known. */
export interface Foreign {
  readonly code: FailureCode;
  readonly why: string;
  readonly terminal?: TerminalId;
  readonly person?: PersonId;
  /** Name of the directory. */
  readonly directory?: string;
  readonly retryAfterSeconds?: number;
  /** True: nothing more is to be heard on this connection. */
  readonly cut?: boolean;
}

export interface SenderDeps {
  readonly people: Lane;
  /** Looks at the database, after it was asked. */
  readonly findAdmitted: (terminal: TerminalId) => Promise<AdmittedTerminal | undefined>;
  /** Whether it is a certificate of a time that the database has lost; it is noted then, with an event. */
  readonly takeReturned: (held: TerminalCertificate, address: string) => Promise<boolean>;
  readonly hub: Pick<Hub, 'attach' | 'engage'>;
  readonly keys: Pick<HeldKeys, 'authorities'>;
  readonly now: () => Date;
  readonly policy: () => Policy;
  readonly directoryDoor: DirectoryDoor;
  /** Origins that the console may be loaded from. */
  readonly origins: readonly string[];
}

export type Admitted = { readonly sender: Sender } | { readonly foreign: Foreign };

const turnAway = (foreign: Foreign): Admitted => ({ foreign });

const isEqual = (a: string, b: string): boolean => {
  const [left, right] = [hashToken(a), hashToken(b)];
  return timingSafeEqual(left, right);
};

const isJson = (request: FastifyRequest): boolean =>
  /^application\/json(\s*;\s*charset=utf-8)?$/i.test(request.headers['content-type'] ?? '');

/** A page of another origin cannot send this: no simple content type, our origin, and no foreign fetch. */
const isForged = (request: FastifyRequest, origins: readonly string[], needsOrigin: boolean): string | undefined => {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (request.method !== 'GET' && !isJson(request)) return 'content-type';
  if (origin === undefined ? needsOrigin : !origins.includes(origin)) return 'origin';
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'fetch-site';
  return undefined;
};

/**
 * For so long after its end a terminal may renew a certificate by itself (milliseconds). A ward that was closed, a spare in
 * a cupboard: they come back without a visit, as long as nobody revoked them and the key is the one that they had last.
 * Whatever was away for longer than a quarter somebody should look at before it opens a ward.
 */
export const lapsedFor = 90 * 24 * 3_600_000;

const admitTerminal = async (
  { takesDisabled, takesLapsed }: Row,
  request: FastifyRequest,
  deps: SenderDeps,
): Promise<Admitted> => {
  const { socket } = request.raw;
  const missing = (why: string) => turnAway({ code: 'TERMINAL_CERTIFICATE_MISSING', why });
  if (!(socket instanceof TLSSocket)) return missing('certificate-none');
  const authorities = deps.keys.authorities();
  const held = readClientCertificate(socket, authorities);
  if (typeof held === 'string') return missing(`certificate-${held}`);
  const { terminal, key, authority, expiresAt } = held;
  const refuse = (why: string) => turnAway({ code: 'TERMINAL_CERTIFICATE_MISSING', why, terminal, cut: true });
  if (!authorities.has(authority)) return refuse('certificate-foreign');
  const lapsed = deps.now().getTime() - expiresAt.getTime();
  if (lapsed >= (takesLapsed ? lapsedFor : 0)) return refuse('certificate-expired');
  // Before the look at the database: a revocation that commits in between finds the connection and cuts it.
  deps.hub.attach(terminal, socket);
  const admitted = await deps.findAdmitted(terminal);
  if (admitted === undefined)
    return turnAway({ code: 'TERMINAL_REVOKED', why: 'terminal-revoked', terminal, cut: true });
  // It would be let in as one and meant as the other.
  const says = request.headers.authorization ?? request.cookies[consoleCookie];
  if (says !== undefined) return turnAway({ code: 'REQUEST_INVALID', why: 'two-identities', terminal });
  const isOwn = isOwnKey(admitted, key) || (await deps.takeReturned(held, request.ip));
  if (!isOwn || (lapsed >= 0 && admitted.newestKey === null)) return refuse('certificate-superseded');
  if (admitted.disabled && takesDisabled !== true)
    return turnAway({ code: 'TERMINAL_DISABLED', why: 'terminal-disabled', terminal });
  const sender: TerminalSender = {
    kind: 'terminal',
    terminal,
    name: admitted.name,
    publicKey: () => readPublicKey(socket),
    key,
    authority,
    certificateExpiresAt: expiresAt,
    address: request.ip,
  };
  return { sender };
};

const isScim = (request: FastifyRequest): boolean =>
  /^application\/(scim\+)?json(\s*;\s*charset=utf-8)?$/i.test(request.headers['content-type'] ?? '');

const admitDirectory = async (row: Row, request: FastifyRequest, deps: SenderDeps): Promise<Admitted> => {
  const found = await deps.directoryDoor(request);
  if ('code' in found) {
    const { code, why, name } = found;
    return turnAway({
      code,
      why,
      ...(name === undefined ? {} : { directory: name }),
      ...(code === 'DIRECTORY_TOO_OFTEN' ? { retryAfterSeconds: 60 } : {}),
    });
  }
  if (row.body !== undefined && !isScim(request)) {
    return turnAway({ code: 'REQUEST_INVALID', why: 'content-type', directory: found.sender.name });
  }
  return found;
};

const admitConsole = async (
  { path }: Row,
  request: FastifyRequest,
  roles: readonly string[],
  deps: SenderDeps,
): Promise<Admitted> => {
  if (request.headers.authorization !== undefined) return turnAway({ code: 'CONSOLE_FORGED', why: 'two-identities' });
  const token = request.cookies[consoleCookie];
  if (token === undefined) return turnAway({ code: 'CONSOLE_SIGNED_OUT', why: 'no-cookie' });
  // A stream reconnects by itself and cannot say so.
  const unasked = request.headers[unaskedHeader] !== undefined || path.endsWith('/stream');
  const found = await findConsoleSession(deps.people, hashToken(token), deps.now(), deps.policy().console, !unasked);
  if (found === undefined) return turnAway({ code: 'CONSOLE_SIGNED_OUT', why: 'session-ended' });
  const { person } = found;
  if (request.method !== 'GET') {
    const given = request.headers[csrfHeader];
    if (typeof given !== 'string' || !isEqual(given, found.csrf)) {
      return turnAway({ code: 'CONSOLE_FORGED', why: 'csrf', person });
    }
  }
  if (!found.roles.some((role) => roles.includes(role))) {
    return turnAway({ code: 'CONSOLE_ROLE_MISSING', why: 'role', person });
  }
  const sender: ConsoleSender = {
    kind: 'console',
    session: found.session,
    person,
    roles: found.roles,
    terminal: found.terminal,
    unasked,
    address: request.ip,
  };
  return { sender };
};

/** Who sent the request, if it is one whom the row names. Looks at headers and connection only, before any body is read. */
export const admit = async (row: Row, request: FastifyRequest, deps: SenderDeps): Promise<Admitted> => {
  if (isSaidTwice(request.raw, consoleCookie)) return turnAway({ code: 'REQUEST_INVALID', why: 'said-twice' });
  if (row.sender === 'terminal') {
    if (row.method === 'POST' && !isJson(request)) return turnAway({ code: 'REQUEST_INVALID', why: 'content-type' });
    return admitTerminal(row, request, deps);
  }
  if (row.sender === 'directory') return admitDirectory(row, request, deps);
  const anyone = row.sender === 'anyone';
  const needsOrigin = row.method === 'POST' && !row.path.startsWith('/v1/terminals/');
  const forged = isForged(request, deps.origins, needsOrigin || (!anyone && row.method === 'POST'));
  if (forged !== undefined) return turnAway({ code: 'CONSOLE_FORGED', why: forged });
  if (row.sender === 'anyone') {
    const token = request.cookies[consoleCookie];
    return { sender: { kind: 'anyone', address: request.ip, held: token === undefined ? null : hashToken(token) } };
  }
  return admitConsole(row, request, row.sender, deps);
};
