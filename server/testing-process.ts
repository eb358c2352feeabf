import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestServer } from './testing.ts';

/** Another process of a test's server, in a process of its own. */
export interface TestProcess {
  readonly origin: string;
  /** At once; resolves when it is gone. */
  kill(): Promise<void>;
}

export const startTestProcess = async ({ folder, connectionString }: TestServer): Promise<TestProcess> => {
  const child = fork(fileURLToPath(new URL('./testing-second.ts', import.meta.url)), [folder, connectionString]);
  const gone = once(child, 'exit');
  const [{ origin }] = (await once(child, 'message')) as [{ origin: string }];
  return {
    origin,
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
};
