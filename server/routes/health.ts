import { succeed } from '#contract/errors.ts';
import { createBatch } from '../batch.ts';
import type { ServerDeps } from '../deps.ts';
import type { Handlers } from './handlers.ts';

export const createHealthRoutes = (deps: ServerDeps & { version: string }) => {
  const looks = createBatch<null, null>({
    run: async (asked) => {
      await deps.database.query('select 1');
      return asked;
    },
    lanes: 1,
    largest: 1000,
  });
  return {
    'server/health': async () => {
      // Asked for by every terminal now and then: one look serves all who ask at the same moment.
      await looks.add(null);
      return succeed({ status: 'ok', version: deps.version, serverTime: deps.now().toISOString() });
    },
  } satisfies Partial<Handlers>;
};
