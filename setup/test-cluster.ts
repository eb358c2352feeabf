import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from './paths.ts';

/** One PostgreSQL for the test files that need none of their own, of a process with `execArgv`. It ends with this process, however that ends. */
export async function startTestCluster(
  execArgv: readonly string[],
): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const child = fork(join(root, 'server', 'testing-shared-cluster.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [...execArgv],
  });
  const ended = once(child, 'exit');
  const address = await Promise.race([
    once(child, 'message').then(([message]) => (message as { address: string }).address),
    ended.then(([code]) => Promise.reject(new Error(`the PostgreSQL of the tests ended with ${code}`))),
  ]);
  return {
    address,
    stop: async () => {
      child.disconnect();
      await ended;
    },
  };
}
