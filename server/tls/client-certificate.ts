import { createHash, type X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type TerminalId, terminalId } from '#contract/ids.ts';
import type { Authorities } from './authorities.ts';
import { beginsBefore } from './authority.ts';

const clientAuthentication = '1.3.6.1.5.5.7.3.2';

export interface TerminalCertificate {
  readonly terminal: TerminalId;
  /** SHA-256 of its public key. */
  readonly key: Buffer;
  /** Number of the authority that signed it. */
  readonly authority: number;
  /** Hexadecimal. */
  readonly serial: string;
  readonly issuedAt: Date;
  /** It may have ended: that is for whoever asks to look at, with the server's clock. */
  readonly expiresAt: Date;
}

export type CertificateProblem = 'none' | 'foreign' | 'not-a-client' | 'unreadable';

const exportKey = ({ publicKey }: X509Certificate): Buffer => publicKey.export({ type: 'spki', format: 'der' });

/** SHA-256 of a public key (SPKI, DER). */
export const hashKey = (publicKey: Uint8Array): Buffer => createHash('sha256').update(publicKey).digest();

const parse = (
  certificate: X509Certificate,
  { numberOf }: Pick<Authorities, 'numberOf'>,
): TerminalCertificate | CertificateProblem => {
  const authority = numberOf(certificate);
  if (authority === undefined) return 'foreign';
  if (!(certificate.keyUsage ?? []).includes(clientAuthentication)) return 'not-a-client';
  const name = terminalId.safeParse(/^CN=([0-9a-f-]{36})$/.exec(certificate.subject)?.[1]);
  if (!name.success) return 'unreadable';
  const key = hashKey(exportKey(certificate));
  return {
    terminal: name.data,
    key,
    authority,
    serial: certificate.serialNumber.toLowerCase(),
    issuedAt: new Date(certificate.validFromDate.getTime() + beginsBefore),
    expiresAt: certificate.validToDate,
  };
};

const read = (socket: TLSSocket, authorities: Authorities): TerminalCertificate | CertificateProblem => {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return 'none';
  // Chain, signature, dates and purpose, checked by OpenSSL against our authorities alone. It says one thing that is wrong:
  // what has ended is checked again, signature and purpose, before it counts for anything.
  const hasEnded = (socket.authorizationError as unknown) === 'CERT_HAS_EXPIRED';
  return socket.authorized || hasEnded ? parse(certificate, authorities) : 'foreign';
};

const seen = new WeakMap<TLSSocket, TerminalCertificate | CertificateProblem>();

/** The terminal's certificate of this connection, or why there is none. Read once for each connection, by the authorities of then. */
export const readClientCertificate = (
  socket: TLSSocket,
  authorities: Authorities,
): TerminalCertificate | CertificateProblem => {
  const known = seen.get(socket);
  if (known !== undefined) return known;
  const found = read(socket, authorities);
  seen.set(socket, found);
  return found;
};

const taken = new WeakMap<TLSSocket, Buffer>();

/** Public key of the certificate that this connection was made with: SPKI, DER. Taken out when it is first needed. */
export const readPublicKey = (socket: TLSSocket): Buffer => {
  const known = taken.get(socket);
  if (known !== undefined) return known;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) throw new Error('a connection without a certificate passed the gate');
  const key = exportKey(certificate);
  taken.set(socket, key);
  return key;
};
