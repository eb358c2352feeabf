import './reflect.ts';
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import type { StoredAuthority } from '../key-ring.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const signing = { name: 'ECDSA', hash: 'SHA-256' };
const day = 24 * 60 * 60 * 1000;
const { subtle } = webcrypto;

export const lifetimes = { authority: 3650 * day, server: 90 * day, client: 7 * day };

export interface KeyAndCertificate {
  readonly key: string;
  readonly certificate: string;
  readonly expiresAt: Date;
}

/** A certificate begins so long before it is issued (milliseconds): clocks of terminals are late. */
export const beginsBefore = day;

export interface ClientCertificate {
  readonly certificate: string;
  readonly serial: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** A certificate authority of the hospital's own: ECDSA P-256. Nothing that it issues outlives it. */
export interface Authority {
  readonly id: number;
  /** Certificate of the authority, PEM. */
  readonly certificate: string;
  /** The same name and key as the authority before it signed them, PEM. */
  readonly cross: string | undefined;
  readonly expiresAt: Date;
  issueServer(names: readonly string[], now: Date): Promise<KeyAndCertificate>;
  /** `undefined` when the request (PKCS #10, PEM) is not for a P-256 key or is not signed by it. */
  issueClient(request: string, commonName: string, now: Date): Promise<ClientCertificate | undefined>;
}

const createSerial = (): string => {
  const serial = randomBytes(16);
  serial.writeUInt8((serial.readUInt8(0) & 0x7f) | 0x40, 0);
  return serial.toString('hex');
};

const exportKey = async (key: webcrypto.CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

const importKey = ({ key }: Pick<StoredAuthority, 'key'>): webcrypto.CryptoKey =>
  createPrivateKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'pkcs8' }).toCryptoKey(algorithm, false, [
    'sign',
  ]);

const createPair = (): Promise<webcrypto.CryptoKeyPair> => subtle.generateKey(algorithm, true, ['sign', 'verify']);

const earlier = (one: Date, other: Date): Date => (one < other ? one : other);

/** One authority may stand between: the next one, vouched for while both are trusted. */
const pathLength = 1;

const authorityExtensions = async (publicKey: webcrypto.CryptoKey): Promise<x509.Extension[]> => [
  new x509.BasicConstraintsExtension(true, pathLength, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  await x509.SubjectKeyIdentifierExtension.create(publicKey),
];

/** A new authority; `before` signs its name and key too, so that who trusts that one trusts this one (RFC 4210, 4.4). */
export const makeAuthority = async (
  now: Date,
  before?: Pick<StoredAuthority, 'key' | 'certificate'>,
): Promise<{ readonly key: string; readonly certificate: string; readonly cross?: string }> => {
  const keys = await createPair();
  const name = `CN=Kazasu authority ${randomBytes(4).toString('hex')}`;
  const notBefore = new Date(now.getTime() - day);
  const notAfter = new Date(now.getTime() + lifetimes.authority);
  const extensions = await authorityExtensions(keys.publicKey);
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    serialNumber: createSerial(),
    notBefore,
    notAfter,
    signingAlgorithm: signing,
    keys,
    extensions,
  });
  const key = Buffer.from(await subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const made = { key, certificate: own.toString('pem') };
  if (before === undefined) return made;
  const issuer = new x509.X509Certificate(before.certificate);
  const cross = await x509.X509CertificateGenerator.create({
    serialNumber: createSerial(),
    issuer: issuer.subjectName,
    subject: name,
    notBefore,
    notAfter: earlier(notAfter, issuer.notAfter),
    signingAlgorithm: signing,
    signingKey: importKey(before),
    publicKey: keys.publicKey,
    extensions: [...extensions, await x509.AuthorityKeyIdentifierExtension.create(issuer)],
  });
  return { ...made, cross: cross.toString('pem') };
};

export const openAuthority = (stored: Pick<StoredAuthority, 'id' | 'key' | 'certificate' | 'cross'>): Authority => {
  const own = new x509.X509Certificate(stored.certificate);
  const signingKey = importKey(stored);

  const issue = async (
    subject: string,
    publicKey: x509.PublicKeyType,
    [notBefore, notAfter]: readonly [Date, Date],
    extensions: x509.Extension[],
  ): Promise<x509.X509Certificate> =>
    x509.X509CertificateGenerator.create({
      serialNumber: createSerial(),
      issuer: own.subjectName,
      subject: [{ CN: [subject] }],
      notBefore,
      notAfter,
      signingAlgorithm: signing,
      signingKey,
      publicKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        await x509.AuthorityKeyIdentifierExtension.create(own),
        ...extensions,
      ],
    });
  /** Whole seconds, as certificates have them. */
  const endOf = (now: Date, lifetime: number): Date =>
    earlier(new Date(Math.floor((now.getTime() + lifetime) / 1000) * 1000), own.notAfter);

  return {
    id: stored.id,
    certificate: stored.certificate,
    cross: stored.cross,
    expiresAt: own.notAfter,
    issueServer: async (names, now) => {
      const keys = await createPair();
      const expiresAt = endOf(now, lifetimes.server);
      const made = await issue(
        names[0] ?? 'localhost',
        keys.publicKey,
        [new Date(now.getTime() - day), expiresAt],
        [
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension(
            names.map((name) => ({ type: isIP(name) === 0 ? ('dns' as const) : ('ip' as const), value: name })),
          ),
        ],
      );
      return { key: await exportKey(keys.privateKey), certificate: made.toString('pem'), expiresAt };
    },
    issueClient: async (request, commonName, now) => {
      const publicKey = await verifyRequest(request);
      if (publicKey === undefined) return undefined;
      const expiresAt = endOf(now, lifetimes.client);
      const made = await issue(
        commonName,
        publicKey,
        [new Date(now.getTime() - beginsBefore), expiresAt],
        [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth], true)],
      );
      return {
        certificate: made.toString('pem'),
        serial: made.serialNumber,
        issuedAt: new Date(made.notBefore.getTime() + beginsBefore),
        expiresAt,
      };
    },
  };
};

/** Public key of a certificate request whose proof of possession holds. Nothing else of the request is used. */
const verifyRequest = async (pem: string): Promise<x509.PublicKey | undefined> => {
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    const { name, namedCurve } = request.publicKey.algorithm as { name?: string; namedCurve?: string };
    if (name !== 'ECDSA' || namedCurve !== 'P-256') return undefined;
    return (await request.verify()) ? request.publicKey : undefined;
  } catch {
    return undefined;
  }
};
