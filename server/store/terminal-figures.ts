import type { ReadyTimes, TerminalFigures } from '#contract/api/overview.ts';
import type { TerminalSummary } from '#contract/api/terminals.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { type everydayKinds, listMany } from './event-stretches.ts';
import { findNumbers } from './log-range.ts';
import { toldMilliseconds } from './ready-sums.ts';

/** What is looked at of the log, however much there is: the newest of so many openings. */
const mostOpenings = 200_000;

type TimesRow = ReadyTimes & { readonly terminal: TerminalId | null };

/** From when on, and the number below which no line is so late. */
interface Since {
  readonly since: Date;
  readonly lowest: number;
}

/** SQL: lines of this kind from `$1` on, none of which has a number below `$2`. */
const listSince = (kind: (typeof everydayKinds)[number], limit: number | 'all' = 'all'): string =>
  listMany(
    [`e.kind = '${kind}'`],
    { lowest: '$2', times: ['e.at >= $1'] },
    limit,
    'e.terminal, e.kind, e.detail, e.seq',
  );

/** Times of every terminal and, without one, of all, from then on. */
const listReadyTimes = (tx: Transaction, { since, lowest }: Since): Promise<TimesRow[]> =>
  tx.query<TimesRow>(
    `select terminal, count(*)::int as logins,
            round(percentile_disc(0.5) within group (order by ready))::int as median,
            round(percentile_disc(0.95) within group (order by ready))::int as p95,
            round(percentile_disc(0.5) within group (order by machine))::int as "machineMedian",
            round(percentile_disc(0.95) within group (order by machine))::int as "machineP95"
       from (select terminal, ${toldMilliseconds('readyMs')} as ready, ${toldMilliseconds('machineMs')} as machine
               from (${listSince('screen.opened', mostOpenings)}) opened) taken
      where ready is not null and machine is not null and terminal is not null
      group by grouping sets ((terminal), ())
     having count(*) > 0`,
    [since, lowest],
  );

/** How often cards could not be read, and how often the reader went away. */
const listReaderTroubles = (
  tx: Transaction,
  { since, lowest }: Since,
): Promise<{ readonly terminal: TerminalId; readonly misreads: number; readonly losses: number }[]> =>
  tx.query(
    `select terminal, count(*) filter (where kind = 'card.misread')::int as misreads,
            count(*) filter (where kind = 'reader.lost')::int as losses
       from ((${listSince('card.misread')}) union all (${listSince('reader.lost')})) troubles where terminal is not null group by terminal`,
    [since, lowest],
  );

/** Fewer logins say nothing of a terminal. */
const enough = 5;
/** Longer than this on the machine's side (median, milliseconds) is slow. */
const slow = 1000;
/** More than this share of cards that are not read is too many, from so many on. */
const misreadShare = 0.15;
const manyMisreads = 5;
const manyLosses = 4;

export const judgeReader = ({
  ready,
  misreads,
  losses,
}: Pick<TerminalFigures, 'ready' | 'misreads' | 'losses'>): TerminalFigures['worries'] => {
  const logins = ready?.logins ?? 0;
  return [
    ...(ready !== null && logins >= enough && ready.machineMedian > slow ? (['slow'] as const) : []),
    ...(misreads >= manyMisreads && misreads > (logins + misreads) * misreadShare ? (['misreads'] as const) : []),
    ...(losses >= manyLosses ? (['lost'] as const) : []),
  ];
};

export interface Figures {
  readonly all: ReadyTimes | null;
  readonly of: ReadonlyMap<TerminalId, Pick<TerminalFigures, 'ready' | 'misreads' | 'losses' | 'worries'>>;
}

/** Figures of all terminals since then. */
export const readFigures = async (tx: Transaction, since: Date): Promise<Figures> => {
  const { lowest } = await findNumbers(tx, { from: since, to: null });
  const from = { since, lowest: lowest ?? 0 };
  const times = await listReadyTimes(tx, from);
  const troubles = await listReaderTroubles(tx, from);
  const ready = new Map(times.map(({ terminal, ...rest }) => [terminal, rest]));
  const trouble = new Map(troubles.map((one) => [one.terminal, one]));
  const ids = new Set([...ready.keys(), ...trouble.keys()].filter((id) => id !== null));
  const of = [...ids].map((id) => {
    const { misreads = 0, losses = 0 } = trouble.get(id) ?? {};
    const facts = { ready: ready.get(id) ?? null, misreads, losses };
    return [id, { ...facts, worries: judgeReader(facts) }] as const;
  });
  return { all: ready.get(null) ?? null, of: new Map(of) };
};

export const withFigures = (figures: Figures, { id, name, place, online }: TerminalSummary): TerminalFigures => ({
  id,
  name,
  place,
  online,
  ...(figures.of.get(id) ?? { ready: null, misreads: 0, losses: 0, worries: [] }),
});
