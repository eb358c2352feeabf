import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65535);
const hostName = z.string().regex(/^[A-Za-z0-9._:-]{1,253}$/, 'must be host names or addresses, separated by commas');

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
  KAZASU_HELPDESK: z.string().max(40).optional(),
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
  readonly helpdesk: string | undefined;
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
  const config: Config = {
    dataFolder: data.KAZASU_DATA,
    port: data.KAZASU_PORT,
    host: data.KAZASU_HOST,
    names: [...new Set([...data.KAZASU_NAMES, 'localhost', '127.0.0.1', '::1'])] as [string, ...string[]],
    logLevel: data.KAZASU_LOG,
    hasParent: data.KAZASU_PARENT === '1',
    helpdesk: data.KAZASU_HELPDESK,
    databaseUrl: data.DATABASE_URL,
  };
  return { config: Object.freeze(config) };
};
