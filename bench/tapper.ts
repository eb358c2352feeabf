import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { TestServer } from '#server/testing.ts';
import { makeClinician } from '#server/testing-login.ts';
import { admitFleet } from './fleet.ts';
import type { ServerAlone } from './server-alone.ts';

/** One terminal at which a known card is tapped, over connections that are open. */
export interface Tapper {
  /** Milliseconds from the request to its whole answer. */
  tap(): Promise<number>;
  measure(count: number): Promise<number[]>;
  /** Taps every 20 ms until it is stopped; answers all times. */
  start(): { stop(): Promise<number[]> };
  stop(): Promise<void>;
}

export async function createTapper(alone: ServerAlone): Promise<Tapper> {
  const { authority, database, port, secrets } = alone;
  const { evidence } = await makeClinician({
    database,
    secrets,
    now: () => new Date(),
    advance: () => undefined,
  } as unknown as TestServer);
  const [own] = await admitFleet(alone, 1);
  if (own === undefined) throw new Error('no terminal');
  const agent = new Agent({
    connect: { ca: authority.certificate, key: own.key, cert: own.certificate },
    keepAliveTimeout: 60_000,
    connections: 2,
  });
  const tap = async (): Promise<number> => {
    const since = performance.now();
    const answer = await request(`https://localhost:${port}/v1/attempts`, {
      dispatcher: agent,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ lock: randomUUID(), card: evidence }),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`a tap was refused: ${text}`);
    return performance.now() - since;
  };
  return {
    tap,
    async measure(count) {
      const times: number[] = [];
      for (let round = 0; round < count; round += 1) {
        times.push(await tap());
        await delay(20);
      }
      return times;
    },
    start() {
      let going = true;
      const times: number[] = [];
      const run = (async () => {
        while (going) {
          times.push(await tap());
          await delay(20);
        }
      })();
      return {
        async stop() {
          going = false;
          await run;
          return times;
        },
      };
    },
    stop: () => agent.close(),
  };
}
