import { startTestServer, type TestServer } from './testing.ts';

/** Two processes of one server, over one database. */
export interface TestPair {
  readonly first: TestServer;
  readonly second: TestServer;
  /** Puts it in force at both. */
  readonly applyPolicy: TestServer['applyPolicy'];
  close(): Promise<void>;
}

export const startTestPair = async (): Promise<TestPair> => {
  const first = await startTestServer();
  const second = await startTestServer({ beside: first });
  return {
    first,
    second,
    applyPolicy: async (changes) => {
      await first.applyPolicy(changes);
      await second.policies.refresh();
    },
    close: async () => {
      await second.close();
      await first.close();
    },
  };
};
