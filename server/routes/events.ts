import { fail, succeed } from '#contract/errors.ts';
import type { ServerDeps } from '../deps.ts';
import { listEvents, tryExplain } from '../store/log.ts';
import { findRange } from '../store/log-range.ts';
import { recordExcerpt, recordViewing } from '../store/log-viewing.ts';
import { listRevocations } from '../store/revocations.ts';
import type { Handlers } from './handlers.ts';
import { refuseCursor } from './listed.ts';

/** Lines of one page of a file. */
const fileLines = 1000;

export const createEventsRoutes = (deps: ServerDeps) =>
  ({
    'events/list': async ({ query }, sender) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const { before, limit, shows, ...filter } = query;
        const range = await findRange(tx, now, filter, deps.policy().timeZone);
        const events = await listEvents(tx, now, { ...filter, before, limit, range, shows });
        await recordViewing(tx, now, sender, filter);
        const { from = null, to = null } = range ?? {};
        return succeed({ events, range: { begins: from?.toISOString() ?? null, ends: to?.toISOString() ?? null } });
      }),

    'events/export': async ({ query }, { person, terminal }) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const { format, exported, before, ...filter } = query;
        const range = await findRange(tx, now, filter, deps.policy().timeZone);
        const events = await listEvents(tx, now, { ...filter, before, limit: fileLines, range });
        const written = await recordExcerpt(tx, now, { person, terminal, format, filter }, before && exported);
        const last = events.length === fileLines ? events.at(-1)?.id : undefined;
        return succeed({ events, exported: written, next: last ?? null });
      }),

    'refusals/explain': async ({ params }, sender) =>
      deps.database.transaction(async (tx) => {
        const explained = await tryExplain(tx, params.code);
        if (explained === undefined) return fail('SUPPORT_CODE_UNKNOWN');
        const asked = {
          supportCode: explained.event.supportCode ?? undefined,
          person: explained.event.person ?? undefined,
        };
        await recordViewing(tx, deps.now(), sender, asked);
        return succeed(explained);
      }),

    'revocations/list': async ({ query }) => {
      const listed = await listRevocations(deps.database, deps.now(), {
        ...query,
        numbers: query.numbers?.split(',').map(Number),
        receipts: { limit: query.receipts, offset: 0 },
        offlineHours: deps.policy().offline.hours,
      });
      if (listed === undefined) return refuseCursor();
      const { rows: revocations, next, total } = listed;
      return succeed({ revocations, next, total });
    },

    'revocations/show': async ({ params, query }) => {
      const listed = await listRevocations(deps.database, deps.now(), {
        numbers: [params.number],
        limit: 1,
        receipts: query,
        offlineHours: deps.policy().offline.hours,
      });
      const revocation = listed?.rows[0];
      return revocation ? succeed({ revocation }) : fail('REVOCATION_UNKNOWN');
    },
  }) satisfies Partial<Handlers>;
