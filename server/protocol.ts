import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type FailureCode, failures } from '#contract/errors.ts';

/** Answers what is no HTTP, in the form of every other refusal, and hears no more of that connection. Undefined: it is gone. */
export const refuseProtocol = (
  { code: problem }: { readonly code?: string | undefined },
  socket: Pick<Socket, 'destroyed' | 'writable' | 'remoteAddress' | 'destroy' | 'end'>,
): FailureCode | undefined => {
  const isGone = socket.destroyed || !socket.writable || socket.remoteAddress === undefined;
  if (problem === 'ECONNRESET' || isGone) {
    socket.destroy();
    return undefined;
  }
  const code = problem === 'HPE_HEADER_OVERFLOW' ? 'REQUEST_TOO_LARGE' : 'REQUEST_INVALID';
  const { status } = failures[code];
  const body = JSON.stringify({ failure: { code } });
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'cache-control: no-store',
      'x-content-type-options: nosniff',
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
  return code;
};
