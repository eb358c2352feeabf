/** How long equal notices of change are gathered (milliseconds): people do not see it, and the database has less to do. */
const gathering = 30;

/**
 * Notices that something changed, sent after the commit and apart from it. NOTIFY inside a transaction takes a lock at
 * its commit that lets only one commit at a time (PostgreSQL 18, `PreCommit_Notify`); a login should not wait for a console.
 */
export const createNotices = (
  send: (payloads: readonly string[]) => Promise<void>,
  report: (problem: unknown) => void,
) => {
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> = Promise.resolve();
  const flush = (): void => {
    timer = undefined;
    const payloads = [...waiting];
    waiting.clear();
    sending = sending.then(() => send(payloads)).catch(report);
  };
  return {
    add: (payload: string): void => {
      waiting.add(payload);
      timer ??= setTimeout(flush, gathering);
    },
    /** What waits is dropped: a console that is connected again asks for everything anew. */
    close: async (): Promise<void> => {
      clearTimeout(timer);
      await sending;
    },
  };
};
