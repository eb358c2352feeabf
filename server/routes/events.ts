import { fail, succeed } from '#contract/errors.ts';
import type { ServerDeps } from '../deps.ts';
import { listEvents, recordViewing, tryExplain } from '../store/log.ts';
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

    'refusals/explain': async ({ params }, { session, person, terminal }) =>
      deps.database.transaction(async (tx) => {
        const explained = await tryExplain(tx, params.code);
        if (explained === undefined) return fail('SUPPORT_CODE_UNKNOWN');
        const asked = {
          supportCode: explained.event.supportCode ?? undefined,
          person: explained.event.person ?? undefined,
        };
        await recordViewing(tx, deps.now(), { session, person, terminal }, { ...asked, limit: 1 });
        return succeed(explained);
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
