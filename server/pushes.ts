import type { Pushed } from '#contract/api/terminals.ts';
import { toFrame } from './event-stream.ts';
import type { TerminalStream } from './push.ts';

/** So many streams are written to in one turn of the event loop: whoever taps meanwhile waits a few milliseconds. */
const inOneTurn = 200;

interface UnderWay {
  readonly streams: readonly TerminalStream[];
  readonly heard: Pushed;
  readonly frame: Buffer;
  /** The first stream that has not heard it. */
  next: number;
}

/** One push after the other to all its streams, in turns: every stream hears them in their order. */
export const createPushes = () => {
  const waiting: UnderWay[] = [];
  let working = false;

  const turn = (): void => {
    let left = inOneTurn;
    for (let push = waiting[0]; push !== undefined && left > 0; push = waiting[0]) {
      const some = push.streams.slice(push.next, push.next + left);
      for (const stream of some) stream.hear(push.heard, push.frame);
      push.next += some.length;
      left -= some.length;
      if (push.next >= push.streams.length) waiting.shift();
    }
    working = waiting.length > 0;
    if (working) setImmediate(turn);
  };
  return {
    add: (streams: readonly TerminalStream[], heard: Pushed): void => {
      waiting.push({ streams, heard, frame: toFrame(heard), next: 0 });
      if (working) return;
      working = true;
      turn();
    },
    /** These streams are about to end: they hear now what they would have heard in a moment. */
    hurry: (streams: readonly TerminalStream[]): void => {
      for (const { streams: all, heard, frame, next } of waiting) {
        for (const stream of streams) if (all.indexOf(stream, next) !== -1) stream.hear(heard, frame);
      }
    },
  };
};
