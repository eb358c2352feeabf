import { createHash } from 'node:crypto';

/** Bytes of one block whose hash stands in the header. */
const blockSize = 4 << 20;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A length and the bytes, up to a multiple of four (Chromium's `Pickle`). */
function pickle(payload: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(payload.length);
  return Buffer.concat([size, payload]);
}

function integrityOf(bytes: Uint8Array) {
  const blocks: string[] = [];
  for (let from = 0; from < bytes.length || from === 0; from += blockSize)
    blocks.push(sha256(bytes.subarray(from, from + blockSize)));
  return { algorithm: 'SHA256', hash: sha256(bytes), blockSize, blocks };
}

/**
 * An archive from which Electron runs an application: files of one folder, by name, each with its hash. Source:
 * electronjs.org, tutorial/asar-integrity; github.com/electron/asar, README, "Format".
 */
export function packAsar(files: Readonly<Record<string, Uint8Array>>): Buffer {
  let offset = 0;
  const listed: Record<string, object> = {};
  for (const [name, bytes] of Object.entries(files)) {
    listed[name] = { size: bytes.length, offset: String(offset), integrity: integrityOf(bytes) };
    offset += bytes.length;
  }
  const text = Buffer.from(JSON.stringify({ files: listed }));
  const padding = Buffer.alloc((4 - (text.length % 4)) % 4);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const header = pickle(Buffer.concat([length, text, padding]));
  const headerSize = Buffer.alloc(4);
  headerSize.writeUInt32LE(header.length);
  return Buffer.concat([pickle(headerSize), header, ...Object.values(files)]);
}
