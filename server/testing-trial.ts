import fc from 'fast-check';
import { api, type RouteName } from '#contract/api/index.ts';
import type { Row } from '#contract/api/row.ts';
import { type FailureCode, failures } from '#contract/errors.ts';
import type { TestSender, TestServer } from './testing.ts';
import { validOf } from './testing-shapes.ts';

export const drawOne = (arbitrary: fc.Arbitrary<unknown>): unknown => fc.sample(arbitrary, 1)[0];

/** A path of the row, with identifiers of nothing where none are given. */
export const fillPath = ({ path, params }: Row, given: Readonly<Record<string, unknown>> = {}): string => {
  const drawn = params === undefined ? {} : (drawOne(validOf(params)) as Record<string, unknown>);
  return path.replaceAll(/:([a-z]+)/gi, (_, name: string) => encodeURIComponent(String(given[name] ?? drawn[name])));
};

export interface Request {
  readonly path?: string;
  readonly method?: string;
  /** Text is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Requests for one route that must be refused; keeps what was answered otherwise, and what the log has to tell. */
export const createTrial = (server: TestServer, name: RouteName) => {
  const row: Row = api[name];
  const type = row.sender === 'directory' ? 'application/scim+json' : 'application/json';
  const takesBody = row.method === 'POST' || row.body !== undefined;
  const since = server.now();
  const wrong: string[] = [];
  const promised = new Set<string>();

  const send = async (from: TestSender, { path = fillPath(row), method = row.method, ...given }: Request) => {
    const body = given.body === undefined && takesBody && method === row.method ? {} : given.body;
    const options = {
      method,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      headers: { ...(body === undefined ? {} : { 'content-type': type }), ...given.headers },
    };
    // A revoked terminal may be cut before it is answered.
    const again = () => server.send(from, path, options);
    const answer = await again().catch(again).catch(again);
    const text = await answer.text();
    const said = (text.startsWith('{') ? JSON.parse(text) : {}) as { failure?: { code: string }; detail?: string };
    return { status: answer.status, code: said.failure?.code ?? said.detail?.split(':')[0] };
  };
  return {
    row,
    /** Sends a request that must be refused with one of these codes; `notedFrom`: the log has to tell of this address. */
    refuses: async (
      what: string,
      from: TestSender,
      sent: Request,
      codes: FailureCode | readonly FailureCode[],
      notedFrom?: string,
      call: string = name,
    ): Promise<void> => {
      const { status, code } = await send(from, sent);
      const known = [codes].flat().find((each) => each === code);
      if (known === undefined || failures[known].status !== status) {
        wrong.push(`${what}: ${status} ${code} in the place of ${[codes].flat().join(' or ')}`);
      } else if (notedFrom !== undefined) promised.add(`${known} of ${call} from ${notedFrom}`);
    },
    /** What was not as it has to be. */
    problems: async (): Promise<string[]> => {
      await server.app.settled();
      const events = await server.database.query<{ told: string }>(
        `select concat(detail->>'code', ' of ', detail->>'call', ' from ', detail->>'address') as told from event
          where kind = 'request.refused' and at >= $1`,
        [since],
      );
      const told = new Set(events.map((event) => event.told));
      return [
        ...wrong,
        ...[...promised].filter((line) => !told.has(line)).map((line) => `the log does not tell: ${line}`),
      ];
    },
  };
};
export type Trial = ReturnType<typeof createTrial>;
