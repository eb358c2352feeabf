import { runFuzz } from './run.ts';
import { startFuzzServer } from './server.ts';

/**
 * Runs the senders in a process of its own, for the test that forked it: the test runner follows every promise of its
 * own process, and there are many here.
 */
process.once('disconnect', () => process.exit());
const [seed, requests, slowest] = process.argv.slice(2).map(Number) as [number, number, number];
const server = await startFuzzServer();
const found = await runFuzz(server, { seed, requests, slowest });
await server.close();
process.send?.({ ...found, said: server.said() }, () => process.disconnect());
