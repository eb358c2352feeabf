import { Pool } from 'undici';
import { type Answer, api, type Call, type GateFailure, type RouteName, type RowFailure } from '#contract/api/index.ts';
import { type Failure, fail, failure, type Result, succeed } from '#contract/errors.ts';
import { parseFromServer } from './from-server.ts';
import type { Identity } from './identity.ts';
import { codeOf, type Log } from './log.ts';
import type { Servers } from './servers.ts';

type Row<Name extends RouteName> = (typeof api)[Name];
/** Requests that a terminal may send. */
export type TerminalRoute = {
  [Name in RouteName]: Row<Name>['sender'] extends 'terminal' | 'anyone' ? Name : never;
}[RouteName];

type Parts<Name extends RouteName> = {
  [Part in 'params' | 'query' | 'body' as Call<Name>[Part] extends undefined ? never : Part]: Call<Name>[Part];
};
/** A body that was made outside, because it holds a secret: it is overwritten after sending. */
export type Request<Name extends RouteName> =
  | Parts<Name>
  | (Omit<Parts<Name>, 'body'> & { readonly secretBody: Buffer });
export type Code<Name extends RouteName> = RowFailure<Name> | GateFailure | 'SERVER_UNREACHABLE';
export type Reply<Name extends RouteName> = Result<Answer<Name>, Code<Name>>;

/** Connections for what a person waits for, and others, so that nothing else stands in their way. */
export type Lane = 'login' | 'background';
export interface CallOptions {
  readonly lane?: Lane;
  /** Milliseconds until the call counts as unanswered. */
  readonly limit?: number;
}

export interface Http {
  call<Name extends TerminalRoute>(name: Name, request: Request<Name>, options?: CallOptions): Promise<Reply<Name>>;
  /** Opens the connections of the login lane, or keeps them open. */
  warm(): Promise<void>;
  /** Lets calls end, then closes. */
  close(): Promise<void>;
  /** Closes at once; calls under way count as unanswered. */
  destroy(): Promise<void>;
}

const loginConnections = 4;
/** So many are kept open: one for the tap, one for what a second person does at the same moment. */
const warmConnections = 2;
const callLimit = 2_000;
const connectLimit = 1_500;
/** Largest answer that is taken (bytes). */
const longestAnswer = 1 << 20;

export interface HttpDeps {
  readonly servers: Servers;
  /** Certificates to trust, PEM; nothing else is trusted. */
  readonly authority: string;
  /** Without one only what anyone may send is answered. */
  readonly identity: Identity | null;
  readonly log: Log;
}

const harmlessTwice: ReadonlySet<RouteName> = new Set<RouteName>(['attempts/begin', 'nonces/give', 'server/health']);
/** They carry an idempotency key: whichever server is asked again answers as the first one did. */
const keyed: ReadonlySet<RouteName> = new Set<RouteName>(['attempts/prove', 'attempts/settle', 'emergencies/open']);
/** How long a server has for one of them while there is another one: a secret waits about a second for its turn there. */
const firstPatience = 1_200;
const closedByServer: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);
/** There was no connection, so nothing was sent: any call may be sent to another server. */
const neverSent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Options for a connection: TLS 1.3, the pinned authority, the terminal's certificate. */
export const tlsOf = ({ authority, identity }: Pick<HttpDeps, 'authority' | 'identity'>) => ({
  ca: authority,
  minVersion: 'TLSv1.3' as const,
  timeout: connectLimit,
  ...(identity === null ? {} : { cert: identity.certificate, key: identity.privateKey }),
});

export function createHttp(deps: HttpDeps): Http {
  const { servers } = deps;
  const poolOf = (origin: string, connections: number) =>
    new Pool(origin, {
      connections,
      connect: tlsOf(deps),
      keepAliveTimeout: 60_000,
      keepAliveMaxTimeout: 600_000,
      maxResponseSize: longestAnswer,
    });
  type Lanes = Readonly<Record<Lane, Pool>>;
  const open = new Map<string, Lanes>();
  let isOver = false;
  const closeAll = async (how: 'close' | 'destroy', kept: string | null): Promise<void> => {
    const old = [...open].filter(([origin]) => origin !== kept);
    for (const [origin] of old) open.delete(origin);
    isOver ||= kept === null;
    await Promise.all(old.flatMap(([, lanes]) => Object.values(lanes).map((pool) => pool[how]())));
  };
  /** Calls under way to the server that was left may still be answered. */
  const lanesOf = (origin: string): Lanes => {
    const known = open.get(origin);
    if (known !== undefined) return known;
    void closeAll('close', origin);
    const lanes = { login: poolOf(origin, loginConnections), background: poolOf(origin, 1) };
    open.set(origin, lanes);
    return lanes;
  };

  async function call<Name extends TerminalRoute>(
    name: Name,
    request: Request<Name>,
    options: CallOptions = {},
  ): Promise<Reply<Name>> {
    const row = api[name];
    const parts = request as { params?: object; query?: object; body?: unknown; secretBody?: Buffer };
    const body = parts.secretBody ?? (parts.body === undefined ? null : JSON.stringify(parts.body));
    const limit = options.limit ?? callLimit;
    const whole = AbortSignal.timeout(limit);
    let asked = '';
    const sendTo = async (origin: string, signal: AbortSignal) => {
      const { statusCode, body: answer } = await lanesOf(origin)[options.lane ?? 'login'].request({
        method: row.method,
        path: pathOf(row.path, parts.params ?? {}, parts.query ?? {}),
        headers: { accept: 'application/json', ...(body === null ? {} : { 'content-type': 'application/json' }) },
        body,
        signal,
      });
      return readAnswer(name, statusCode, await answer.text()) as Reply<Name>;
    };
    /** Asks the next server for as long as nothing was sent and there is one. `patience`: milliseconds for each. */
    const send = async (patience: number, signal: AbortSignal, others = servers.count - 1): Promise<Reply<Name>> => {
      const origin = servers.current();
      asked = origin;
      // Who waits for this call gives up; the next one goes elsewhere.
      const waiting = setTimeout(() => servers.leave(origin), patience);
      try {
        return await sendTo(origin, signal);
      } catch (error) {
        const unsent = neverSent.has(codeOf(error));
        if (unsent) servers.leave(origin);
        if (unsent && others > 0) return send(patience, signal, others - 1);
        throw error;
      } finally {
        clearTimeout(waiting);
      }
    };
    const sendOnce = () => send(Math.min(limit, callLimit), whole);
    /** When it was cut, or not answered while there is another server: once more, to the next one. */
    const sendKeyed = async (): Promise<Reply<Name>> => {
      const own = AbortSignal.timeout(firstPatience);
      const first = servers.count === 1 ? whole : AbortSignal.any([whole, own]);
      try {
        const reply = await send(firstPatience, first);
        if (reply.ok || reply.failure.code !== 'SERVER_UNREACHABLE') return reply;
      } catch (error) {
        const isGivenUp = first.aborted && !whole.aborted;
        if (isOver || (!isGivenUp && !closedByServer.has(codeOf(error)))) throw error;
      }
      servers.leave(asked);
      deps.log.info('call-repeated', { call: name });
      return sendOnce();
    };
    try {
      if (keyed.has(name)) return await sendKeyed();
      return await sendOnce().catch((error: unknown) => {
        // A kept connection that the server closed at this very moment: ask once more where twice is no harm.
        if (harmlessTwice.has(name) && closedByServer.has(codeOf(error))) return sendOnce();
        throw error;
      });
    } catch (error) {
      deps.log.info('call-unanswered', { call: name, code: codeOf(error) });
      return fail('SERVER_UNREACHABLE') as Reply<Name>;
    } finally {
      parts.secretBody?.fill(0);
    }
  }

  function readAnswer(name: TerminalRoute, status: number, text: string): Result<unknown> {
    const answer = parseJson(text);
    if (status >= 200 && status < 300) {
      const parsed = parseFromServer(api[name].answer, answer);
      if (parsed.success) return succeed(parsed.data);
      deps.log.error('answer-foreign', { call: name, status });
      return fail('INTERNAL');
    }
    return { ok: false, failure: failureOf(answer, status) };
  }

  return {
    call,
    async warm() {
      const ask = () => call('server/health', {} as Request<'server/health'>);
      await Promise.all(Array.from({ length: warmConnections }, ask));
    },
    close: () => closeAll('close', null),
    destroy: () => closeAll('destroy', null),
  };
}

/** The failure that an answer carries, by itself or as the member `failure`. */
export function failureOf(answer: unknown, status: number): Failure {
  const inner = typeof answer === 'object' && answer !== null && 'failure' in answer ? answer.failure : answer;
  const parsed = parseFromServer(failure, inner);
  if (parsed.success) return parsed.data as Failure;
  return { code: status >= 502 && status <= 504 ? 'SERVER_UNREACHABLE' : 'INTERNAL' };
}

export function pathOf(path: string, params: object, query: object): string {
  const given = params as Readonly<Record<string, unknown>>;
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(given[name])));
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return search === '' ? filled : `${filled}?${search}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
