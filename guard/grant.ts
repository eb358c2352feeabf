import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type Grant, type GrantFacts, grantFacts } from '#contract/api/logins.ts';
import type { AttemptId, LockId, PersonId, SessionId, TerminalId } from '#contract/ids.ts';

/** What a grant must name to open this terminal now. */
export interface Expected {
  readonly terminal: TerminalId;
  readonly lock: LockId;
  readonly session: SessionId;
  readonly attempt: AttemptId;
  readonly person: PersonId;
  /** The server's clock now, milliseconds since 1970. */
  readonly serverNow: number;
}

export type GrantFault =
  | 'key'
  | 'signature'
  | 'shape'
  | 'terminal'
  | 'lock'
  | 'session'
  | 'attempt'
  | 'person'
  | 'expired';

/** Ed25519 public keys (SPKI, PEM) that the server signs by, by their numbers. */
export type GrantKeys = readonly { readonly id: number; readonly key: string }[];

/** The first thing that is wrong with a grant, or `null`. Ed25519 (RFC 8032) over the text of `payload`. */
export function findGrantFault(grant: Grant, keys: GrantKeys, expected: Expected): GrantFault | null {
  const key = tryFindKey(keys, grant.key);
  if (key === null) return 'key';
  const signature = Buffer.from(grant.signature, 'base64url');
  if (!verify(null, Buffer.from(grant.payload), key, signature)) return 'signature';
  const facts = parseFacts(grant.payload);
  if (facts === null) return 'shape';
  for (const member of ['terminal', 'lock', 'session', 'attempt', 'person'] as const) {
    if (facts[member] !== expected[member]) return member;
  }
  return expected.serverNow < Date.parse(facts.expiresAt) ? null : 'expired';
}

function tryFindKey(keys: GrantKeys, id: number): KeyObject | null {
  const found = keys.find((one) => one.id === id);
  if (found === undefined) return null;
  try {
    const key = createPublicKey(found.key);
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}

function parseFacts(payload: string): GrantFacts | null {
  try {
    const parsed = grantFacts.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
