import { type KeyObject, verify } from 'node:crypto';
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

export type GrantFault = 'signature' | 'shape' | 'terminal' | 'lock' | 'session' | 'attempt' | 'person' | 'expired';

/** The first thing that is wrong with a grant, or `null`. Ed25519 (RFC 8032) over the text of `payload`. */
export function findGrantFault(grant: Grant, key: KeyObject, expected: Expected): GrantFault | null {
  const signature = Buffer.from(grant.signature, 'base64url');
  if (key.asymmetricKeyType !== 'ed25519' || !verify(null, Buffer.from(grant.payload), key, signature))
    return 'signature';
  const facts = parseFacts(grant.payload);
  if (facts === null) return 'shape';
  for (const member of ['terminal', 'lock', 'session', 'attempt', 'person'] as const) {
    if (facts[member] !== expected[member]) return member;
  }
  return expected.serverNow < Date.parse(facts.expiresAt) ? null : 'expired';
}

function parseFacts(payload: string): GrantFacts | null {
  try {
    const parsed = grantFacts.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
