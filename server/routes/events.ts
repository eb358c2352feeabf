import { fail, succeed } from '#contract/errors.ts';
import type { ServerDeps } from '../deps.ts';
import { listEvents, recordViewing } from '../store/log.ts';
import { listRevocations } from '../store/revocations.ts';
import type { Handlers } from './handlers.ts';

export const createEventsRoutes = (deps: ServerDeps) =>
  ({
    'events/list': async ({ query }, { session, person, terminal }) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const events = await listEvents(tx, now, query);
        await recordViewing(tx, now, { session, person, terminal }, query);
        return succeed({ events });
      }),

    'revocations/list': async ({ query }) =>
      succeed({
        revocations: await listRevocations(deps.database, deps.now(), {
          limit: query.limit,
          receipts: { limit: 50, offset: 0 },
          offlineHours: deps.policy().offline.hours,
        }),
      }),

    'revocations/show': async ({ params, query }) => {
      const [revocation] = await listRevocations(deps.database, deps.now(), {
        number: params.number,
        limit: 1,
        receipts: query,
        offlineHours: deps.policy().offline.hours,
      });
      return revocation ? succeed({ revocation }) : fail('REVOCATION_UNKNOWN');
    },
  }) satisfies Partial<Handlers>;
