import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type TerminalId, terminalId } from '#contract/ids.ts';

const clientAuthentication = '1.3.6.1.5.5.7.3.2';

export interface TerminalCertificate {
  readonly terminal: TerminalId;
  readonly expiresAt: Date;
}

export type CertificateProblem = 'none' | 'foreign' | 'not-a-client' | 'unreadable';

const parse = (certificate: X509Certificate): TerminalCertificate | CertificateProblem => {
  if (!(certificate.keyUsage ?? []).includes(clientAuthentication)) return 'not-a-client';
  const name = terminalId.safeParse(/^CN=([0-9a-f-]{36})$/.exec(certificate.subject)?.[1]);
  if (!name.success) return 'unreadable';
  return {
    terminal: name.data,
    expiresAt: certificate.validToDate,
  };
};

const read = (socket: TLSSocket): TerminalCertificate | CertificateProblem => {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return 'none';
  // Chain, signature, dates and purpose, checked by OpenSSL against our authority alone.
  return socket.authorized ? parse(certificate) : 'foreign';
};

const seen = new WeakMap<TLSSocket, TerminalCertificate | CertificateProblem>();

/** The terminal's certificate of this connection, or why there is none. Read once for each connection. */
export const readClientCertificate = (socket: TLSSocket): TerminalCertificate | CertificateProblem => {
  const known = seen.get(socket);
  if (known !== undefined) return known;
  const found = read(socket);
  seen.set(socket, found);
  return found;
};

/** Public key of the certificate that this connection was made with: SPKI, DER. Taken out only when it is needed. */
export const readPublicKey = (socket: TLSSocket): Buffer => {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) throw new Error('a connection without a certificate passed the gate');
  return certificate.publicKey.export({ type: 'spki', format: 'der' });
};
