import { execFile } from 'node:child_process';

/** Runs a program to its end. `ok` is false when it failed, was not found or took longer than `within` ms. */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string; readonly within?: number } = {},
): Promise<{ ok: boolean; out: string; error: string }> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      {
        env: options.env,
        cwd: options.cwd,
        timeout: options.within ?? 10_000,
        killSignal: 'SIGKILL',
        maxBuffer: 2 ** 26,
      },
      (failure, out, error) => resolve({ ok: failure === null, out, error: error || (failure?.message ?? '') }),
    );
  });
}
