/** Keeps a database for tests of several server processes until it is told to end. Says where it is. */
import { openTestDatabase } from './testing-cluster.ts';

const { connectionString, close } = await openTestDatabase({
  report: (what) => void process.stderr.write(`${new Date().toISOString()} ${what}\n`),
});
process.once('SIGTERM', () => void close().then(() => process.exit(0)));
// Whose parent dies is told so by each thread of the parent: a second time must not end it half-way.
process.on('SIGTERM', () => undefined);
process.stdout.write(`${JSON.stringify({ ready: true, connectionString })}\n`);
