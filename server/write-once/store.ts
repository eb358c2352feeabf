import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { explain, WriteOnceProblem } from './problems.ts';
import type { WriteOnceSettings } from './settings.ts';

/** One backup as it lies in the bucket. */
export interface Generation {
  /** Name of the file that it was. */
  readonly name: string;
  /** Which of the objects of that name: the one that was there first. */
  readonly version: string;
  readonly bytes: number;
  readonly storedAt: Date;
  /** Until then nobody deletes it; undefined where it is not locked. */
  readonly lockedUntil: Date | undefined;
  /** Something was put over it, or a mark that it is deleted: it is still there, and somebody tried to hide it. */
  readonly covered: boolean;
}

export interface WriteOnceStore {
  /** Puts a backup there, locked, and looks whether it lies there as it was sent. */
  put(path: string, now: Date): Promise<Generation>;
  /** Newest first. */
  list(): Promise<readonly Generation[]>;
  /** Brings one back to this path. Throws unless it is as it was sent. */
  fetch(name: string, path: string): Promise<void>;
  close(): void;
}

const generationName = /^kazasu-\d{8}T\d{9}Z\.age$/;
/** The most that one PUT takes (Amazon S3 User Guide, Uploading objects). */
const mostBytes = 5 * 1024 ** 3;
const day = 24 * 3_600_000;
/** A retention is written in seconds by some and in milliseconds by others. */
const roundedMilliseconds = 1000;

const nothing = (): void => undefined;

const checksumOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('base64');
};

/** Backups in a bucket with S3 Object Lock. */
export const openWriteOnceStore = (settings: WriteOnceSettings): WriteOnceStore => {
  const { bucket: Bucket, credentials, endpoint, mode, prefix, region } = settings;
  const client = new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(credentials === undefined ? {} : { credentials }),
    // What goes wrong is told once, in our own words.
    logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
  });
  const ask = async <Answer>(work: Promise<Answer>): Promise<Answer> => {
    try {
      return await work;
    } catch (problem) {
      throw explain(problem, settings);
    }
  };

  /** Without a lock on the bucket a retention would be refused, or worse, taken and not kept. */
  const mustBeLocked = async (): Promise<void> => {
    const { ObjectLockConfiguration: lock } = await ask(client.send(new GetObjectLockConfigurationCommand({ Bucket })));
    if (lock?.ObjectLockEnabled !== 'Enabled')
      throw new WriteOnceProblem(`the bucket ${Bucket} has no Object Lock: what lies there can be deleted at any time`);
  };

  const look = async (name: string, version: string) => {
    const asked = { Bucket, Key: `${prefix}${name}`, VersionId: version, ChecksumMode: 'ENABLED' } as const;
    return ask(client.send(new HeadObjectCommand(asked)));
  };

  const listAll = async (): Promise<readonly Generation[]> => {
    const versions: { name: string; version: string; at: Date; bytes: number }[] = [];
    const marked = new Set<string>();
    let [KeyMarker, VersionIdMarker]: (string | undefined)[] = [];
    do {
      const page: ListObjectVersionsCommandOutput = await ask(
        client.send(new ListObjectVersionsCommand({ Bucket, Prefix: prefix, KeyMarker, VersionIdMarker })),
      );
      for (const { Key = '', VersionId, LastModified, Size } of page.Versions ?? []) {
        const name = Key.slice(prefix.length);
        if (!generationName.test(name) || VersionId === undefined || LastModified === undefined) continue;
        versions.push({ name, version: VersionId, at: LastModified, bytes: Size ?? 0 });
      }
      for (const { Key = '' } of page.DeleteMarkers ?? []) marked.add(Key.slice(prefix.length));
      [KeyMarker, VersionIdMarker] = [page.NextKeyMarker, page.NextVersionIdMarker];
    } while (KeyMarker !== undefined);
    const generations: Generation[] = [];
    for (const [name, all] of Map.groupBy(versions, (one) => one.name)) {
      // Versions come newest first: of those of one second the last one named is the first one written.
      const [first] = all.toReversed().toSorted((a, b) => a.at.getTime() - b.at.getTime());
      if (first === undefined) continue;
      const { ObjectLockRetainUntilDate: lockedUntil } = await look(name, first.version);
      generations.push({
        name,
        version: first.version,
        bytes: first.bytes,
        storedAt: first.at,
        lockedUntil,
        covered: all.length > 1 || marked.has(name),
      });
    }
    return generations.toSorted((a, b) => (a.name < b.name ? 1 : -1));
  };

  return {
    put: async (path, now) => {
      const name = basename(path);
      if (!generationName.test(name)) throw new WriteOnceProblem(`${name} is not the name of a backup`);
      const { size } = await stat(path);
      if (size > mostBytes) throw new WriteOnceProblem(`${name} has ${size} bytes, more than one upload takes (5 GiB)`);
      await mustBeLocked();
      const checksum = await checksumOf(path);
      const until = new Date(now.getTime() + settings.days * day);
      const { VersionId: version } = await ask(
        client.send(
          new PutObjectCommand({
            Bucket,
            Key: `${prefix}${name}`,
            Body: createReadStream(path),
            ContentLength: size,
            ContentType: 'application/octet-stream',
            ChecksumSHA256: checksum,
            ObjectLockMode: mode,
            ObjectLockRetainUntilDate: until,
            IfNoneMatch: '*',
          }),
        ),
      );
      if (version === undefined)
        throw new WriteOnceProblem(`${Bucket} gave ${name} no version: it can be overwritten there`);
      const lies = await look(name, version);
      const lockedUntil = lies.ObjectLockRetainUntilDate;
      if (lies.ContentLength !== size || lies.ChecksumSHA256 !== checksum)
        throw new WriteOnceProblem(`${name} does not lie in ${Bucket} as it was sent`);
      if (lies.ObjectLockMode !== mode || (lockedUntil?.getTime() ?? 0) < until.getTime() - roundedMilliseconds)
        throw new WriteOnceProblem(`${name} lies in ${Bucket}, but is not locked until ${until.toISOString()}`);
      return { name, version, bytes: size, storedAt: lies.LastModified ?? now, lockedUntil, covered: false };
    },
    list: listAll,
    fetch: async (name, path) => {
      const found = (await listAll()).find((one) => one.name === name);
      if (found === undefined) throw new WriteOnceProblem(`there is no ${name} in ${Bucket}`);
      const asked = { Bucket, Key: `${prefix}${name}`, VersionId: found.version, ChecksumMode: 'ENABLED' } as const;
      const { Body, ChecksumSHA256 } = await ask(client.send(new GetObjectCommand(asked)));
      try {
        // The SDK holds what comes against the checksum too, and breaks off.
        await ask(pipeline(Body as Readable, createWriteStream(path, { mode: 0o600, flags: 'wx' })));
        if (ChecksumSHA256 === undefined || ChecksumSHA256 !== (await checksumOf(path)))
          throw new WriteOnceProblem(`${name} came from ${Bucket} otherwise than it was sent, or without its checksum`);
      } catch (problem) {
        await rm(path, { force: true });
        throw problem;
      }
    },
    close: () => client.destroy(),
  };
};
