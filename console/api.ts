import type { Answer, Call, GateFailure, RowFailure } from '#contract/api/index.ts';
import type { Failure, FailureCode, Result } from '#contract/errors.ts';
import { type ConsoleRoute, routes } from './data/routes.ts';

type Given<Name extends ConsoleRoute> = {
  [Part in 'params' | 'query' | 'body' as Call<Name>[Part] extends undefined ? never : Part]: Call<Name>[Part];
};
/** What a caller gives: those of `params`, `query` and `body` that the row has. */
export type Request<Name extends ConsoleRoute> = Given<Name>;
/** Codes that a page must have words for: of the row, of the gate, and of a server that does not answer. */
export type Code<Name extends ConsoleRoute> = RowFailure<Name> | GateFailure | 'SERVER_UNREACHABLE';
export type Reply<Name extends ConsoleRoute> = Result<Answer<Name>, Code<Name>>;

export interface Api {
  /** `unasked`: nobody did anything, the page asks by itself; that keeps no idle session alive. */
  call<Name extends ConsoleRoute>(name: Name, request: Request<Name>, unasked?: boolean): Promise<Reply<Name>>;
}

interface Parts {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
}

/** Path with its members filled in and the query behind it. */
export const address = (path: string, { params = {}, query = {} }: Parts): string => {
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const tail = search.toString();
  return tail === '' ? filled : `${filled}?${tail}`;
};

const failureOf = (answer: unknown, status: number): Failure => {
  const found = (answer as { failure?: Failure } | null)?.failure;
  if (typeof found?.code === 'string') return found;
  return { code: status >= 502 && status <= 504 ? 'SERVER_UNREACHABLE' : 'INTERNAL' };
};

/** Their answers may come with a new cookie, after which the old one is dead. */
const renewing: readonly ConsoleRoute[] = [
  'console/renew-secrets',
  'passkeys/begin-enrolment',
  'passkeys/prove',
  'passkeys/remove',
];

export interface ApiDeps {
  readonly fetch: (address: string, init: RequestInit) => Promise<Response>;
  /** Empty before anybody is signed in. */
  readonly csrf: () => string;
  /** The session is gone; called once for each such answer. */
  readonly onSignedOut: () => void;
}

export const createApi = ({ fetch, csrf, onSignedOut }: ApiDeps): Api => {
  const send = async (name: ConsoleRoute, parts: Parts, unasked: boolean): Promise<Result<unknown>> => {
    const { method, path } = routes[name];
    const headers: Record<string, string> = { accept: 'application/json' };
    if (method === 'POST') headers['content-type'] = 'application/json';
    if (method === 'POST' && csrf() !== '') headers['x-kazasu-csrf'] = csrf();
    if (unasked) headers['x-kazasu-unasked'] = '1';
    try {
      const response = await fetch(address(path, parts), {
        method,
        headers,
        credentials: 'same-origin',
        cache: 'no-store',
        ...(method === 'POST' ? { body: JSON.stringify(parts.body ?? {}) } : {}),
      });
      const answer: unknown = await response.json().catch(() => null);
      if (response.ok) return { ok: true, value: answer };
      return { ok: false, failure: failureOf(answer, response.status) };
    } catch {
      return { ok: false, failure: { code: 'SERVER_UNREACHABLE' } };
    }
  };
  let begun = 0;
  let ended = 0;
  let renewals: Promise<unknown> = Promise.resolve();
  const sendRenewing: typeof send = async (name, parts, unasked) => {
    begun += 1;
    const sent = send(name, parts, unasked);
    renewals = Promise.all([renewals, sent]);
    const result = await sent;
    ended += 1;
    return result;
  };
  const isSignedOut = (result: Result<unknown>): boolean =>
    !result.ok && result.failure.code === ('CONSOLE_SIGNED_OUT' satisfies FailureCode);
  return {
    call: async <Name extends ConsoleRoute>(name: Name, request: Request<Name>, unasked = false) => {
      const before = ended;
      const parts = request as Parts;
      let result = await (renewing.includes(name) ? sendRenewing : send)(name, parts, unasked);
      // It may have gone out with the old cookie while a new one was on its way. Nothing was done: once more.
      if (isSignedOut(result) && !renewing.includes(name) && begun > before) {
        await renewals;
        result = await send(name, parts, unasked);
      }
      if (isSignedOut(result)) onSignedOut();
      return result as Reply<Name>;
    },
  };
};
