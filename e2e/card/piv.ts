import { execFile, execFileSync } from 'node:child_process';
import { constants, privateEncrypt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atrs, bytes } from './cards.ts';
import type { CardKind } from './virtual-card.ts';

/** Cards with certificates and the authority that issued them, made by openssl; every signature is a real one. */
export interface PivIssuer {
  /** Certificate of the authority, PEM. */
  readonly authority: string;
  issue(options?: PivOptions): PivCard;
  close(): void;
}

export interface PivOptions {
  readonly algorithm?: PivAlgorithm;
  readonly uid?: string;
  /** What the card does otherwise than a sound one; undefined: as a sound one. */
  readonly twist?: (command: Uint8Array, sound: () => Promise<Uint8Array>) => ReturnType<CardKind['answer']>;
  /** The certificate of another card, in front of its own key. */
  readonly certificateOf?: PivCard;
  readonly compressed?: Uint8Array;
}

export type PivAlgorithm = 'ecc-p256' | 'ecc-p384' | 'rsa-2048';

export interface PivCard extends CardKind {
  /** DER. */
  readonly certificate: Buffer;
  /** Commands that it was given since it was made, as hexadecimal. */
  readonly asked: readonly string[];
}

const config = `
[req]
distinguished_name = name
x509_extensions = authority
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[card]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, 2.16.840.1.101.3.6.8
`;

/** How openssl makes a key, the algorithm's identifier in GENERAL AUTHENTICATE, and what of a chain of commands it wants. */
const algorithms: Readonly<Record<PivAlgorithm, { readonly make: readonly string[]; readonly id: string }>> = {
  'ecc-p256': { make: ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'], id: '11' },
  'ecc-p384': { make: ['EC', '-pkeyopt', 'ec_paramgen_curve:P-384'], id: '14' },
  'rsa-2048': { make: ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'], id: '07' },
};

export function createPivIssuer(): PivIssuer {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-piv-'));
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
  const makeKey = (name: string, algorithm: PivAlgorithm) =>
    openssl('genpkey', '-algorithm', ...algorithms[algorithm].make, '-out', `${name}.key`);
  let count = 0;
  writeFileSync(join(folder, 'piv.cnf'), config);
  makeKey('authority', 'ecc-p256');
  const by = ['-config', 'piv.cnf', '-subj', '/CN=Cards of the hospital'];
  openssl('req', '-x509', '-key', 'authority.key', ...by, '-days', '30', '-out', 'authority.pem');

  return {
    authority: readFileSync(join(folder, 'authority.pem'), 'utf8'),
    issue(options = {}) {
      const { algorithm = 'ecc-p256' } = options;
      const name = `card-${++count}`;
      makeKey(name, algorithm);
      openssl(
        'req',
        '-new',
        '-config',
        'piv.cnf',
        '-subj',
        `/CN=${name}`,
        '-key',
        `${name}.key`,
        '-out',
        `${name}.csr`,
      );
      const signed = ['-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial', '-days', '30'];
      const extensions = ['-extfile', 'piv.cnf', '-extensions', 'card'];
      openssl('x509', '-req', '-in', `${name}.csr`, ...signed, ...extensions, '-outform', 'DER', '-out', `${name}.der`);
      const key = join(folder, `${name}.key`);
      return createPivCard(key, algorithm, readFileSync(join(folder, `${name}.der`)), options);
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const ok = [0x90, 0x00];
const property = bytes('61 11 4F 06 00 00 10 00 01 00 79 07 4F 05 A0 00 00 03 08');

/** One data object: tag, length, value (ISO/IEC 8825-1). */
function object(tag: number, value: Uint8Array): Uint8Array {
  const { length } = value;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Uint8Array.of(tag, ...size, ...value);
}

function createPivCard(key: string, algorithm: PivAlgorithm, certificate: Buffer, options: PivOptions): PivCard {
  const { uid = '04A1B2C3D4E5F6', twist, certificateOf, compressed } = options;
  const shown = certificateOf?.certificate ?? certificate;
  const wrapped = Uint8Array.of(
    ...object(0x70, compressed ?? shown),
    ...object(0x71, Uint8Array.of(compressed === undefined ? 0 : 1)),
    ...object(0xfe, new Uint8Array()),
  );
  const asked: string[] = [];
  let chain: number[] = [];
  let rest = new Uint8Array();

  /** At most 256 bytes at a time, and how much is waiting (ISO/IEC 7816-4, 5.3.4). */
  function give(data: Uint8Array): Uint8Array {
    const now = data.subarray(0, 256);
    rest = data.slice(256);
    if (rest.length === 0) return Uint8Array.of(...now, ...ok);
    return Uint8Array.of(...now, 0x61, rest.length > 255 ? 0 : rest.length);
  }

  async function sound(command: Uint8Array): Promise<Uint8Array> {
    const hex = Buffer.from(command).toString('hex').toUpperCase();
    if (hex === 'FFCA000000') return Uint8Array.of(...bytes(uid), ...ok);
    if (hex === '00A404000BA00000030800001000010000') return give(property);
    if (hex === '00CB3FFF055C035FC10100') return give(object(0x53, wrapped));
    if (hex.startsWith('00C00000')) return give(rest);
    if (!hex.slice(2).startsWith(`87${algorithms[algorithm].id}9E`)) return bytes('6A 86');
    chain.push(...command.subarray(5, 5 + (command[4] ?? 0)));
    if (command[0] === 0x10) return bytes('90 00');
    const template = Buffer.from(chain);
    chain = [];
    const block = blockIn(template);
    if (block === undefined) return bytes('6A 80');
    return give(object(0x7c, object(0x82, await signRaw(key, algorithm, block))));
  }

  return {
    atr: atrs.desfire,
    certificate,
    asked,
    powered() {
      chain = [];
      rest = new Uint8Array();
    },
    answer(command) {
      asked.push(Buffer.from(command).toString('hex').toUpperCase());
      return twist === undefined ? sound(command) : twist(command, () => sound(command));
    },
  };
}

/** The challenge out of `7C L { 82 00, 81 L challenge }`. */
function blockIn(template: Buffer): Buffer | undefined {
  const found = /^7C(?:8[12](?:..){1,2}|..)8200(81(?:82....|81..|..))/i.exec(template.toString('hex'));
  return found === null ? undefined : template.subarray(found[0].length / 2);
}

/** As a card does it: of what it is given, and not of a digest of that. */
async function signRaw(key: string, algorithm: PivAlgorithm, block: Buffer): Promise<Buffer> {
  if (algorithm === 'rsa-2048')
    return privateEncrypt({ key: readFileSync(key), padding: constants.RSA_NO_PADDING }, block);
  return new Promise((resolve, reject) => {
    const words = ['pkeyutl', '-sign', '-inkey', key];
    const signing = execFile('openssl', words, { encoding: 'buffer' }, (problem, signature) =>
      problem === null ? resolve(signature) : reject(problem),
    );
    signing.stdin?.end(block);
  });
}
