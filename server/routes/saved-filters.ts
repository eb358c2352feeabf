import { fail, succeed } from '#contract/errors.ts';
import type { ServerDeps } from '../deps.ts';
import { deleteSavedFilter, insertSavedFilter, listSavedFilters, renameSavedFilter } from '../store/saved-filters.ts';
import type { Handlers } from './handlers.ts';

export const createSavedFilterRoutes = ({ database, now }: ServerDeps) =>
  ({
    'saved-filters/list': async (_input, { person }) =>
      succeed({ filters: await database.transaction((tx) => listSavedFilters(tx, person)) }),

    'saved-filters/save': async ({ body }, { person }) =>
      database.transaction(async (tx) => {
        const saved = await insertSavedFilter(tx, now(), person, body);
        if (saved === 'taken') return fail('SAVED_FILTER_NAME_TAKEN');
        return saved === 'too-many' ? fail('SAVED_FILTER_TOO_MANY') : succeed({ filter: saved });
      }),

    'saved-filters/rename': async ({ params, body }, { person }) =>
      database.transaction(async (tx) => {
        const done = await renameSavedFilter(tx, person, params.filter, body.name);
        if (done === 'unknown') return fail('SAVED_FILTER_UNKNOWN');
        return done === 'taken' ? fail('SAVED_FILTER_NAME_TAKEN') : succeed({});
      }),

    'saved-filters/remove': async ({ params }, { person }) =>
      database.transaction(async (tx) =>
        (await deleteSavedFilter(tx, person, params.filter)) ? succeed({}) : fail('SAVED_FILTER_UNKNOWN'),
      ),
  }) satisfies Partial<Handlers>;
