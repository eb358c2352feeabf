import { Fragment, type ReactNode } from 'react';
import type { StoredEvent } from '#contract/audit.ts';
import type { Language } from '#contract/screen.ts';
import type { LogFilter } from '../data/place.ts';
import { dayOf } from '../data/times.ts';
import { useMay, useZone } from '../data/use-console.ts';
import { type Log as Loaded, useLog } from '../data/use-log.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { EventLine } from '../parts/event-line.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { LogFilters } from '../parts/log-filters.tsx';
import { Moment } from '../parts/moment.tsx';
import { FailureNotice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { SaveLog } from '../parts/save-log.tsx';
import { SavedFilters } from '../parts/saved-filters.tsx';

export const Log = ({ filter }: { readonly filter: LogFilter }): ReactNode => {
  const { say, language } = useWords();
  const zone = useZone();
  const may = useMay();
  const log = useLog(filter);
  const filtered = Object.keys(filter).length > 0;
  return (
    <>
      <PageHead title={say('nav.log')} lead={say('log.lead')} />
      <LogFilters filter={filter} />
      <SavedFilters place={{ kind: 'log', filter }} />
      {log.range !== undefined && <ShownRange range={log.range} />}
      {may('events/export') && <SaveLog key={JSON.stringify(filter)} filter={filter} />}
      <LoadedView loaded={log}>
        {(events) =>
          events.length === 0 ? (
            <Empty icon="log" title={say(filtered ? 'log.not-found' : 'log.none')}>
              {filtered && <p>{say('log.not-found-hint')}</p>}
            </Empty>
          ) : (
            <div className="surface log">
              {byDay(events, language, zone).map(({ day, events: ofDay }) => (
                <Fragment key={day}>
                  <h2 className="log-day">{day}</h2>
                  <ol className="log-events">
                    {ofDay.map((event) => (
                      <EventLine key={event.id} event={event} />
                    ))}
                  </ol>
                </Fragment>
              ))}
              <div className="log-foot">
                <FailureNotice failure={log.olderFailure} />
                {log.more ? (
                  <Button busy={log.busy} onClick={log.older}>
                    {say('log.older')}
                  </Button>
                ) : (
                  <p className="muted">{say('log.end')}</p>
                )}
              </div>
            </div>
          )
        }
      </LoadedView>
    </>
  );
};

/** From when to when, where the filter limits it; the last minute is the one before the end. */
const ShownRange = ({ range: { begins, ends } }: { readonly range: NonNullable<Loaded['range']> }): ReactNode => {
  const { say } = useWords();
  if (begins === null && ends === null) return null;
  return (
    <p className="quiet-line shown-range" role="status">
      {say('log.range')} {begins !== null && <Moment at={begins} full />}
      {' – '}
      {ends === null ? say('log.range-open') : <Moment at={new Date(Date.parse(ends) - 60_000).toISOString()} full />}
    </p>
  );
};

const byDay = (
  events: readonly StoredEvent[],
  language: Language,
  zone: string | undefined,
): readonly { readonly day: string; readonly events: readonly StoredEvent[] }[] => {
  const days: { day: string; events: StoredEvent[] }[] = [];
  for (const event of events) {
    const day = dayOf(event.at, language, zone);
    const last = days.at(-1);
    if (last?.day === day) last.events.push(event);
    else days.push({ day, events: [event] });
  }
  return days;
};
