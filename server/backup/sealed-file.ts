import { createReadStream, createWriteStream } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { createGunzip, createGzip } from 'node:zlib';
import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { DamagedBackup, readBackup } from './form.ts';

export const makeIdentity = generateIdentity;
export const recipientOf = identityToRecipient;

const toWeb = (stream: Readable): ReadableStream<Uint8Array> => Readable.toWeb(stream) as ReadableStream<Uint8Array>;
const fromWeb = (stream: ReadableStream<Uint8Array>): Readable => Readable.fromWeb(stream as WebStream);

/** The lines of a sealed backup. Throws `DamagedBackup` when the file is not as it was written, or not for this identity. */
export async function* openLines(path: string, identity: string): AsyncGenerator<string> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    const plain = fromWeb(await decrypter.decrypt(toWeb(createReadStream(path))));
    const text = new PassThrough();
    const flowing = pipeline(plain, createGunzip(), text);
    flowing.catch(() => undefined);
    yield* createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY });
    await flowing;
  } catch (problem) {
    throw new DamagedBackup(`${path} cannot be opened: ${problem instanceof Error ? problem.message : problem}`);
  }
}

export interface Written {
  readonly path: string;
  readonly tables: number;
  readonly rows: number;
  readonly bytes: number;
  /** Names of the generations that lie there now, the oldest first. */
  readonly held: readonly string[];
  /** Names of those that were given up. */
  readonly removed: readonly string[];
  /** The name of one there that is of a later time: a clock is, or was, wrong. */
  readonly before?: string;
}

const generation = /^kazasu-\d{8}T\d{9}Z\.age$/;

/**
 * Writes a backup that only the holder of the recipient's identity opens, reads it back whole from the disk before it counts,
 * and then gives up the oldest generations beyond `keep`. To read it back, it is sealed for a key too that is forgotten here.
 */
export const writeSealed = async (
  lines: AsyncIterable<string>,
  { folder, recipient, keep, at }: { folder: string; recipient: string; keep: number; at: Date },
): Promise<Written> => {
  const reader = await makeIdentity();
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  encrypter.addRecipient(await recipientOf(reader));
  const path = join(folder, `kazasu-${at.toISOString().replace(/[-:.]/g, '')}.age`);
  const unfinished = `${path}.unfinished`;
  try {
    const packed = Readable.from(lines, { objectMode: false }).compose(createGzip());
    const sealed = await encrypter.encrypt(toWeb(packed as unknown as Readable));
    await pipeline(fromWeb(sealed), createWriteStream(unfinished, { mode: 0o600 }));
    const file = await open(unfinished, 'r+');
    await file.sync().finally(() => file.close());
    const nothing = async (): Promise<void> => undefined;
    const { tables, rows } = await readBackup(openLines(unfinished, reader), { head: nothing, rows: nothing });
    await rename(unfinished, path);
    const directory = await open(folder, 'r');
    await directory.sync().finally(() => directory.close());
    // By their names, which a wrong clock may have given: the one that was just written is not the one to go.
    const own = basename(path);
    const others = (await readdir(folder)).filter((name) => generation.test(name) && name !== own).sort();
    const removed = others.splice(0, Math.max(0, others.length + 1 - keep));
    for (const name of removed) await rm(join(folder, name));
    const last = others.at(-1);
    const { size: bytes } = await stat(path);
    const told = { path, tables, rows, bytes, held: [...others, own].sort(), removed };
    return { ...told, ...(last !== undefined && last > own ? { before: last } : {}) };
  } catch (problem) {
    await rm(unfinished, { force: true });
    throw problem;
  }
};
