import type { FastifyReply } from 'fastify';
import type { EventStream } from './routes/handlers.ts';

/** A reader that lets this much pile up (bytes) is cut off; it comes again and asks for what it missed. */
const longestBacklog = 1024 * 1024;

/** Takes the connection over from Fastify (WHATWG HTML 9.2: one `data:` line for each event). */
export const openEventStream = (reply: FastifyReply): EventStream => {
  reply.hijack();
  const { raw } = reply;
  raw.socket?.setNoDelay(true);
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  raw.flushHeaders();
  raw.on('error', () => undefined);
  const write = (text: string): void => {
    if (raw.writableEnded || raw.destroyed) return;
    raw.write(text);
    if (raw.writableLength > longestBacklog) raw.destroy();
  };
  return {
    send: (data) => write(`data: ${JSON.stringify(data)}\n\n`),
    keepAlive: () => write(':\n\n'),
    end: () => {
      if (!raw.writableEnded) raw.end();
    },
    onClose: (closed) => {
      if (raw.closed || raw.destroyed) closed();
      else raw.once('close', closed);
    },
  };
};
