/** Another process of a test's server, in a process of its own so that it can be killed. Arguments: folder, database. */
import { startTestServer } from './testing.ts';

const [folder = '', connectionString = ''] = process.argv.slice(2);
const { origin } = await startTestServer({ beside: { folder, connectionString, now: () => new Date() } });
process.once('disconnect', () => process.exit(0));
process.send?.({ origin });
