import type { Readable } from 'node:stream';

/** Calls `take` with every complete line of a stream, and with what is left when the stream ends. */
export function eachLine(stream: Readable, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) take(part.replace(/\r$/, ''));
  });
  stream.on('end', () => {
    if (rest !== '') take(rest);
    rest = '';
  });
}
