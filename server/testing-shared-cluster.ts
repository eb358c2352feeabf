/** Keeps a PostgreSQL for all test files until the runner that started it has ended. */
import { startSharedCluster } from './testing-cluster.ts';

const { address, stop } = await startSharedCluster();
process.once('disconnect', () => void stop().then(() => process.exit(0)));
process.send?.({ address });
