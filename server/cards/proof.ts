import { verify } from 'node:crypto';
import type { Assurance, CardEvidence, CardProof, ProofAlgorithm } from '#contract/card.ts';
import type { Outcome } from '#contract/errors.ts';
import type { CardAuthorityId, TerminalId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import { challengeText } from '#core/card/challenge.ts';
import type { Authorities, ListedAuthority } from './authorities.ts';
import { type CertificateFacts, tryReadCertificate } from './certificate.ts';
import type { Nonces, SpentNonce } from './nonces.ts';

/** Why a card did not prove itself, for the log alone, and how serious that is: what nobody does by mistake is. */
export const proofReasons = {
  'proof-missing': 'minor',
  'proof-slow': 'serious',
  'nonce-unknown': 'serious',
  'nonce-expired': 'minor',
  'nonce-used': 'serious',
  'certificate-damaged': 'minor',
  'certificate-early': 'minor',
  'certificate-expired': 'minor',
  'certificate-usage': 'minor',
  'certificate-weak': 'minor',
  'certificate-self-signed': 'serious',
  'authority-unknown': 'minor',
  'algorithm-other': 'serious',
  'signature-wrong': 'serious',
  'key-other': 'serious',
} as const satisfies Record<string, Outcome>;
export type ProofReason = keyof typeof proofReasons;

/** A card that has proved its key just now. */
export interface Proven {
  readonly kind: 'proven';
  /** Of the key: as `CertificateFacts` has it. */
  readonly fingerprint: string;
  readonly spki: Buffer;
  readonly certificate: Buffer;
  readonly authority: CardAuthorityId;
  readonly nonce: SpentNonce;
  /** How long the card took to sign, and whether policy calls that slow. */
  readonly milliseconds: number;
  readonly slow: boolean;
}

export type JudgedProof =
  | Proven
  /** A card that is known by its identifier and claims no more. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'refused';
      readonly reason: ProofReason;
      /** The one that it has used up all the same. */
      readonly nonce: SpentNonce | null;
      readonly milliseconds?: number;
    };

const hashes: Readonly<Record<ProofAlgorithm, string>> = {
  'ecc-p256': 'sha256',
  'ecc-p384': 'sha384',
  'rsa-2048': 'sha256',
};

/** Certificates that were read lately: people hold the same cards all day. */
const mostRead = 5_000;

/**
 * Judges what came with a card: whether it may be believed that this card was there just now. Nothing leads to `proven`
 * but every check, and whatever goes wrong on the way refuses.
 */
export const createJudge = (deps: {
  readonly authorities: Pick<Authorities, 'listed'>;
  readonly nonces: Pick<Nonces, 'spend'>;
  readonly policy: () => Policy['cards'];
  readonly now: () => Date;
}): ((card: CardEvidence, terminal: TerminalId) => JudgedProof) => {
  const read = new Map<string, CertificateFacts>();

  const readCertificate = (text: string): CertificateFacts | undefined => {
    const known = read.get(text);
    if (known !== undefined) return known;
    const facts = tryReadCertificate(Buffer.from(text, 'base64url'));
    if (facts !== undefined) read.set(text, facts);
    const [oldest] = read.keys();
    if (read.size > mostRead && oldest !== undefined) read.delete(oldest);
    return facts;
  };

  const judgeCertificate = (facts: CertificateFacts): ListedAuthority | ProofReason => {
    const at = deps.now().getTime();
    if (facts.notBefore > at) return 'certificate-early';
    if (facts.notAfter <= at) return 'certificate-expired';
    if (!facts.mayProve) return 'certificate-usage';
    if (facts.isWeak) return 'certificate-weak';
    return findAuthority(facts, deps.authorities.listed(), at);
  };

  const judgeProof = (
    { identifier, technology }: CardEvidence,
    proof: CardProof,
    terminal: TerminalId,
    nonce: SpentNonce,
  ): Proven | ProofReason => {
    const facts = readCertificate(proof.certificate);
    if (facts === undefined) return 'certificate-damaged';
    if (facts.algorithm === undefined || facts.algorithm !== proof.algorithm) return 'algorithm-other';
    if (technology !== 'piv' || identifier !== facts.fingerprint) return 'key-other';
    const authority = judgeCertificate(facts);
    if (typeof authority === 'string') return authority;
    if (!isSigned(facts, facts.algorithm, proof, terminal)) return 'signature-wrong';
    return {
      kind: 'proven',
      fingerprint: facts.fingerprint,
      spki: facts.spki,
      certificate: facts.certificate.raw,
      authority: authority.id,
      nonce,
      milliseconds: Math.round(proof.milliseconds),
      slow: proof.milliseconds > deps.policy().slowProofMilliseconds,
    };
  };

  return (card, terminal) => {
    const { proof } = card;
    if (proof === undefined) {
      const claimsMore = card.technology === 'piv' || card.assurance !== 'identifier';
      return claimsMore ? { kind: 'refused', reason: 'proof-missing', nonce: null } : { kind: 'none' };
    }
    const nonce = deps.nonces.spend(proof.nonce, terminal);
    if (typeof nonce === 'string') return { kind: 'refused', reason: nonce, nonce: null };
    const judged = judgeProof(card, proof, terminal, nonce);
    if (typeof judged === 'string') return { kind: 'refused', reason: judged, nonce };
    const { milliseconds, slow } = judged;
    if (slow && deps.policy().refuseSlowProofs) return { kind: 'refused', reason: 'proof-slow', nonce, milliseconds };
    return judged;
  };
};

/** What is known of an enrolled card that bears on its proof. */
export interface Pinned {
  readonly assurance: Assurance;
  /** SHA-256 of the key that was pinned when it was enrolled, hexadecimal; null where none was. */
  readonly key: string | null;
}

/** A card that was enrolled with a key is that key: its number, or another key, is not enough. Undefined: it is what it was. */
export const whyNotPinned = ({ assurance, key }: Pinned, proof: JudgedProof): ProofReason | undefined => {
  if (assurance !== 'pki') return undefined;
  if (proof.kind !== 'proven') return 'proof-missing';
  return key === proof.fingerprint.toLowerCase() ? undefined : 'key-other';
};

/** The listed one that has signed it, or that it is. */
const findAuthority = (
  facts: CertificateFacts,
  listed: readonly ListedAuthority[],
  at: number,
): ListedAuthority | ProofReason => {
  const { certificate } = facts;
  const found = listed.find((one) =>
    one.facts.isIssuer ? isSignedBy(facts, one.facts) : certificate.raw.equals(one.facts.certificate.raw),
  );
  if (found === undefined) return facts.namesItself ? 'certificate-self-signed' : 'authority-unknown';
  const isInTime = found.facts.notBefore <= at && found.facts.notAfter > at;
  return isInTime ? found : 'authority-unknown';
};

/** Names match, and so does the signature: the one without the other says nothing. */
const isSignedBy = ({ certificate }: CertificateFacts, issuer: CertificateFacts): boolean => {
  try {
    return certificate.checkIssued(issuer.certificate) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
};

const isSigned = (
  { publicKey: key }: CertificateFacts,
  algorithm: ProofAlgorithm,
  { nonce, signature }: CardProof,
  terminal: TerminalId,
): boolean => {
  try {
    const text = Buffer.from(challengeText({ nonce, terminal }), 'utf8');
    return verify(hashes[algorithm], text, key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
};
