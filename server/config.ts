import { z } from 'zod';
import { type PolicyInput, policy } from '#contract/policy.ts';

const port = z.coerce.number().int().min(0).max(65535);
const hostName = z.string().regex(/^[A-Za-z0-9._:-]{1,253}$/, 'must be host names or addresses, separated by commas');

const parseJson = (text: string, context: z.RefinementCtx): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'must be JSON' });
    return z.NEVER;
  }
};

/** What the environment may say. Each member names its variable. */
const schema = z.object({
  KAZASU_DATA: z.string().min(1).default('.data'),
  KAZASU_PORT: port.default(8443),
  KAZASU_HOST: hostName.default('127.0.0.1'),
  KAZASU_NAMES: z
    .string()
    .default('')
    .transform((names) =>
      names
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    )
    .pipe(z.array(hostName)),
  KAZASU_LOG: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  KAZASU_PARENT: z.enum(['0', '1']).default('0'),
  /** Where browsers find this server, when that is not its own name and port. */
  KAZASU_ORIGIN: z
    .url({ protocol: /^https$/ })
    .transform((url) => new URL(url).origin)
    .optional(),
  /** Values of the policy that nobody changes in the console, as JSON: `{"session":{"idleSeconds":300}}`. */
  KAZASU_POLICY: z
    .string()
    .default('{}')
    .transform(parseJson)
    .superRefine((pinned, context) => {
      const parsed = policy.safeParse(pinned);
      for (const { path, message } of parsed.error?.issues ?? []) context.addIssue({ code: 'custom', path, message });
    })
    .transform((pinned) => pinned as PolicyInput),
  /** Name of the terminal on the same machine: its one-time code is in the line that says that the server is ready. */
  KAZASU_FIRST_TERMINAL: z.string().trim().min(1).max(40).optional(),
  DATABASE_URL: z
    .string()
    .refine((url) => /^postgres(ql)?:\/\//.test(url), 'must begin with postgres:// or postgresql://')
    .optional(),
});

export interface Config {
  readonly dataFolder: string;
  readonly port: number;
  readonly host: string;
  /** Names of this server in its certificate; the first one is in the links that it prints. */
  readonly names: readonly [string, ...string[]];
  readonly logLevel: string;
  /** Whether it ends when its parent does. */
  readonly hasParent: boolean;
  /** Origin of the server in browsers, if it was given. */
  readonly origin: string | undefined;
  readonly pinned: PolicyInput;
  readonly firstTerminal: string | undefined;
  readonly databaseUrl: string | undefined;
}

export type ConfigResult = { readonly config: Config } | { readonly problems: readonly string[] };

/** Reads the environment once. All problems are named together; values are not repeated, for one may hold a password. */
export const parseConfig = (environment: Readonly<Record<string, string | undefined>>): ConfigResult => {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    return { problems: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) };
  }
  const { data } = parsed;
  const publicName = data.KAZASU_ORIGIN === undefined ? [] : [new URL(data.KAZASU_ORIGIN).hostname];
  const config: Config = {
    dataFolder: data.KAZASU_DATA,
    port: data.KAZASU_PORT,
    host: data.KAZASU_HOST,
    names: [...new Set([...data.KAZASU_NAMES, ...publicName, 'localhost', '127.0.0.1', '::1'])] as [
      string,
      ...string[],
    ],
    logLevel: data.KAZASU_LOG,
    hasParent: data.KAZASU_PARENT === '1',
    origin: data.KAZASU_ORIGIN,
    pinned: data.KAZASU_POLICY,
    firstTerminal: data.KAZASU_FIRST_TERMINAL,
    databaseUrl: data.DATABASE_URL,
  };
  return { config: Object.freeze(config) };
};

/** Origins that the console may be loaded from; the first one stands in links. A browser leaves port 443 out. */
export const listOrigins = (
  { names, origin }: Pick<Config, 'names' | 'origin'>,
  port: number,
): [string, ...string[]] => {
  const own = names.map((name) => new URL(`https://${name.includes(':') ? `[${name}]` : name}:${port}`).origin);
  return [...new Set(origin === undefined ? own : [origin, ...own])] as [string, ...string[]];
};
