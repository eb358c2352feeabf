import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { writeWholeFile } from '../whole-file.ts';

/** Where databases live whose data folder their user cannot reach. */
export const sharedFolder = '/var/lib/kazasu';

const read = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );

/** In the data folder: the name of its folder elsewhere. In that folder: the data folder that it belongs to. */
const forth = 'postgres-elsewhere';
const back = 'data-folder';

/** The database's folder elsewhere, the same as long as the data folder lives. */
export const findElsewhere = async (dataFolder: string): Promise<string> => {
  await mkdir(sharedFolder, { recursive: true, mode: 0o755 });
  await sweep();
  const known = await read(join(dataFolder, forth));
  const name = known !== undefined && /^[0-9a-f]{16}$/.test(known) ? known : randomBytes(8).toString('hex');
  // First the mark that another server's sweep looks for, then the folder.
  if (name !== known) writeWholeFile(join(dataFolder, forth), `${name}\n`, 0o644);
  const folder = join(sharedFolder, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  writeWholeFile(join(folder, back), `${resolve(dataFolder)}\n`, 0o644);
  return folder;
};

/** Ends a PostgreSQL that nobody can ask to stop any more. */
const endOrphan = async (folder: string): Promise<void> => {
  const pid = Number((await read(join(folder, 'cluster/postmaster.pid')))?.split('\n')[0]);
  const commandLine = await read(`/proc/${pid}/cmdline`);
  if (commandLine?.includes(folder) === true) process.kill(pid, 'SIGQUIT');
};

/** Removes what belongs to data folders in the system's temporary folder that are gone. Any other one may be on a disk that is away. */
const sweep = async (): Promise<void> => {
  for (const name of await readdir(sharedFolder)) {
    const folder = join(sharedFolder, name);
    const dataFolder = await read(join(folder, back));
    if (dataFolder === undefined || !dataFolder.startsWith(resolve(tmpdir()) + sep)) continue;
    if ((await read(join(dataFolder, forth))) === name) continue;
    await endOrphan(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
};
