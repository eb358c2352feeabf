import assert from 'node:assert/strict';
import type { TestSender, TestServer } from './testing.ts';

/** A stream of server-sent events as a test reads it. */
export interface TestStream {
  /** Waits for the next event that fits; those before it are passed over. Fails after five seconds. */
  next<Event extends { kind?: string }>(fits: (event: Event) => boolean): Promise<Event>;
  /** Everything that came so far. */
  readonly events: readonly object[];
  /** Resolves when the server has ended it. */
  readonly ended: Promise<void>;
  close(): void;
}

const patience = 5000;

const within = async <T>(work: Promise<T>, what: string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within ${patience} ms`)), patience);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

export const openStream = async (server: TestServer, from: TestSender, path: string): Promise<TestStream> => {
  const controller = new AbortController();
  const answer = await server.send(from, path, { signal: controller.signal });
  assert.equal(answer.status, 200, await (answer.status === 200 ? '' : answer.text()));
  assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/);
  const events: object[] = [];
  let taken = 0;
  let wake = (): void => undefined;
  let over = false;

  const read = async (): Promise<void> => {
    let rest = '';
    try {
      for await (const chunk of answer.body ?? []) {
        const blocks = `${rest}${Buffer.from(chunk).toString('utf8')}`.split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) if (block.startsWith('data: ')) events.push(JSON.parse(block.slice(6)));
        wake();
      }
    } catch {
      // Cut: that is an end too.
    }
    over = true;
    wake();
  };
  const ended = read();
  const find = async <Event>(fits: (event: Event) => boolean): Promise<Event> => {
    for (;;) {
      while (taken < events.length) {
        const event = events[taken] as Event;
        taken += 1;
        if (fits(event)) return event;
      }
      if (over) throw new Error(`the stream ended after ${JSON.stringify(events)}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    next: (fits) => within(find(fits), 'the event'),
    events,
    get ended() {
      return within(ended, 'the end');
    },
    close: () => controller.abort(),
  };
};
