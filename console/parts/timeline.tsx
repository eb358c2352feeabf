import type { ReactNode } from 'react';
import type { PersonId } from '#contract/ids.ts';
import { fragmentOf } from '../data/place.ts';
import { sentence } from '../data/sentence.ts';
import { type Told, toTimeline } from '../data/timeline.ts';
import { briefly } from '../data/times.ts';
import { useZone } from '../data/use-console.ts';
import { useLog } from '../data/use-log.ts';
import { useWords } from '../data/use-words.ts';
import { Cause } from './cause.tsx';
import { tones } from './event-line.tsx';
import { Icon } from './icon.tsx';
import { LoadedView } from './loaded-view.tsx';
import { Moment } from './moment.tsx';

/** As many as one looks at; the log has all. */
const most = 12;

/** What happened to a person lately, in plain words. */
export const Timeline = ({ person }: { readonly person: PersonId }): ReactNode => {
  const { say } = useWords();
  const log = useLog({ person, shows: 'story' });
  return (
    <section className="surface" aria-labelledby="timeline">
      <div className="section-head">
        <h2 id="timeline">{say('timeline.title')}</h2>
      </div>
      <LoadedView loaded={log}>
        {(events) => {
          const story = toTimeline(events).slice(0, most);
          if (story.length === 0) return <p className="quiet-line">{say('timeline.none')}</p>;
          return (
            <ol className="timeline">
              {story.map((told) => (
                <Line key={told.event.id} told={told} />
              ))}
            </ol>
          );
        }}
      </LoadedView>
      <a className="section-foot" href={fragmentOf({ kind: 'log', filter: { person } })}>
        <Icon name="log" />
        {say('person.to-log')}
      </a>
    </section>
  );
};

const Line = ({ told: { event, cause, count, since } }: { readonly told: Told }): ReactNode => {
  const words = useWords();
  const zone = useZone();
  return (
    <li className={tones[event.outcome]}>
      <span className="timeline-time">
        <Moment at={event.at} />
      </span>
      <span className="timeline-words">
        {sentence(event, words)}
        {cause !== undefined && (
          <small>
            <Cause event={cause} />
          </small>
        )}
        {count > 1 && (
          <small>
            {words.say('timeline.times', { count, time: briefly(since, words.language, new Date(), zone) })}
          </small>
        )}
      </span>
    </li>
  );
};
