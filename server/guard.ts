import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { api, type Late, type RouteName } from '#contract/api/index.ts';
import type { Row } from '#contract/api/row.ts';
import { type Failure, fail, failures, type Result, succeed } from '#contract/errors.ts';
import { names, scimType, sendScimFailure } from './directory/answer.ts';
import { spellMessage } from './directory/message.ts';
import { openEventStream } from './event-stream.ts';
import { freeBytes } from './free-bytes.ts';
import type { ReadJson } from './json-body.ts';
import type { Metrics } from './metrics.ts';
import type { Refusals } from './refusals.ts';
import type {
  EventStream,
  Handlers,
  Reply,
  Sender,
  StreamHandlers,
  StreamRequest,
  TerminalSender,
} from './routes/handlers.ts';
import { type Admitted, admit, type Foreign, type SenderDeps } from './sender.ts';
import { DatabaseAway } from './store/database.ts';

declare module 'fastify' {
  interface FastifyRequest {
    admitted: Admitted | null;
  }
}

export interface GateDeps extends SenderDeps {
  readonly refusals: Refusals;
  readonly metrics: Metrics;
  readonly readJson: ReadJson;
  /** Whether every answer is held against its schema. A wrong one is a bug. */
  readonly checkAnswers: boolean;
}

const kibibyte = 1024;
const bodyLimits: Partial<Record<RouteName, number>> = {
  'terminals/report': 2048 * kibibyte,
  // The text of a file, escaped: a byte of it may take two.
  'people/preview-import': 8192 * kibibyte,
  'people/apply-import': 8192 * kibibyte,
  // All people of a hospital as members of one group.
  'scim/add-group': 2048 * kibibyte,
  'scim/replace-group': 2048 * kibibyte,
  'scim/patch-group': 2048 * kibibyte,
};
/** The longest body that a call takes, in bytes. */
export const bodyLimitOf = (name: RouteName): number => bodyLimits[name] ?? 32 * kibibyte;

interface Parsed {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly headers: unknown;
}
type AnyHandler = (input: Parsed, sender: Sender, reply: Reply) => Promise<Result<unknown>>;
type AnyStreamHandler = (input: Parsed, sender: Sender, request: StreamRequest) => Promise<Result<'open'>>;
type Problem = NonNullable<Failure['problems']>[number];

/** What is wrong, without what was sent. */
const describe = (where: string, error: z.ZodError): Problem[] =>
  error.issues.slice(0, 10).map((issue) => ({
    path: [where, ...issue.path.map(String)].join('.').slice(0, 100),
    rule: 'format' in issue ? `${issue.code}:${issue.format}` : issue.code,
  }));

const parse = (row: Row, request: FastifyRequest): Result<Parsed, 'REQUEST_INVALID'> => {
  const problems: Problem[] = [];
  const read = (where: keyof Parsed, schema: z.ZodType | undefined, given: unknown): unknown => {
    if (schema === undefined) {
      if (where === 'query' && Object.keys(given ?? {}).length > 0) problems.push({ path: where, rule: 'empty' });
      return undefined;
    }
    const parsed = schema.safeParse(given);
    if (!parsed.success) problems.push(...describe(where, parsed.error));
    return parsed.data;
  };
  const sent = row.sender === 'directory' ? spellMessage(request.body) : request.body;
  const parsed = {
    params: read('params', row.params, request.params),
    query: read('query', row.query, request.query),
    body: row.readsLate === undefined ? read('body', row.body, sent) : undefined,
    headers: read('headers', row.headers, request.headers),
  };
  return problems.length > 0 ? fail('REQUEST_INVALID', { problems }) : { ok: true, value: parsed };
};

const noJson = { code: 'REQUEST_INVALID', problems: [{ path: 'body', rule: 'json' }] } as const satisfies Failure;

interface LateBody {
  readonly body: Late<unknown>;
  /** What was wrong with it when it was read last, and what it is as far as it is JSON. */
  readonly refused: () => { readonly failure: Failure; readonly body: unknown } | undefined;
  /** It is not read any more. */
  readonly letGo: () => void;
}

const createLateBody = (row: Row, request: FastifyRequest, readJson: ReadJson): LateBody => {
  const sent = request.body;
  let refused: ReturnType<LateBody['refused']>;
  const refuse = (failure: Failure<'REQUEST_INVALID'>, body: unknown) => {
    refused = { failure, body };
    return { ok: false, failure } as const;
  };
  return {
    refused: () => refused,
    letGo: () => {
      if (Buffer.isBuffer(sent)) freeBytes(sent);
    },
    body: {
      bytes: Buffer.isBuffer(sent) ? sent : Buffer.alloc(0),
      read: () => {
        let body: unknown = sent;
        try {
          if (Buffer.isBuffer(sent)) body = readJson(request, sent);
        } catch {
          return refuse(noJson, undefined);
        }
        const parsed = (row.body ?? z.undefined()).safeParse(body);
        if (parsed.success) return succeed(parsed.data);
        return refuse({ code: 'REQUEST_INVALID', problems: describe('body', parsed.error) }, body);
      },
    },
  };
};

/** Whether a body, or a part of a list in it, says that it is of another terminal than the one whose certificate it came with. */
const namesAnother = (body: unknown, { terminal }: TerminalSender): boolean => {
  const parts = typeof body === 'object' && body !== null ? [body, ...Object.values(body).flat()] : [];
  return parts.some(
    (part) => typeof part === 'object' && part !== null && 'terminal' in part && part.terminal !== terminal,
  );
};

export const sendFailure = (reply: FastifyReply, failure: Failure): FastifyReply => {
  if (failure.retryAfterSeconds !== undefined) reply.header('retry-after', failure.retryAfterSeconds);
  return reply.code(failures[failure.code].status).send({ failure });
};

/** A directory is answered in its own form. */
const refusalOf = (name: RouteName) => (api[name].sender === 'directory' ? sendScimFailure : sendFailure);

/** How soon the database may be there again. */
const awaySeconds = 1;

/** The sender was gone before the whole body had come. */
const isCutOff = (problem: unknown): boolean => (problem as { code?: string }).code === 'ECONNRESET';

/** Turns a thrown problem into a failure: a database that is away, or what Fastify refuses by itself. `undefined`: a bug. */
export const readThrown = (problem: unknown): Failure | undefined => {
  if (problem instanceof DatabaseAway) return { code: 'SERVER_BUSY', retryAfterSeconds: awaySeconds };
  const { statusCode, code } = problem as { statusCode?: number; code?: string };
  if (statusCode === 413) return { code: 'REQUEST_TOO_LARGE' };
  const ofSender = code?.startsWith('FST_ERR_') === true || isCutOff(problem) || problem instanceof SyntaxError;
  if (ofSender && statusCode !== undefined && statusCode < 500) {
    return noJson;
  }
  return undefined;
};

/** Whether the sender has what is asked for already (RFC 9110 13.1.2). */
const isUnchanged = (request: FastifyRequest, reply: FastifyReply): boolean => {
  const asked = request.headers['if-none-match'];
  const tag = reply.getHeader('etag');
  return request.method === 'GET' && asked !== undefined && typeof tag === 'string' && names(asked, tag);
};

/** Registers the whole table: right sender, right payload, handler, answer. */
export const registerGate = (
  app: FastifyInstance,
  handlers: Handlers,
  streams: StreamHandlers,
  deps: GateDeps,
): void => {
  app.decorateRequest('admitted', null);

  const refuse = async (
    name: RouteName,
    request: FastifyRequest,
    reply: FastifyReply,
    foreign: Foreign,
    details: Omit<Failure, 'code'> = {},
  ): Promise<FastifyReply> => {
    // A first visit without a cookie is nothing to write down.
    if (foreign.why !== 'no-cookie') {
      const { code, why, terminal = null, person = null, directory } = foreign;
      deps.refusals.note({ code, call: name, address: request.ip, terminal, person, directory, why });
    }
    if (foreign.cut === true) {
      reply.header('connection', 'close');
      reply.raw.once('finish', () => request.raw.socket.destroySoon());
    }
    const { code, retryAfterSeconds } = foreign;
    return refusalOf(name)(reply, {
      ...details,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      code,
    });
  };

  const senderOf = (request: FastifyRequest): Sender => {
    if (request.admitted === null || !('sender' in request.admitted)) throw new Error('the gate was passed by');
    return request.admitted.sender;
  };

  const refuseShape = (
    name: RouteName,
    request: FastifyRequest,
    reply: FastifyReply,
    { code, ...details }: Failure,
    body: unknown = request.body,
  ): Promise<FastifyReply> => {
    const sender = senderOf(request);
    if (sender.kind === 'terminal' && namesAnother(body, sender)) {
      return refuse(name, request, reply, {
        code: 'TERMINAL_OTHER',
        why: 'other-terminal',
        terminal: sender.terminal,
      });
    }
    return refuse(
      name,
      request,
      reply,
      {
        code,
        why: 'shape',
        ...(sender.kind === 'terminal' ? { terminal: sender.terminal } : {}),
        ...(sender.kind === 'console' ? { person: sender.person } : {}),
        ...(sender.kind === 'directory' ? { directory: sender.name } : {}),
      },
      details,
    );
  };

  const handleStream = async (
    name: 'terminals/stream' | 'console/stream',
    input: Parsed,
    sender: Sender,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<unknown> => {
    let stream: EventStream | undefined;
    const open = (): EventStream => {
      stream = openEventStream(reply);
      return stream;
    };
    const onClose = (closed: () => void): void => void reply.raw.once('close', closed);
    try {
      const result = await (streams[name] as unknown as AnyStreamHandler)(input, sender, { open, onClose });
      if (result.ok) return reply;
      deps.metrics.countResult(name, result.failure.code);
      return sendFailure(reply, result.failure);
    } catch (problem) {
      if (stream === undefined) throw problem;
      request.log.error({ err: problem }, 'a stream ended with a bug');
      stream.end();
      return reply;
    }
  };

  const handle = async (name: RouteName, row: Row, request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const parsed = parse(row, request);
    if (!parsed.ok) return refuseShape(name, request, reply, parsed.failure);
    const sender = senderOf(request);
    if (name === 'terminals/stream' || name === 'console/stream') {
      return handleStream(name, parsed.value, sender, request, reply);
    }
    const handler = handlers[name] as unknown as AnyHandler;
    const setCookie: Reply['setCookie'] = (cookie, value, options) => void reply.setCookie(cookie, value, options);
    const setHeader: Reply['setHeader'] = (header, value) => void reply.header(header, value);
    const late = row.readsLate === undefined ? undefined : createLateBody(row, request, deps.readJson);
    const input = late === undefined ? parsed.value : { ...parsed.value, body: late.body };
    const result = await handler(input, sender, { setCookie, setHeader });
    late?.letGo();
    const refused = late?.refused();
    if (refused !== undefined) return refuseShape(name, request, reply, refused.failure, refused.body);
    deps.metrics.countResult(name, result.ok ? 'OK' : result.failure.code);
    if (!result.ok) return refusalOf(name)(reply, result.failure);
    const answer = deps.checkAnswers ? row.answer.parse(result.value) : result.value;
    if (isUnchanged(request, reply)) return reply.code(304).send();
    if (row.status === 204) return reply.code(204).send();
    if (row.sender === 'directory') reply.type(scimType).serializer(JSON.stringify);
    return reply.code(row.status ?? 200).send(answer);
  };

  for (const [key, row] of Object.entries(api) as [RouteName, Row][]) {
    app.route({
      method: row.method,
      url: row.path,
      bodyLimit: bodyLimitOf(key),
      config: { call: key },
      exposeHeadRoute: false,
      onRequest: async (request, reply) => {
        reply.header('cache-control', 'no-store');
        if (row.sender === 'terminal') reply.raw.once('close', deps.hub.engage(request.raw.socket));
        request.admitted = await admit(row, request, deps);
        if ('foreign' in request.admitted) {
          deps.metrics.countResult(key, request.admitted.foreign.code);
          return refuse(key, request, reply, request.admitted.foreign);
        }
        return undefined;
      },
      errorHandler: async (problem, request, reply) => {
        const failure = readThrown(problem) ?? { code: 'INTERNAL' as const };
        deps.metrics.countResult(key, failure.code);
        // Nobody is there any more to be answered or told of.
        if (isCutOff(problem) && request.raw.destroyed) return sendFailure(reply, failure);
        if (failure.code === 'INTERNAL') request.log.error({ err: problem, call: key }, 'a request ended with a bug');
        if (failure.code === 'INTERNAL' || failure.code === 'SERVER_BUSY') return refusalOf(key)(reply, failure);
        return refuseShape(key, request, reply, failure);
      },
      handler: (request, reply) => handle(key, row, request, reply),
    });
  }
};
