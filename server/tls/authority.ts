import './reflect.ts';
import { randomBytes, webcrypto } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

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

export interface ClientCertificate {
  readonly certificate: string;
  readonly serial: string;
  readonly expiresAt: Date;
}

/** The hospital's own certificate authority: ECDSA P-256, kept in a folder that only the server reads. */
export interface Authority {
  /** Certificate of the authority, PEM. */
  readonly certificate: string;
  readonly path: string;
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

const importKey = async (pem: string): Promise<webcrypto.CryptoKey> =>
  subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), algorithm, false, ['sign']);

const createPair = (): Promise<webcrypto.CryptoKeyPair> => subtle.generateKey(algorithm, true, ['sign', 'verify']);

/** Made in a folder aside and renamed, so that a run that was ended half-way leaves nothing half-made. */
const createAuthorityFolder = async (folder: string, now: Date): Promise<void> => {
  const keys = await createPair();
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=Kazasu authority ${randomBytes(4).toString('hex')}`,
    serialNumber: createSerial(),
    notBefore: new Date(now.getTime() - day),
    notAfter: new Date(now.getTime() + lifetimes.authority),
    signingAlgorithm: signing,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const aside = `${folder}.new`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true, mode: 0o755 });
  await writeFile(join(aside, 'ca.key.pem'), await exportKey(keys.privateKey), { mode: 0o600, flush: true });
  await writeFile(join(aside, 'ca.pem'), made.toString('pem'), { mode: 0o644, flush: true });
  await rename(aside, folder);
};

const readIfThere = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch((problem: NodeJS.ErrnoException) => {
    if (problem.code === 'ENOENT') return undefined;
    throw problem;
  });

/** Reads the authority in `folder`, or makes one there. */
export const openAuthority = async (folder: string, now: Date): Promise<Authority> => {
  const path = join(folder, 'ca.pem');
  if ((await readIfThere(path)) === undefined) await createAuthorityFolder(folder, now);
  const certificate = await readFile(path, 'utf8');
  const own = new x509.X509Certificate(certificate);
  const signingKey = await importKey(await readFile(join(folder, 'ca.key.pem'), 'utf8'));

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

  return {
    certificate,
    path,
    issueServer: async (names, now) => {
      const keys = await createPair();
      const expiresAt = new Date(now.getTime() + lifetimes.server);
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
      const expiresAt = new Date(Math.floor((now.getTime() + lifetimes.client) / 1000) * 1000);
      const made = await issue(
        commonName,
        publicKey,
        [new Date(now.getTime() - day), expiresAt],
        [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth], true)],
      );
      return { certificate: made.toString('pem'), serial: made.serialNumber, expiresAt };
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
