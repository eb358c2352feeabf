import { createPublicKey, type KeyObject, sign } from 'node:crypto';

/**
 * A certificate request (PKCS #10, RFC 2986) for a P-256 key, signed with ECDSA and SHA-256 (RFC 5758), PEM. Its subject is
 * one common name; the server decides what the certificate will say. Written out, because the deciding process shall load
 * no certificate library for one message.
 */
export function createCertificateRequest(privateKey: KeyObject, commonName: string): string {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const name = sequence(tagged(tags.set, sequence(objects.commonName, tagged(tags.utf8, Buffer.from(commonName)))));
  const info = sequence(version, name, publicKey, noAttributes);
  const signature = sign('sha256', info, privateKey);
  const request = sequence(info, sequence(objects.ecdsaWithSha256), tagged(tags.bits, Buffer.of(0), signature));
  const lines = request.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----', ''].join('\n');
}

// DER (X.690): one tag byte, the length, the content.
const tags = { bits: 0x03, utf8: 0x0c, sequence: 0x30, set: 0x31 } as const;
const version = Buffer.of(0x02, 0x01, 0x00);
const noAttributes = Buffer.of(0xa0, 0x00);
const objects = {
  /** 2.5.4.3 */
  commonName: Buffer.of(0x06, 0x03, 0x55, 0x04, 0x03),
  /** 1.2.840.10045.4.3.2 */
  ecdsaWithSha256: Buffer.of(0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02),
} as const;

function tagged(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.of(tag, ...lengthOf(body.length)), body]);
}

const sequence = (...content: readonly Uint8Array[]): Buffer => tagged(tags.sequence, ...content);

const lengthOf = (length: number): number[] =>
  length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
