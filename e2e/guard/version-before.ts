import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '#setup/paths.ts';
import { run } from '#setup/run.ts';

/** The product as it was before its newest migration. */
export interface VersionBefore {
  readonly commit: string;
  /** Names of migrations that it does not know. */
  readonly migrations: readonly string[];
  /** Where its files lie. */
  readonly tree: string;
}

const git = async (...words: string[]): Promise<string | undefined> => {
  const { ok, out } = await run('git', ['-C', root, ...words], { within: 30_000 });
  return ok ? out.trim() : undefined;
};

const folderOfMigrations = 'server/store/migrations';

/** Lays it into this folder, with the packages of now; undefined where the history of the repository is not at hand. */
export const tryLayOutVersionBefore = async (folder: string): Promise<VersionBefore | undefined> => {
  const added = await git('log', '--diff-filter=A', '-1', '--format=%H', '--', folderOfMigrations);
  const commit = added === undefined || added === '' ? undefined : await git('rev-parse', '--verify', `${added}^`);
  if (commit === undefined) return undefined;
  const tree = join(folder, 'version-before');
  mkdirSync(tree, { recursive: true });
  const archive = join(folder, 'version-before.tar');
  if ((await git('archive', '--output', archive, commit)) === undefined) return undefined;
  const { error, ok } = await run('tar', ['-x', '-f', archive, '-C', tree], { within: 60_000 });
  if (!ok) throw new Error(`the version before was not laid out: ${error}`);
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  const list = async (of: string): Promise<string[]> =>
    ((await git('ls-tree', '--name-only', of, `${folderOfMigrations}/`)) ?? '').split('\n').filter(Boolean);
  const known = new Set(await list(commit));
  const migrations = (await list('HEAD')).filter((path) => !known.has(path));
  return { commit, migrations, tree };
};
