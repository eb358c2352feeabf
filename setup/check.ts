import { join } from 'node:path';
import { root } from './paths.ts';
import { run } from './run.ts';

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly said: string;
  readonly seconds: number;
}

const checks = [
  {
    name: 'format and lint (Biome)',
    program: 'biome',
    args: ['check', '--error-on-warnings', '--max-diagnostics=200'],
  },
  { name: 'types and import directions (tsc)', program: 'tsc', args: ['--build'] },
];

/** Both checks of the whole tree, side by side. */
export async function checkAll(): Promise<readonly CheckResult[]> {
  return Promise.all(
    checks.map(async ({ name, program, args }) => {
      const began = performance.now();
      const path = join(root, 'node_modules', '.bin', program);
      const { ok, out, error } = await run(path, args, { cwd: root, within: 120_000 });
      return { name, ok, said: ok ? '' : `${out}${error}`.trim(), seconds: (performance.now() - began) / 1000 };
    }),
  );
}

if (import.meta.main) {
  for (const { name, ok, said, seconds } of await checkAll()) {
    if (!ok) {
      console.error(said);
      process.exitCode = 1;
    }
    console.log(`${ok ? '✓' : '✗'} ${name} (${seconds.toFixed(1)} s)`);
  }
}
