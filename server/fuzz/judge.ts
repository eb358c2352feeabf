import { api, gateFailures, type RouteName } from '#contract/api/index.ts';
import type { Row } from '#contract/api/row.ts';
import { type FailureCode, failures } from '#contract/errors.ts';
import { gateRefusal, isRole, type Who } from '../testing-senders.ts';

export interface Got {
  readonly status: number;
  readonly text: string;
  readonly isStream: boolean;
  readonly milliseconds: number;
}

/** What no answer and no log may hold, whatever was sent. */
const traces = [
  /\$argon2/,
  /\n\s+at .+:\d+:\d+/,
  /node_modules/,
  /\.ts:\d+/,
  /\b(select|insert into|update|delete from) [\w".,* ()]+ (from|values|set|where) /i,
  /postgres(ql)?:\/\//i,
  /SQLSTATE|PostgresError|DatabaseError/,
];

/** Looks for what must never be seen. One pattern for all: a look for each would be most of what an answer costs. */
export const createCanaries = () => {
  const known = new Set<string>();
  let pattern: RegExp | undefined;
  return {
    add: (...secrets: readonly string[]): void => {
      for (const secret of secrets) known.add(secret);
      pattern = undefined;
    },
    /** The canary that stands in a text, as much of it as may be printed. */
    find: (text: string): string | undefined => {
      pattern ??= new RegExp([...known].map((one) => one.replaceAll(/[^\w]/g, '\\$&')).join('|'));
      const [found] = pattern.exec(text) ?? [];
      return found === undefined ? undefined : `the canary ${found.slice(0, 6)}…`;
    },
  };
};

/**
 * The failure code of an answer, and what is wrong with the answer. `body` is there for a success. Whoever was given
 * other roles since they came may get further than theirs did.
 */
export const judge = (
  name: RouteName,
  who: Who,
  { status, text }: Got,
  hasOtherRoles = false,
): { readonly code: string; readonly body?: unknown; readonly wrong?: string } => {
  const row: Row = api[name];
  const wrong = (what: string) => ({ code: String(status), wrong: what });
  const trace = traces.find((one) => one.test(text));
  if (trace !== undefined) return wrong(`holds ${trace}`);
  let body: unknown;
  try {
    body = text === '' ? null : JSON.parse(text);
  } catch {
    return wrong('is no JSON');
  }
  const expected = hasOtherRoles ? undefined : gateRefusal(row, who);
  if (status < 300) {
    if (expected !== undefined) return wrong(`let in a sender who is to hear ${expected}`);
    if (status !== (row.status ?? 200)) return wrong(`has a status that the row does not know`);
    const parsed = row.answer.safeParse(body);
    if (!parsed.success) return wrong(`does not fit its schema: ${JSON.stringify(parsed.error.issues.slice(0, 3))}`);
    return { code: 'OK', body };
  }
  const said = body as { failure?: { code?: string }; detail?: string } | null;
  const code = said?.failure?.code ?? said?.detail?.split(':')[0] ?? '';
  if (!([...row.failures, ...gateFailures] as readonly string[]).includes(code) || code === 'INTERNAL') {
    return wrong(`is refused with ${code || 'no code'}, which the row does not know`);
  }
  if (failures[code as FailureCode].status !== status) return wrong(`has another status than ${code}`);
  if (status >= 500 && code !== 'SERVER_BUSY' && code !== 'SCIM_ME_UNSUPPORTED')
    return wrong('is a failure of the server');
  // A hurt path may be none of ours; a count by address comes before anything else; and sessions end.
  const isEnded = code === 'CONSOLE_SIGNED_OUT' && isRole(who);
  const isBefore = code === 'REQUEST_UNKNOWN' || code === 'DIRECTORY_TOO_OFTEN' || isEnded;
  if (expected !== undefined && code !== expected && !isBefore) {
    return wrong(`is refused with ${code} in the place of ${expected}`);
  }
  return { code, body };
};
