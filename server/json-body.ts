import { isUtf8 } from 'node:buffer';
import { errorCodes, type FastifyBodyParser, type FastifyRequest } from 'fastify';

/** Reads a body as JSON. Throws what Fastify throws where it is none. */
export type ReadJson = (request: FastifyRequest, body: Buffer) => unknown;

/**
 * What is not UTF-8 is no JSON: read as text, all bytes that mean nothing would become the same U+FFFD, in numbers and
 * passwords too. A byte order mark is left aside (RFC 8259 8.1). `parse` is Fastify's own.
 */
export const createReadJson =
  (parse: FastifyBodyParser<string>): ReadJson =>
  (request, body) => {
    if (!isUtf8(body)) throw new errorCodes.FST_ERR_CTP_INVALID_JSON_BODY();
    const read: { problem?: Error | null; value?: unknown } = {};
    void parse(request, body.toString(), (problem, value) => Object.assign(read, { problem, value }));
    if (read.problem != null) throw read.problem;
    return read.value;
  };
