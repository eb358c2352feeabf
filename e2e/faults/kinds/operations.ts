/** What operators do while everything runs: keys changed, processes started anew, the database put back. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { node, root } from '#setup/paths.ts';
import { run } from '#setup/run.ts';
import type { Site } from '../site.ts';
import type { Fault } from './fault.ts';

const purposes = ['card-index', 'pin-pepper', 'sealing', 'grant', 'ca'] as const;

/** A command on the server's machine, with the settings of the server. */
const command = (site: Site, program: string, words: readonly string[]) =>
  run(node, [join(root, 'server', `${program}.ts`), ...words], {
    cwd: site.folder,
    env: { PATH: process.env['PATH'], KAZASU_DATA: join(site.folder, 'first'), DATABASE_URL: site.database.address },
    within: 60_000,
  });

/** It may fail where the database or a process is away: then it has to have changed nothing or all. */
export const keysRotated: Fault = async ({ dice, site }) => {
  await command(site, 'keys', ['rotate', purposes[Math.floor(dice * purposes.length)] ?? 'grant']);
  return undefined;
};

/** A folder stands in the place of the file. */
export const signedLost: Fault = ({ site }) => {
  const path = join(site.folder, 'first', 'log-seen.json');
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  return () => rmSync(path, { recursive: true, force: true });
};

export const serverRestarted: Fault = ({ server, site }) => {
  site.server(server).process.kill('SIGTERM');
  return undefined;
};

/** As an operator does who reads that a server still runs: again, for half a minute. Null once it is done. */
const restorePatiently = async (site: Site, words: readonly string[]): Promise<string | null> => {
  for (const end = performance.now() + 30_000; ; await delay(1_000)) {
    const { error, ok } = await command(site, 'restore', words);
    if (ok || performance.now() > end) return ok ? null : error;
  }
};

/** The database is put back to what it was when this fault struck: what came between is gone from it. */
export const restored: Fault = async ({ site }) => {
  const folder = join(site.folder, 'backups');
  const from = Date.now();
  const backup = await command(site, 'backup', ['--to', folder]);
  if (!backup.ok) throw new Error(`no backup was made: ${backup.error}`);
  const newest = readdirSync(folder)
    .filter((name) => name.endsWith('.age'))
    .sort()
    .at(-1);
  return async () => {
    await site.stopServers();
    const key = join(site.folder, 'first', 'backup-key.txt');
    const words = [join(folder, newest ?? ''), '--key', key, '--replace'];
    const refused = await restorePatiently(site, words);
    site.account.write({ kind: 'restored', from, noticed: 'server.restored' });
    await site.startServers();
    if (refused !== null) throw new Error(`the backup was not restored: ${refused}`);
  };
};

/** How many lines of the log are signed; undefined when nobody says so. */
const countSigned = async (site: Site): Promise<number | undefined> => {
  const shown = await site.admin.ask('log/show');
  if (shown?.ok !== true || shown.value.checkpoint === null) return undefined;
  const [, size] = shown.value.checkpoint.split('\n');
  return Number(size);
};

/** Its servers go on running, and are not told: whoever signed what is gone has to notice it. */
export const tailLost: Fault = async ({ site }) => {
  const { database } = site;
  if (!database.hasOwnDisk) return undefined;
  const from = Date.now();
  await database.copy();
  let before: number | undefined;
  // It begins again with what it had.
  for (let tries = 0; before === undefined && tries < 20; tries += 1) {
    before = await countSigned(site);
    if (before === undefined) await delay(100);
  }
  return async () => {
    const signed = await countSigned(site);
    await database.takeCopy();
    const isLost = before !== undefined && signed !== undefined && signed > before;
    site.account.write({ kind: 'restored', from, noticed: isLost ? 'log.rolled-back' : null });
  };
};
