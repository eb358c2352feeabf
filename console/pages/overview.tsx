import type { ReactNode } from 'react';
import type { Overview } from '#contract/api/overview.ts';
import { change, count, duration, share } from '../data/numbers.ts';
import { hourIn } from '../data/times.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { AlertList } from '../parts/alert-list.tsx';
import { CauseTable } from '../parts/cause-table.tsx';
import { ColumnChart } from '../parts/column-chart.tsx';
import { FigureTile } from '../parts/figure-tile.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { OfflineList, ReaderList } from '../parts/reader-list.tsx';

/** In a hospital something happens every second: what changed within this time is fetched together, and hours pass by themselves. */
const live = { gather: 2500, every: 60_000 };

/** How logins, terminals and readers are now, and what waits for somebody. */
export const OverviewPage = (): ReactNode => {
  const { say } = useWords();
  const shown = useData('overview/show', {}, ['events', 'terminals', 'revocations', 'reviews', 'approvals'], live);
  return (
    <>
      <PageHead title={say('nav.overview')} lead={say('overview.lead')} />
      <LoadedView loaded={shown}>
        {(overview) => (
          <div className="stack overview">
            <AlertList alerts={overview.alerts} />
            <Tiles overview={overview} />
            <Logins overview={overview} />
            <div className="two-columns">
              <Causes overview={overview} />
              <div className="stack">
                <ReaderList readers={overview.readers} all={overview.readersWorrying} />
                <OfflineList terminals={overview.offline} all={overview.terminals.offline} />
              </div>
            </div>
          </div>
        )}
      </LoadedView>
    </>
  );
};

const total = (hours: Overview['hours'], name: 'logins' | 'loginsBefore' | 'failures'): number =>
  hours.reduce((sum, hour) => sum + hour[name], 0);

const Tiles = ({ overview: { hours, terminals, ready, backup } }: { readonly overview: Overview }): ReactNode => {
  const { say, language } = useWords();
  const logins = total(hours, 'logins');
  const failures = total(hours, 'failures');
  const changed = change(logins, total(hours, 'loginsBefore'), language);
  return (
    <dl className="tiles">
      <FigureTile
        name={say('overview.online')}
        value={count(terminals.online, language)}
        unit={say('overview.of', { all: count(terminals.online + terminals.offline, language) })}
        more={say('overview.in-use', { count: count(terminals.inUse, language) })}
        tone={terminals.online === 0 && terminals.offline > 0 ? 'bad' : undefined}
      />
      <FigureTile
        name={say('overview.logins')}
        value={count(logins, language)}
        more={changed === undefined ? undefined : say('overview.against-week', { change: changed })}
      />
      <FigureTile
        name={say('overview.failures')}
        value={count(failures, language)}
        more={say('overview.failure-share', { share: share(failures, failures + logins, language) })}
      />
      <FigureTile
        name={say('overview.ready')}
        value={ready === null ? '–' : duration(ready.median, language)}
        more={
          ready === null
            ? say('overview.not-told')
            : say('overview.ready-more', {
                p95: duration(ready.p95, language),
                machine: duration(ready.machineMedian, language),
                machineP95: duration(ready.machineP95, language),
              })
        }
      />
      <FigureTile
        name={say('overview.backup')}
        value={backup === null ? '–' : <Moment at={backup.at} />}
        more={say(
          backup === null ? 'overview.no-backup' : backup.writeOnce ? 'overview.write-once' : 'overview.backed-up',
        )}
        tone={backup === null ? 'warn' : undefined}
      />
    </dl>
  );
};

const Logins = ({ overview: { hours, timeZone } }: { readonly overview: Overview }): ReactNode => {
  const { say, language } = useWords();
  const busiest = hours.reduce((most, hour) => (hour.logins > most.logins ? hour : most));
  const summary = say('overview.hours-summary', {
    logins: count(total(hours, 'logins'), language),
    failures: count(total(hours, 'failures'), language),
    busiest: hourIn(busiest.from, timeZone, language),
    most: count(busiest.logins, language),
  });
  return (
    <div className="surface padded">
      <ColumnChart
        title={say('overview.by-hour')}
        unit={say('overview.hour')}
        series={[say('overview.series.logins'), say('overview.series.failures')]}
        markName={say('overview.series.before')}
        summary={summary}
        columns={hours.map(({ from, logins, failures, loginsBefore }, place) => ({
          key: from,
          tick: place % 3 === 2 ? hourIn(from, timeZone, language) : '',
          name: hourIn(from, timeZone, language),
          values: [logins, failures],
          mark: loginsBefore,
        }))}
      />
    </div>
  );
};

const Causes = ({ overview: { causes } }: { readonly overview: Overview }): ReactNode => {
  const { say } = useWords();
  return (
    <section className="surface" aria-labelledby="causes">
      <div className="section-head table-title">
        <h2 id="causes">{say('overview.causes')}</h2>
      </div>
      {causes.length === 0 ? (
        <Empty icon="check" title={say('overview.no-failures')} />
      ) : (
        <CauseTable causes={causes} beforeName={say('overview.day-before')} caption={say('overview.causes')} />
      )}
    </section>
  );
};
