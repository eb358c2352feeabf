import type { figureOrders, TerminalFigures } from '#contract/api/overview.ts';
import { fail, succeed } from '#contract/errors.ts';
import { foldForSearch } from '#core/policy/text.ts';
import { keepAnswer } from '../kept-answer.ts';
import { readOverview } from '../overview/overview.ts';
import { isPeriod, readReport } from '../overview/report.ts';
import { readFigures, withFigures } from '../store/terminal-figures.ts';
import { listTerminals } from '../store/terminal-list.ts';
import type { Handlers } from './handlers.ts';
import type { KeysDeps } from './keys.ts';

export interface OverviewRouteDeps extends KeysDeps {
  readonly halted: () => string | null;
}

/** However many look, it is worked out so often (milliseconds). */
const overviewFor = { keptFor: 2000 };
/** What a week says changes slowly, and takes longest: the one of before is given meanwhile. */
const figuresFor = { keptFor: 60_000, staleFor: 240_000 };
const week = 7 * 24 * 3_600_000;

type Order = (typeof figureOrders)[number];
const weights: Readonly<Record<Exclude<Order, 'name'>, (of: TerminalFigures) => number>> = {
  machine: ({ ready }) => ready?.machineMedian ?? -1,
  ready: ({ ready }) => ready?.p95 ?? -1,
  misreads: ({ misreads, losses }) => misreads + losses,
};
const inOrder = (terminals: readonly TerminalFigures[], order: Order): TerminalFigures[] =>
  [...terminals].sort((one, other) => {
    const weigh = order === 'name' ? () => 0 : weights[order];
    return weigh(other) - weigh(one) || one.name.localeCompare(other.name, 'ja', { numeric: true });
  });

export const createOverviewRoutes = (deps: OverviewRouteDeps) => {
  const { database, now } = deps;
  const figures = keepAnswer(figuresFor, now, () =>
    database.transaction((tx) => readFigures(tx, new Date(now().getTime() - week))),
  );
  const overview = keepAnswer(overviewFor, now, async () => {
    const known = await figures();
    return database.transaction((tx) => readOverview(tx, deps, known));
  });
  return {
    'overview/show': async () => succeed(await overview()),

    'overview/terminals': async ({ query }) => {
      const known = await figures();
      const terminals = await listTerminals(database, now());
      const search = foldForSearch(query.search);
      const found = terminals.filter(
        ({ state, name, place }) => state === 'active' && foldForSearch(`${name}\n${place}`).includes(search),
      );
      const ordered = inOrder(
        found.map((terminal) => withFigures(known, terminal)),
        query.order,
      );
      return succeed({ terminals: ordered.slice(query.from, query.from + query.limit), total: ordered.length });
    },

    'reports/show': async ({ query }) => {
      if (!isPeriod(query)) return fail('REPORT_PERIOD');
      return succeed(await database.transaction((tx) => readReport(tx, now(), query, deps.policy().timeZone)));
    },
  } satisfies Partial<Handlers>;
};
