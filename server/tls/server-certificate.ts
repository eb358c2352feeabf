import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWholeFile } from '../whole-file.ts';
import type { Authority, KeyAndCertificate } from './authority.ts';
import { lifetimes } from './authority.ts';

/** Renewed when less than a third of its life is left. */
const early = lifetimes.server / 3;

/** Whether it is of this authority, good for all `names`, and neither old nor as old as its authority lets it be. */
export const isGood = (pem: string, authority: Authority, names: readonly string[], now: Date): boolean => {
  const certificate = new X509Certificate(pem);
  const end = certificate.validToDate.getTime();
  const covers = (name: string) => certificate.checkHost(name) ?? certificate.checkIP(name);
  return (
    certificate.verify(new X509Certificate(authority.certificate).publicKey) &&
    end > now.getTime() + (end < authority.expiresAt.getTime() ? early : 0) &&
    names.every((name) => covers(name) !== undefined)
  );
};

/** The server's own key and certificate: the one on disk while it is good for all `names`, otherwise a new one. */
export const openServerCertificate = async (
  folder: string,
  authority: Authority,
  names: readonly string[],
  now: Date,
): Promise<KeyAndCertificate> => {
  const path = join(folder, 'server.json');
  try {
    const kept = JSON.parse(await readFile(path, 'utf8')) as { key: string; certificate: string };
    if (isGood(kept.certificate, authority, names, now)) {
      return { ...kept, expiresAt: new X509Certificate(kept.certificate).validToDate };
    }
  } catch {
    // Not there yet, or unreadable: a new one costs nothing.
  }
  const fresh = await authority.issueServer(names, now);
  writeWholeFile(path, JSON.stringify({ key: fresh.key, certificate: fresh.certificate }));
  return fresh;
};
