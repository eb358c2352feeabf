import { succeed } from '#contract/errors.ts';
import type { ServerDeps } from '../deps.ts';
import { listAllCards } from '../store/card-list.ts';
import type { Handlers } from './handlers.ts';
import { refuseCursor } from './listed.ts';

export const createCardRoutes = ({ database }: ServerDeps) =>
  ({
    'cards/list': async ({ query }) => {
      const listed = await listAllCards(database, query);
      if (listed === undefined) return refuseCursor();
      const { rows: cards, next, total } = listed;
      return succeed({ cards, next, total });
    },
  }) satisfies Partial<Handlers>;
