import type { IncomingMessage } from 'node:http';

/** Headers of which there may be one (RFC 9110 5.3): Node takes the first, and whatever stands in front of it may take the last. */
const single: ReadonlySet<string> = new Set(['host', 'authorization', 'content-type']);

/** Whether a request says twice of whom it asks, who asks or what it brings; `cookie` is the one that says who asks. */
export const isSaidTwice = (
  { rawHeaders, headers }: Pick<IncomingMessage, 'rawHeaders' | 'headers'>,
  cookie: string,
): boolean => {
  const seen = new Set<string>();
  for (let place = 0; place < rawHeaders.length; place += 2) {
    const name = rawHeaders[place]?.toLowerCase() ?? '';
    if (single.has(name) && seen.has(name)) return true;
    seen.add(name);
  }
  const named = headers.cookie?.split(';').filter((one) => one.split('=', 1)[0]?.trim() === cookie) ?? [];
  return named.length > 1;
};
