import { holdAuthority } from '../store/card-authorities.ts';
import type { Transaction } from '../store/database.ts';
import { tryUseNonce } from '../store/nonces.ts';
import type { JudgedProof, ProofReason } from './proof.ts';

/**
 * Uses up what a card has signed, in the transaction of what it leads to; the authority on whose word it is believed stays
 * on the list until then. Undefined when the card may be believed.
 */
export const useProof = async (tx: Transaction, proof: JudgedProof, by: string): Promise<ProofReason | undefined> => {
  if (proof.kind === 'none') return undefined;
  const isFresh = proof.nonce !== null && (await tryUseNonce(tx, proof.nonce, by));
  if (proof.kind === 'refused') return proof.reason;
  if (!isFresh) return 'nonce-used';
  return (await holdAuthority(tx, proof.authority)) ? undefined : 'authority-unknown';
};
