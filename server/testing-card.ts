import './tls/reflect.ts';
import { createHash, KeyObject, randomBytes, sign, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { CardEvidence, GivenNonce, ProofAlgorithm } from '#contract/card.ts';
import type { CardId, PersonId } from '#contract/ids.ts';
import { tryInsertCard } from './store/cards.ts';
import type { TestConsole, TestServer, TestTerminal } from './testing.ts';

const day = 24 * 60 * 60 * 1000;
const { KeyUsageFlags } = x509;
const cardPurpose = '2.16.840.1.101.3.6.8';

const kinds = {
  'ecc-p256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'ecc-p384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'ecc-p521': { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  'rsa-2048': rsa(2048),
  'rsa-1024': rsa(1024),
} as const;
export type KeyKind = keyof typeof kinds;

function rsa(modulusLength: number) {
  return { name: 'RSASSA-PKCS1-v1_5', modulusLength, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' } as const;
}

export interface CertificateToMake {
  readonly kind?: KeyKind;
  readonly name?: string;
  /** Days from now. */
  readonly from?: number;
  readonly until?: number;
  readonly isAuthority?: boolean;
  readonly usages?: number;
  readonly purposes?: string[] | null;
  /** Hash by which its key signs, for keys of RSA. */
  readonly hash?: string;
  readonly keys?: webcrypto.CryptoKeyPair;
  readonly extensions?: readonly x509.Extension[];
}

export interface Made {
  readonly keys: webcrypto.CryptoKeyPair;
  readonly certificate: x509.X509Certificate;
  readonly der: Buffer;
  readonly pem: string;
  readonly kind: KeyKind;
}

const makeKeys = (kind: KeyKind, hash: string): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey({ ...kinds[kind], hash }, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

/** A certificate, signed by `issuer` or, without one, by its own key. */
export const makeCertificate = async (given: CertificateToMake = {}, issuer?: Made): Promise<Made> => {
  const { kind = 'ecc-p256', from = -1, until = 365, isAuthority = false, purposes = [cardPurpose] } = given;
  const keys = given.keys ?? (await makeKeys(kind, given.hash ?? kinds[kind].hash));
  const name = `CN=${given.name ?? `card ${randomBytes(4).toString('hex')}`}`;
  const usual = isAuthority ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign : KeyUsageFlags.digitalSignature;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `40${randomBytes(15).toString('hex')}`,
    subject: name,
    issuer: issuer?.certificate.subject ?? name,
    notBefore: new Date(Date.now() + from * day),
    notAfter: new Date(Date.now() + until * day),
    signingAlgorithm: kinds[issuer?.kind ?? kind],
    signingKey: (issuer?.keys ?? keys).privateKey,
    publicKey: keys.publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(isAuthority, undefined, true),
      new x509.KeyUsagesExtension(given.usages ?? usual, true),
      ...(isAuthority || purposes === null ? [] : [new x509.ExtendedKeyUsageExtension(purposes)]),
      ...(given.extensions ?? []),
    ],
  });
  return { keys, certificate, der: Buffer.from(certificate.rawData), pem: certificate.toString('pem'), kind };
};

export const makeAuthority = (given: CertificateToMake = {}): Promise<Made> =>
  makeCertificate({ name: `authority ${randomBytes(4).toString('hex')}`, isAuthority: true, ...given });

export const listAuthority = async (server: TestServer, admin: TestConsole, { pem }: Made): Promise<string> => {
  const answered = await server.call(admin, 'card-authorities/add', {
    body: { name: '病院のカード', certificate: pem },
  });
  if (answered.status !== 200) throw new Error(JSON.stringify(answered.body));
  return (answered.body as { authority: { id: string } }).authority.id;
};

const hashes: Partial<Record<KeyKind, string>> = { 'ecc-p384': 'sha384' };

/** What a card with this certificate answers to this nonce at this terminal. The text is written out: it is the protocol. */
export const answerOf = (
  card: Made,
  { nonce }: Pick<GivenNonce, 'nonce'>,
  terminal: string,
  signer: Made = card,
): CardEvidence => {
  const text = `kazasu card proof 1\0${nonce}\0${terminal}`;
  const signature = sign(hashes[signer.kind] ?? 'sha256', Buffer.from(text), KeyObject.from(signer.keys.privateKey));
  return {
    technology: 'piv',
    identifier: createHash('sha256')
      .update(Buffer.from(card.certificate.publicKey.rawData))
      .digest('hex')
      .toUpperCase(),
    assurance: 'pki',
    proof: {
      kind: 'piv-9e',
      certificate: card.der.toString('base64url'),
      algorithm: card.kind as ProofAlgorithm,
      nonce,
      signature: signature.toString('base64url'),
      milliseconds: 120,
    },
  };
};

export const nonceFor = async (server: TestServer, terminal: TestTerminal): Promise<GivenNonce> => {
  const { body } = await server.call(terminal, 'nonces/give', { body: {} });
  const { nonce } = body as { nonce: GivenNonce | null };
  if (nonce === null) throw new Error('no card is asked for a proof');
  return nonce;
};

/** The card answers a nonce of its own. */
export const tapOf = async (server: TestServer, terminal: TestTerminal, card: Made): Promise<CardEvidence> =>
  answerOf(card, await nonceFor(server, terminal), terminal.id);

/** Gives a person the card, with its key. */
export const bindKey = async (
  server: TestServer,
  terminal: TestTerminal,
  person: PersonId,
  card: Made,
): Promise<CardId> => {
  const evidence = await tapOf(server, terminal, card);
  const proven = server.app.cards.judge(evidence, terminal.id);
  if (proven.kind !== 'proven') throw new Error(JSON.stringify(proven));
  const indexes = server.secrets.cardIndexes(evidence);
  const to = { person, evidence, indexes, otherIndexes: [], proven, label: '職員証', by: person };
  const bound = await tryInsertCard(server.database, server.now(), to);
  if (bound === undefined) throw new Error('the card is taken');
  return bound.id;
};
