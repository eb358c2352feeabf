import { succeed } from '#contract/errors.ts';
import type { ServerDeps } from '../deps.ts';
import { countEmergencyCodes, listAccounts } from '../store/accounts.ts';
import { record } from '../store/events.ts';
import type { Handlers } from './handlers.ts';
import { by } from './refusing.ts';

/** More people than any hospital has. */
const most = 100_000;

export const createAccountRoutes = ({ database, now }: ServerDeps) =>
  ({
    'accounts/list': async ({ query: { page, limit, ...filter } }) =>
      succeed({
        ...(await listAccounts(database, now(), filter, { limit, offset: (page - 1) * limit })),
        emergencyCodes: await countEmergencyCodes(database),
      }),

    'accounts/export': async ({ query }, sender) =>
      database.transaction(async (tx) => {
        const { accounts, total } = await listAccounts(tx, now(), query, { limit: most, offset: 0 });
        await record(tx, now(), {
          ...by(sender, null),
          kind: 'accounts.exported',
          outcome: 'success',
          detail: { count: total, finding: query.finding ?? 'all', days: query.days },
        });
        return succeed({ accounts });
      }),
  }) satisfies Partial<Handlers>;
