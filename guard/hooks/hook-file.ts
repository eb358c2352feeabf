import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';

/** A program and its arguments, as the system gets them: no shell ever reads them. */
const command = z
  .array(z.string().max(4_096))
  .min(1)
  .refine(([program]) => program?.startsWith('/'), 'the program must be an absolute path');

const hook = z.strictObject({
  command,
  /** When it and its process group are killed. */
  seconds: z.number().min(0.1).max(30).default(5),
});

export const hookFile = z.strictObject({
  /** The workstation's user, whose desktop it is; the guard's own when left out. */
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]*$/)
    .optional(),
  /** The whole environment of every hook, beside what the guard adds to it: `DISPLAY` and `XAUTHORITY`, for example. */
  environment: z.record(z.string().regex(/^(?!KAZASU_)[A-Z_][A-Z0-9_]*$/), z.string()).default({}),
  /** What the next person finds on an X11 desktop under a curtain. */
  desktop: z
    .strictObject({
      /** The compiled `sweep` of `native/curtain/`. */
      program: z.string().startsWith('/'),
      /** What becomes of the windows of others: hidden until they are back, or ended. */
      windows: z.enum(['hide', 'end', 'keep']).default('hide'),
      /** Windows that stay, by a word of their `WM_CLASS`. */
      spare: z.array(z.string().min(1).max(100)).max(32).default([]),
      clipboard: z.enum(['clear', 'keep']).default('clear'),
    })
    .optional(),
  unlock: hook.optional(),
  lock: hook.optional(),
  /** How long an opening waits for all of it (milliseconds), and what happens when it was not done by then. */
  patience: z.int().min(0).max(5_000).default(1_500),
  whenNotDone: z.enum(['stay-covered', 'open']).default('stay-covered'),
});
export type HookFile = z.infer<typeof hookFile>;

/** Written by whoever may write to this terminal's programs, and by nobody else. */
async function findOwnerFault(path: string): Promise<string | null> {
  const { uid, mode } = await stat(path);
  if (process.platform === 'win32') return null;
  if (uid !== 0 && uid !== process.getuid?.()) return 'it must belong to root or to the user of the guard';
  return (mode & 0o022) === 0 ? null : 'nobody but its owner may be able to write to it';
}

/** Reads the file of this terminal's hooks. Throws with every problem of it in words. */
export async function readHookFile(path: string, underCurtain: boolean): Promise<HookFile> {
  const refuse = (problems: readonly string[]): never => {
    throw new Error(`${path} cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  };
  let given: unknown;
  try {
    const fault = await findOwnerFault(path);
    if (fault !== null) return refuse([fault]);
    given = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return refuse([`it is not JSON: ${error.message}`]);
    if (error instanceof Error && 'code' in error) return refuse([`it cannot be read: ${String(error.code)}`]);
    throw error;
  }
  const parsed = hookFile.safeParse(given);
  if (!parsed.success)
    return refuse(parsed.error.issues.map(({ path: place, message }) => `${place.join('.') || 'it'}: ${message}`));
  if (parsed.data.desktop !== undefined && !underCurtain)
    return refuse(['desktop: without a curtain the lock screen itself is one of the windows']);
  return parsed.data;
}
