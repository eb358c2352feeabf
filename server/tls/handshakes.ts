import type { Server, Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

/** Length of a turn (milliseconds). */
const turnMs = 4;
/** Handshakes that may begin in a second: with an idle event loop, above so much of it busy, and in any case. */
const usual = { below: 0.75, rate: 1000 };
const some = { below: 0.95, rate: 300 };
const fewest = 150;
/** However long a turn took. */
const mostInOneTurn = 16;
/** Whoever has waited longer has given up (milliseconds). */
const longestWait = 10_000;
const mostWaiting = 20_000;

interface Waiting {
  readonly socket: Socket;
  readonly since: number;
}

/**
 * A handshake costs a millisecond of the one thread that also answers taps, and after a switch has failed every terminal
 * makes several at once. So they begin a few at a time, as far as there is time left, and the newest connection first:
 * a person who holds a card over a reader now has just opened theirs, and those who gave up cost nothing.
 * `server` must have been made with `pauseOnConnect`. Answers how to stop: who still waits is turned away.
 */
export const paceHandshakes = (server: Server): (() => void) => {
  const begin = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  let turns = 0;
  /** Handshakes that may begin now. */
  let credit = usual.rate * (turnMs / 1000);
  let since = performance.now();
  let before = performance.eventLoopUtilization();

  const start = (socket: Socket): void => {
    credit -= 1;
    for (const listener of begin) listener.call(server, socket);
  };
  const earn = (): void => {
    const { utilization } = performance.eventLoopUtilization(before);
    before = performance.eventLoopUtilization();
    const rate = utilization < usual.below ? usual.rate : utilization < some.below ? some.rate : fewest;
    const now = performance.now();
    credit = Math.min(mostInOneTurn, credit + (rate * (now - since)) / 1000);
    since = now;
  };
  const dropOld = (): void => {
    const now = performance.now();
    const old = waiting.filter(({ since }) => now - since > longestWait);
    if (old.length === 0 && waiting.length <= mostWaiting) return;
    const drop = new Set([...old, ...waiting.slice(0, Math.max(0, waiting.length - mostWaiting))]);
    waiting = waiting.filter((one) => !drop.has(one));
    for (const { socket } of drop) socket.destroy();
  };
  const turn = (): void => {
    turns += 1;
    if (turns % 100 === 0) dropOld();
    earn();
    while (credit >= 1) {
      const next = waiting.pop();
      if (next === undefined) {
        clearInterval(timer);
        timer = undefined;
        return;
      }
      if (!next.socket.destroyed) start(next.socket);
    }
  };
  server.on('connection', (socket: Socket) => {
    if (timer === undefined) earn();
    if (waiting.length === 0 && credit >= 1) return start(socket);
    waiting.push({ socket, since: performance.now() });
    timer ??= setInterval(turn, turnMs);
  });
  return () => {
    for (const { socket } of waiting) socket.destroy();
    waiting = [];
  };
};
