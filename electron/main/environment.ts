export interface Environment {
  /** The socket (a path, or a named pipe on Windows) on which the guard listens. */
  readonly guardSocket: string;
  /** The folder of this terminal's screen: settings, and what Chromium keeps. */
  readonly data: string;
  /** Ordinary windows instead of covers; never in a release. */
  readonly windowed: boolean;
  /** An open file into which this process writes as long as it runs: whoever started it under a curtain listens. */
  readonly beat: number | undefined;
  /** How many pixels of the display one of a page is wide; the display's own where nobody says so. */
  readonly scale: number | undefined;
}

const names = { guardSocket: 'KAZASU_GUARD_SOCKET', data: 'KAZASU_SCREEN_DATA' } as const;
const windowedName = 'KAZASU_WINDOWED';
const beatName = 'KAZASU_BEAT';
const scaleName = 'KAZASU_SCALE';

export type ParsedEnvironment =
  | { readonly ok: true; readonly environment: Environment }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads the environment once; all problems are told together. */
export const parseEnvironment = (
  variables: Readonly<Record<string, string | undefined>>,
  program: { readonly release: boolean },
): ParsedEnvironment => {
  const guardSocket = variables[names.guardSocket] ?? '';
  const data = variables[names.data] ?? '';
  const problems = Object.entries({ guardSocket, data })
    .filter(([, value]) => value === '')
    .map(([name]) => `${names[name as keyof typeof names]} is missing`);
  const windowed = (variables[windowedName] ?? '') !== '';
  if (windowed && program.release) problems.push(`${windowedName} is not for a release: it covers nothing`);
  const beat = variables[beatName] ?? '';
  if (!/^\d{0,3}$/.test(beat)) problems.push(`${beatName} must be the number of an open file`);
  const scale = variables[scaleName] ?? '';
  if (!/^([1-3](\.\d{1,2})?|4(\.00?)?)?$/.test(scale)) problems.push(`${scaleName} must be a number from 1 to 4`);
  return problems.length > 0
    ? { ok: false, problems }
    : {
        ok: true,
        environment: Object.freeze({
          guardSocket,
          data,
          windowed,
          beat: beat === '' ? undefined : Number(beat),
          scale: scale === '' ? undefined : Number(scale),
        }),
      };
};
