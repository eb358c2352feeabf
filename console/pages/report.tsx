import type { ReactNode } from 'react';
import type { Report } from '#contract/api/overview.ts';
import { change, count, duration } from '../data/numbers.ts';
import { fragmentOf } from '../data/place.ts';
import { dateIn, dayName, daysAfter, exactly, monthBefore } from '../data/times.ts';
import { useConsole, useZone } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { CauseTable } from '../parts/cause-table.tsx';
import { ColumnChart } from '../parts/column-chart.tsx';
import { Facts } from '../parts/facts.tsx';
import { Field } from '../parts/field.tsx';
import { FigureTile } from '../parts/figure-tile.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { SumTable } from '../parts/sum-table.tsx';

export interface Period {
  readonly from?: string;
  readonly to?: string;
}

/** Logins of some days, as a page that goes on paper: for the safety committee, and for who inspects the hospital. */
export const ReportPage = ({ period }: { readonly period: Period }): ReactNode => {
  const { say } = useWords();
  // The month before this one, unless the address says which days.
  const month = monthBefore(new Date(), useZone());
  const { from = month.from, to = month.to } = period;
  const isWhole = from !== '' && to !== '' && from <= to;
  const shown = useData('reports/show', isWhole ? { query: { from, to } } : undefined, []);
  return (
    <>
      <PageHead
        title={say('report.title')}
        lead={say('report.lead')}
        actions={
          <Button look="primary" onClick={() => print()} disabled={shown.data.kind !== 'ready'}>
            {say('report.print')}
          </Button>
        }
      />
      <Days from={from} to={to} />
      {isWhole ? (
        <LoadedView loaded={shown}>{(report) => <Sheet report={report} />}</LoadedView>
      ) : (
        <Empty icon="clock" title={say('report.no-days')} />
      )}
    </>
  );
};

const go = (period: Period): void => {
  location.hash = fragmentOf({ kind: 'report', period });
};

const Days = ({ from, to }: Required<Period>): ReactNode => {
  const { say } = useWords();
  const zone = useZone();
  const now = new Date();
  const today = dateIn(now, zone);
  const spans: readonly (readonly [string, Required<Period>])[] = [
    [say('report.last-month'), monthBefore(now, zone)],
    [say('report.this-month'), { from: `${today.slice(0, 8)}01`, to: today }],
    [say('report.last-week'), { from: daysAfter(today, -7), to: daysAfter(today, -1) }],
  ];
  return (
    <search className="filters period" aria-label={say('report.period')}>
      <Field type="date" label={say('report.from')} value={from} change={(value) => go({ from: value, to })} />
      <Field type="date" label={say('report.to')} value={to} change={(value) => go({ from, to: value })} />
      <div className="spans">
        {spans.map(([name, span]) => (
          <Button key={name} onClick={() => go(span)} aria-pressed={span.from === from && span.to === to}>
            {name}
          </Button>
        ))}
      </div>
    </search>
  );
};

const Sheet = ({ report }: { readonly report: Report }): ReactNode => {
  const { say, language } = useWords();
  const { signedIn } = useConsole();
  const span = say('report.span', { from: dayName(report.from, language), to: dayName(report.to, language) });
  return (
    <article className="stack report" aria-label={span}>
      <p className="report-span">
        <strong>{span}</strong>{' '}
        <span className="muted">
          {say('report.made', {
            at: exactly(report.at, report.timeZone),
            by: signedIn.person.name,
            zone: report.timeZone,
          })}
        </span>
      </p>
      <Totals report={report} />
      <Charts report={report} />
      <section className="surface" aria-labelledby="by-place">
        <h2 id="by-place" className="table-title">
          {say('report.by-place')}
        </h2>
        <SumTable
          name={say('report.place')}
          rows={report.places.map(({ place, ...sums }) => ({
            name: place === '' ? say('report.no-place') : place,
            ...sums,
          }))}
        />
      </section>
      <section className="surface" aria-labelledby="by-role">
        <h2 id="by-role" className="table-title">
          {say('report.by-role')}
        </h2>
        <SumTable
          name={say('report.role')}
          rows={report.roles.map(({ role, ...sums }) => ({ name: say(`role.${role}`), ...sums }))}
        />
        <p className="table-foot">{say('report.role-hint')}</p>
      </section>
      <div className="two-columns">
        <section className="surface" aria-labelledby="by-cause">
          <h2 id="by-cause" className="table-title">
            {say('overview.causes')}
          </h2>
          {report.causes.length === 0 ? (
            <Empty icon="check" title={say('overview.no-failures')} />
          ) : (
            <CauseTable causes={report.causes} beforeName={say('report.before')} caption={say('overview.causes')} />
          )}
        </section>
        <Acts report={report} />
      </div>
    </article>
  );
};

const Totals = ({ report: { total, totalBefore, ready } }: { readonly report: Report }): ReactNode => {
  const { say, language } = useWords();
  const tile = (name: 'logins' | 'wrong' | 'refused' | 'misreads' | 'emergencies', tone?: 'bad'): ReactNode => {
    const changed = change(total[name], totalBefore[name], language);
    return (
      <FigureTile
        name={say(`report.${name}`)}
        value={count(total[name], language)}
        more={changed === undefined ? undefined : say('report.against', { change: changed })}
        tone={total[name] > 0 ? tone : undefined}
      />
    );
  };
  return (
    <dl className="tiles">
      {tile('logins')}
      {tile('wrong')}
      {tile('refused')}
      {tile('misreads')}
      {tile('emergencies', 'bad')}
      <FigureTile
        name={say('report.ready')}
        value={ready === null ? '–' : duration(ready.median, language)}
        more={
          ready === null
            ? say('report.ready-unknown')
            : say('report.ready-more', {
                p95: duration(ready.p95, language),
                machine: duration(ready.machineMedian, language),
                machineP95: duration(ready.machineP95, language),
                logins: count(ready.logins, language),
              })
        }
      />
    </dl>
  );
};

const failuresOf = ({ wrong, refused, abandoned, misreads }: Report['days'][number]): number =>
  wrong + refused + abandoned + misreads;

const Charts = ({ report: { days, clock, total } }: { readonly report: Report }): ReactNode => {
  const { say, language } = useWords();
  const every = Math.ceil(days.length / 10);
  const failures = days.reduce((sum, day) => sum + failuresOf(day), 0);
  const busiest = clock.indexOf(Math.max(...clock));
  const hour = (place: number): string => say('chart.clock', { hour: place });
  return (
    <>
      <div className="surface padded">
        <ColumnChart
          title={say('report.by-day')}
          unit={say('report.day')}
          series={[say('overview.series.logins'), say('overview.series.failures')]}
          summary={say('report.days-summary', {
            days: days.length,
            logins: count(total.logins, language),
            failures: count(failures, language),
          })}
          columns={days.map((day, place) => ({
            key: day.day,
            tick: place % every === 0 ? day.day.slice(5).replace('-', '/') : '',
            name: dayName(day.day, language),
            values: [day.logins, failuresOf(day)],
          }))}
        />
      </div>
      <div className="surface padded">
        <ColumnChart
          title={say('report.by-clock')}
          unit={say('overview.hour')}
          series={[say('overview.series.logins')]}
          summary={say('report.clock-summary', { hour: hour(busiest), most: count(clock[busiest] ?? 0, language) })}
          columns={clock.map((logins, place) => ({
            key: String(place),
            tick: place % 3 === 0 ? hour(place) : '',
            name: hour(place),
            values: [logins],
          }))}
        />
      </div>
    </>
  );
};

/** What people did, and how things stand. */
const Acts = ({ report: { total, reviews, people, cards, terminals } }: { readonly report: Report }): ReactNode => {
  const { say, language } = useWords();
  const number = (value: number): string => count(value, language);
  return (
    <section className="surface padded" aria-labelledby="acts">
      <h2 id="acts">{say('report.acts')}</h2>
      <Facts
        facts={[
          [say('report.offline'), number(total.offline)],
          [say('report.locked'), number(total.locked)],
          [
            say('report.emergencies'),
            say('report.reviews', { signed: number(reviews.signedOff), waiting: number(reviews.waiting) }),
          ],
          [say('report.revocations'), number(total.revocations)],
          [say('report.enrolled'), number(total.cardsEnrolled)],
          [say('report.substitutes'), number(total.substitutes)],
          [
            say('report.console'),
            say('report.console-count', { in: number(total.consoleSignIns), refused: number(total.consoleRefusals) }),
          ],
        ]}
      />
      <h2>{say('report.now')}</h2>
      <Facts
        facts={[
          [
            say('report.people'),
            say('report.people-count', { active: number(people.active), suspended: number(people.suspended) }),
          ],
          [
            say('report.cards'),
            say('report.cards-count', {
              active: number(cards.active),
              suspended: number(cards.suspended + cards.disabled),
              revoked: number(cards.revoked),
            }),
          ],
          [
            say('report.terminals'),
            say('report.terminals-count', { active: number(terminals.active), revoked: number(terminals.revoked) }),
          ],
        ]}
      />
    </section>
  );
};
