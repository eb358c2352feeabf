import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { type BuildFailure, build, formatMessages } from 'esbuild';
import { type Bundle, bundles, type Part } from './bundles.ts';
import { buildCurtain } from './curtain.ts';
import { root } from './paths.ts';

/** Builds dist/ from the rooms that run in Chromium. Nothing is done when no input has changed. */
export async function buildAll(
  options: { readonly force?: boolean; readonly bundles?: readonly Bundle[] } = {},
): Promise<{ built: readonly string[] }> {
  const built: string[] = [];
  await Promise.all(
    (options.bundles ?? bundles).map(async (bundle) => {
      if (options.force !== true && isFresh(bundle)) return;
      await buildOne(bundle);
      built.push(bundle.folder);
    }),
  );
  return { built: built.sort() };
}

/** What the last build read, with size and time of each, and what it wrote. */
interface Built {
  readonly recipe: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: readonly string[];
}

const recordOf = (bundle: Bundle): string => join(root, 'dist', '.built', `${bundle.folder.replaceAll('/', '-')}.json`);

async function buildOne(bundle: Bundle): Promise<void> {
  const folder = join(root, bundle.folder);
  const inputs = new Set([bundle.page, 'package.json']);
  const outputs = new Map<string, Uint8Array>();
  await Promise.all(
    bundle.parts.map(async (part) => {
      const result = await build({
        ...part.options,
        absWorkingDir: root,
        entryPoints: { [part.name]: part.entry },
        outdir: folder,
        write: false,
        metafile: true,
      });
      refuseStrangers(part, Object.keys(result.metafile.inputs));
      for (const input of Object.keys(result.metafile.inputs)) inputs.add(input);
      for (const file of result.outputFiles) outputs.set(relative(folder, file.path), file.contents);
    }),
  );
  outputs.set('index.html', Buffer.from(pageFor(bundle, [...outputs.keys()])));
  if (bundle.about) {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    outputs.set('package.json', Buffer.from(`${JSON.stringify({ ...bundle.about, version }, null, 2)}\n`));
  }
  if (bundle.about === undefined)
    for (const [name, bytes] of [...outputs]) outputs.set(`${name}.br`, brotliCompressSync(bytes));
  for (const [name, bytes] of outputs) writeWhole(join(folder, name), bytes);
  const record: Built = {
    recipe: recipeOf(bundle),
    inputs: Object.fromEntries([...inputs].sort().map((input) => [input, signatureOf(input)])),
    outputs: [...outputs.keys()].sort(),
  };
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const stray = !outputs.has(name) && !name.includes('.writing-');
    if (stray && statSync(join(folder, name)).isFile()) rmSync(join(folder, name), { force: true });
  }
  writeWhole(recordOf(bundle), Buffer.from(JSON.stringify(record)));
}

/** A package outside the part's list, or a test's file, must not travel in a bundle. */
function refuseStrangers(part: Part, inputs: readonly string[]): void {
  const strangers = inputs.filter((input) => {
    const packageName = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1];
    if (packageName !== undefined) return !part.packages.includes(packageName);
    return /(^|\/)(e2e|bench|fake|native|guard|server|core)\//.test(input) || /\.test\.tsx?$/.test(input);
  });
  if (strangers.length > 0) throw new Error(`${part.entry} must not carry:\n  ${strangers.join('\n  ')}`);
}

function pageFor(bundle: Bundle, names: readonly string[]): string {
  let html = readFileSync(join(root, bundle.page), 'utf8');
  for (const kind of ['js', 'css']) {
    const written = names.find((name) => new RegExp(`^main(-[A-Z0-9]+)?\\.${kind}$`).test(name));
    if (written !== undefined) html = html.replaceAll(`main.${kind}"`, `${written}"`);
  }
  return html;
}

function isFresh(bundle: Bundle): boolean {
  const folder = join(root, bundle.folder);
  try {
    const record = JSON.parse(readFileSync(recordOf(bundle), 'utf8')) as Built;
    return (
      record.recipe === recipeOf(bundle) &&
      record.outputs.every((name) => existsSync(join(folder, name))) &&
      Object.entries(record.inputs).every(([input, signature]) => signatureOf(input) === signature)
    );
  } catch {
    return false;
  }
}

function recipeOf(bundle: Bundle): string {
  return createHash('sha256')
    .update(JSON.stringify(bundle))
    .update(readFileSync(import.meta.filename))
    .digest('hex');
}

function signatureOf(input: string): string {
  const { size, mtimeMs } = statSync(join(root, input));
  return `${size}:${mtimeMs}`;
}

/** A reader sees the old file or the new one, never half of it. */
function writeWhole(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const writing = join(dirname(path), `.writing-${process.pid}-${basename(path)}`);
  writeFileSync(writing, bytes);
  renameSync(writing, path);
}

async function explain(failure: unknown): Promise<string> {
  const { errors } = failure as Partial<BuildFailure>;
  if (errors === undefined) return failure instanceof Error ? failure.message : String(failure);
  return (await formatMessages(errors, { kind: 'error', color: false })).join('\n');
}

if (import.meta.main) {
  const started = performance.now();
  try {
    const [{ built }] = await Promise.all([buildAll({ force: process.argv.includes('--force') }), buildCurtain()]);
    if (built.length > 0) console.log(`built ${built.join(', ')} in ${Math.round(performance.now() - started)} ms`);
  } catch (failure) {
    console.error(await explain(failure));
    process.exitCode = 1;
  }
}
