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

/** What JSON's own reader makes of it; undefined where it is none. Names such as `__proto__` are not refused. */
export const tryReadPlainJson = (body: Buffer): unknown => {
  try {
    return isUtf8(body) ? JSON.parse(body.toString()) : undefined;
  } catch {
    return undefined;
  }
};

/**
 * Gives the memory of a body back that nobody reads any more, where it has its own: it is empty then. Left to the collector of
 * garbage, hundreds of kilobytes of each report outlived its quick rounds, and had it go through the whole heap again and again.
 */
export const freeBytes = (body: Buffer): void => {
  const { buffer } = body;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === body.byteLength) buffer.transfer(0);
};
