import { createHmac, createSecretKey } from 'node:crypto';
import type { SessionId } from '#contract/ids.ts';
import type { AskedFactor } from '#contract/screen.ts';
import { nameProof } from '#core/policy/proof-name.ts';
import type { Ticket } from './ticket.ts';

/**
 * By what a proof that comes again is known. Both come from the terminal's random key (128 bits, never stored): without it
 * nobody learns from a stored mark what was typed, and another secret under the same key is another proof.
 */
export interface ProofKey {
  /** HMAC-SHA-256 over the whole proof. */
  readonly mark: Buffer;
  /** How the log names it. */
  readonly name: string;
  /** The token of the session that this proof opens, the same each time. */
  tokenOf(session: SessionId): string;
}

/** `said`: what was typed or chosen. Null for a terminal that sends no key. */
export const createProofKey = (
  key: string | undefined,
  { attempt, terminal }: Pick<Ticket, 'attempt' | 'terminal'>,
  kind: AskedFactor | 'grace' | 'settle' | 'emergency',
  said = '',
): ProofKey | null => {
  if (key === undefined) return null;
  const secret = createSecretKey(Buffer.from(key, 'base64url'));
  const derive = (...parts: readonly string[]): Buffer =>
    createHmac('sha256', secret).update(JSON.stringify(parts)).digest();
  return {
    mark: derive('proof', attempt, terminal, kind, said),
    name: nameProof(key),
    tokenOf: (session) => derive('token', session).toString('base64url'),
  };
};

/** What was shown, and where: everything that a proof is judged by but the secret itself. */
export interface Shown {
  readonly ticket: Ticket;
  readonly factor: AskedFactor | 'grace';
  readonly key: ProofKey | null;
}
