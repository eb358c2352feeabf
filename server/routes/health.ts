import { fail, succeed } from '#contract/errors.ts';
import type { ServerDeps } from '../deps.ts';
import type { Handlers } from './handlers.ts';

export const createHealthRoutes = (deps: ServerDeps & { version: string }) =>
  ({
    'server/health': async () => {
      try {
        await deps.database.query('select 1');
      } catch (problem) {
        deps.log.error({ err: problem }, 'the database does not answer');
        return fail('INTERNAL');
      }
      return succeed({ status: 'ok', version: deps.version, serverTime: deps.now().toISOString() });
    },
  }) satisfies Partial<Handlers>;
