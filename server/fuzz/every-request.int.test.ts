import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Found } from './run.ts';

/**
 * `KAZASU_FUZZ_SEED` draws the same values again, which go out in another order; `KAZASU_FUZZ_REQUESTS` sends more or
 * fewer; `KAZASU_FUZZ_SLOWEST` are milliseconds that one answer may take, for a machine that has other work.
 */
const { env } = process;
/** The same each time, so that nobody's work is stopped by what somebody else's left: look for more with other seeds. */
const usualSeed = 20261125;
/** With so many every route is reached. */
const usualRequests = 100_000;
const seed = Number(env['KAZASU_FUZZ_SEED'] ?? usualSeed);
const requests = Number(env['KAZASU_FUZZ_REQUESTS'] ?? usualRequests);
const slowest = Number(env['KAZASU_FUZZ_SLOWEST'] ?? 20_000);

/** The clients, and under them the server. */
const run = async (): Promise<Found & { readonly said: string }> => {
  const child = fork(fileURLToPath(new URL('./clients.ts', import.meta.url)), [seed, requests, slowest].map(String), {
    execArgv: ['--max-semi-space-size=64'],
  });
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the clients ended with ${code}`)));
  const [found] = await Promise.race([once(child, 'message'), ended]);
  await ended.catch(() => undefined);
  return found as Found & { readonly said: string };
};

it('answers whatever is made from the schemas in time, as its rows say, without a bug and without a leak', async (t) => {
  const found = await run();
  const { count, seconds, longest, wrong, perRoute, start, end } = found;
  const again = `KAZASU_FUZZ_SEED=${seed}`;
  const used = end.cpuSeconds - start.cpuSeconds;
  t.diagnostic(
    `${again}: ${count} requests in ${seconds.toFixed(1)} s (processor: server ${used.toFixed(1)} s, clients ${found.cpuSeconds.toFixed(1)} s)`,
  );
  t.diagnostic(`longest ${longest.toFixed()} ms; heap ${start.heap >> 20} to ${end.heap >> 20} MiB`);
  for (const { name, sent, accepted, codes } of perRoute) {
    t.diagnostic(`${name}: ${accepted} of ${sent} accepted; ${JSON.stringify(codes)}`);
  }
  assert.equal(wrong.join('\n'), '', again);
  assert.ok(count >= requests);
  const never = perRoute.filter(({ accepted, refused }) => accepted === 0 && refused.length === 0);
  const few = requests < usualRequests ? 10 : 0;
  assert.ok(
    never.length <= few,
    `${again}: nothing came past the shape of ${never.map(({ name }) => name).join(', ')}`,
  );
  assert.deepEqual(end.stuck, [], 'a connection of the database hangs');
  assert.ok(end.connections <= start.connections + 20, `${end.connections} connections of the database`);
  assert.ok(end.heap < 2 * start.heap + 64 * 2 ** 20, `the heap grew from ${start.heap} to ${end.heap} bytes`);
  assert.ok(end.handles <= start.handles + 50, `handles grew from ${start.handles} to ${end.handles}`);
  assert.equal(found.said, '');
});
