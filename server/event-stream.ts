import type { FastifyReply } from 'fastify';
import type { EventStream } from './routes/handlers.ts';

/** A reader that lets this much pile up (bytes) is cut off; it comes again and asks for what it missed. */
const longestBacklog = 1024 * 1024;
/** So much of a long catch-up is under way at once (bytes). */
const piece = 64 * 1024;

/** One event as it goes over the wire (WHATWG HTML 9.2: one `data:` line). Made once, however many hear it. */
export const toFrame = (data: object): Buffer => Buffer.from(`data: ${JSON.stringify(data)}\n\n`);
const nothing = Buffer.from(':\n\n');

/**
 * Takes the connection over from Fastify. The body goes on until the connection ends, so that a frame is one write and
 * needs no framing of its own (RFC 9112 6.3).
 */
export const openEventStream = (reply: FastifyReply): EventStream => {
  reply.hijack();
  const { raw } = reply;
  const { socket } = raw;
  if (socket === null) throw new Error('a stream without a connection');
  socket.setNoDelay(true);
  raw.useChunkedEncodingByDefault = false;
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  });
  raw.flushHeaders();
  raw.on('error', () => undefined);
  const isOver = (): boolean => raw.writableEnded || socket.destroyed;
  const write = (frame: Buffer): void => {
    if (isOver()) return;
    socket.write(frame);
    if (socket.writableLength > longestBacklog) socket.destroy();
  };
  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      const go = (): void => {
        socket.off('drain', go).off('close', go);
        resolve();
      };
      socket.on('drain', go).on('close', go);
    });
  return {
    send: (data) => write(toFrame(data)),
    write,
    writeAll: async (frames) => {
      let waiting: Buffer[] = [];
      let size = 0;
      const flush = async (): Promise<void> => {
        const free = isOver() || socket.write(Buffer.concat(waiting));
        waiting = [];
        size = 0;
        if (!free) await drained();
      };
      for (const frame of frames) {
        waiting.push(frame);
        size += frame.length;
        if (size >= piece) await flush();
      }
      if (size > 0) await flush();
    },
    keepAlive: () => write(nothing),
    bytesHeard: () => socket.bytesRead,
    end: () => {
      if (!raw.writableEnded) raw.end();
    },
    cut: () => void socket.destroy(),
    onClose: (closed) => {
      if (raw.closed || raw.destroyed) closed();
      else raw.once('close', closed);
    },
  };
};
