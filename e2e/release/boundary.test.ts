import assert from 'node:assert/strict';
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '#setup/paths.ts';
import { run } from '#setup/run.ts';

/**
 * The import directions, shown by breaking them: the real tsconfig files and the real linter's lists over rooms that
 * hold one small file each, plus the line that must not pass.
 */
const rooms = [
  ...['contract', 'core', 'native', 'guard', 'server', 'electron/main', 'electron/preload'],
  ...['renderer', 'console', 'setup', 'e2e', 'e2e/card', 'bench'],
];

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-boundary-'));
  const settings = globSync(
    '{package.json,biome.json,tsconfig*.json,.gitignore,*/tsconfig*.json,{electron,e2e}/*/tsconfig*.json}',
    {
      cwd: root,
    },
  );
  for (const path of [...settings, 'setup/lint']) cpSync(join(root, path), join(folder, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const room of rooms)
    write(`${room}/target.ts`, 'export interface Target { readonly kind: "target" }\nexport const target = 1;\n');
});
after(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** A file that uses what the line brings, so that nothing but the import itself can be wrong with it. */
const uses = (from: string): string => `import { target } from '${from}';\nexport const probe: number = target;\n`;
const usesType = (from: string): string =>
  `import type { Target } from '${from}';\nexport type Probe = Target['kind'];\n`;
const loads = (from: string): string => `import * as loaded from '${from}';\nexport const probe: unknown = loaded;\n`;

async function compile(project: string): Promise<string> {
  const { out } = await run(process.execPath, [join(root, 'node_modules', '.bin', 'tsc'), '--build', project], {
    cwd: folder,
    within: 60_000,
  });
  return out;
}

/** Room (and file, where it matters), what is written there, the compiler's error. */
const refusedByCompiler: readonly (readonly [file: string, text: string, error: RegExp])[] = [
  ['contract/probe.ts', uses('#core/target.ts'), /TS6(307|059)/],
  ['contract/probe.ts', loads('node:fs'), /TS2(591|307)/],
  ['core/probe.ts', uses('#guard/target.ts'), /TS6(307|059)/],
  ['core/probe.ts', usesType('#guard/target.ts'), /TS6(307|059)/],
  ['core/probe.ts', uses('#native/target.ts'), /TS6(307|059)/],
  ['core/probe.ts', uses('../server/target.ts'), /TS6(307|059)/],
  ['core/probe.ts', loads('node:crypto'), /TS2(591|307)/],
  ['core/probe.ts', 'export const probe = document.title;\n', /TS2(584|304)/],
  ['core/probe.ts', 'export const probe = setTimeout(() => undefined, 1);\n', /TS2304/],
  ['core/probe.ts', 'export const probe = crypto.randomUUID();\n', /TS2304/],
  ['e2e/card/probe.ts', uses('#core/target.ts'), /TS6(307|059)/],
  ['native/probe.ts', uses('#guard/target.ts'), /TS6(307|059)/],
  ['native/probe.ts', uses('#server/target.ts'), /TS6(307|059)/],
  ['guard/probe.ts', uses('#native/target.ts'), /TS6(307|059)/],
  ['guard/probe.ts', usesType('#native/target.ts'), /TS6(307|059)/],
  ['guard/probe.ts', uses('#server/target.ts'), /TS6(307|059)/],
  ['guard/probe.ts', uses('../electron/main/target.ts'), /TS6(307|059)/],
  ['guard/probe.ts', 'export const probe = document.title;\n', /TS2(584|304)/],
  ['guard/start.ts', uses('#server/target.ts'), /TS6(307|059)/],
  ['server/probe.ts', uses('#native/target.ts'), /TS6(307|059)/],
  ['server/probe.ts', uses('#guard/target.ts'), /TS6(307|059)/],
  ['server/probe.ts', uses('#e2e/target.ts'), /TS6(307|059)/],
  ['electron/main/probe.ts', uses('#core/target.ts'), /TS6(307|059)/],
  ['electron/main/probe.ts', uses('#guard/target.ts'), /TS6(307|059)/],
  ['electron/main/probe.ts', uses('#native/target.ts'), /TS6(307|059)/],
  ['electron/preload/probe.ts', uses('../main/target.ts'), /TS6(307|059)/],
  ['electron/preload/probe.ts', usesType('#core/target.ts'), /TS6(307|059)/],
  ['electron/preload/probe.ts', 'export const probe = process.pid;\n', /TS2(591|580|304)/],
  ['renderer/probe.ts', usesType('#core/target.ts'), /TS6(307|059)/],
  ['renderer/probe.ts', uses('../electron/preload/target.ts'), /TS6(307|059)/],
  ['renderer/probe.ts', uses('../console/target.ts'), /TS6(307|059)/],
  ['renderer/probe.ts', loads('node:fs'), /TS2(591|307)/],
  ['renderer/probe.ts', 'export const probe = process.pid;\n', /TS2(591|580|304)/],
  ['console/probe.ts', usesType('#server/target.ts'), /TS6(307|059)/],
  ['console/probe.ts', uses('../renderer/target.ts'), /TS6(307|059)/],
  // A package's own types must not bring a foreign runtime along.
  ['contract/probe.ts', "export const probe = process.pid;\nexport type { ZodType } from 'zod';\n", /TS2(591|580|304)/],
  [
    'core/probe.ts',
    "export const probe = process.pid;\nexport { sha256 } from '@noble/hashes/sha2.js';\n",
    /TS2(591|580|304)/,
  ],
  [
    'renderer/probe.ts',
    "export const probe = process.pid;\nexport { createRoot } from 'react-dom/client';\n",
    /TS2(591|580|304)/,
  ],
  ['setup/probe.ts', uses('#guard/target.ts'), /TS6(307|059)/],
  ['e2e/probe.ts', uses('#core/target.ts'), /TS6(307|059)/],
  ['e2e/probe.ts', uses('#native/target.ts'), /TS6(307|059)/],
];

const takenByCompiler: readonly (readonly [file: string, text: string])[] = [
  ['core/probe.ts', uses('#contract/target.ts')],
  ['native/probe.ts', uses('#core/target.ts')],
  ['guard/probe.ts', uses('#core/target.ts')],
  ['guard/start.ts', uses('#native/target.ts')],
  ['server/probe.ts', uses('#core/target.ts')],
  ['electron/main/probe.ts', uses('#contract/target.ts')],
  ['electron/preload/probe.ts', usesType('#contract/target.ts')],
  ['renderer/probe.ts', usesType('#contract/target.ts')],
  ['console/probe.ts', usesType('#contract/target.ts')],
  ['e2e/probe.ts', uses('#setup/target.ts')],
  ['bench/probe.ts', uses('#e2e/target.ts')],
];

const projectOf = (file: string): string => (file === 'guard/start.ts' ? 'guard/tsconfig.start.json' : dirname(file));
const firstLine = (text: string): string => text.split('\n')[0] ?? '';

describe('a forbidden import does not compile', () => {
  for (const [file, text, error] of refusedByCompiler) {
    test(`${file}: ${firstLine(text)}`, async (t) => {
      write(file, text);
      t.after(() => rmSync(join(folder, file)));
      const said = (await compile(projectOf(file))).split('\n').filter((line) => line.startsWith(file));
      assert.match(said.join('\n'), error);
    });
  }
});

describe('an allowed import compiles', () => {
  for (const [file, text] of takenByCompiler) {
    test(`${file}: ${firstLine(text)}`, async (t) => {
      write(file, text);
      t.after(() => rmSync(join(folder, file)));
      assert.equal(await compile(projectOf(file)), '');
    });
  }
});

/** What compiles and must not stand all the same: held by the linter. */
const refusedByLinter: readonly (readonly [file: string, line: string, message: RegExp])[] = [
  ['contract/a.ts', "import 'fastify';", /only zod/],
  ['core/a.ts', "import 'zod';", /only contract\/ and @noble\/hashes/],
  ['core/b.ts', 'export const now = Date.now();', /no clock/],
  ['core/c.ts', 'export const chance = Math.random();', /no chance/],
  ['core/d.ts', 'export const today = new Date();', /no clock/],
  ['guard/a.ts', "import 'koffi';", /reader child/],
  ['guard/b.ts', "export const place = process.env['HOME'];", /Only start\.ts reads the environment/],
  ['guard/c.ts', "console.log('x');", /console/],
  ['server/a.ts', "import 'koffi';", /server packages/],
  ['server/b.ts', "console.log('x');", /console/],
  [
    'server/c.ts',
    'async function save(): Promise<void> {}\nexport const forget = (): void => {\n  save();\n};',
    /Promise/,
  ],
  ['electron/main/a.ts', "import 'pg';", /decides nothing/],
  ['electron/preload/a.ts', "import 'electron-store';", /two functions/],
  ['renderer/a.ts', "import 'zod';", /ready view/],
  ['console/a.ts', "import 'electron';", /ready view/],
  ['e2e/card/a.ts', "import '#core/card/tlv.ts';", /specification/],
];

const takenByLinter: readonly (readonly [file: string, line: string])[] = [
  ['contract/ok.ts', "import { z } from 'zod';\n\nexport const name = z.string();"],
  [
    'core/ok.ts',
    "import { sha256 } from '@noble/hashes/sha2.js';\n\nexport const at = (now: number): unknown => [sha256, new Date(now)];",
  ],
  ['native/ok.ts', "import koffi from 'koffi';\n\nexport const version = koffi.version;"],
  ['guard/start.ts', "export const place = process.env['HOME'];"],
];

test('the linter refuses what the compiler lets through, and nothing else', async (t) => {
  const probes = [...refusedByLinter, ...takenByLinter];
  for (const [file, line] of probes) write(file, `${line}\n`);
  t.after(() => {
    for (const [file] of probes) rmSync(join(folder, file), { force: true });
  });
  const files = probes.map(([file]) => file);
  const { out } = await run(
    join(root, 'node_modules', '.bin', 'biome'),
    ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=github', ...files],
    { cwd: folder, within: 60_000 },
  );
  const saidOf = (file: string): string =>
    out
      .split('\n')
      .filter((line) => line.startsWith('::error') && line.includes(`${file},`))
      .join('\n');
  for (const [file, line, message] of refusedByLinter) assert.match(saidOf(file), message, `${file}: ${line}\n${out}`);
  for (const [file, line] of takenByLinter) assert.equal(saidOf(file), '', `${file}: ${line}`);
});
