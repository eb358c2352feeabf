import type { ReactNode } from 'react';
import type { StoredEvent } from '#contract/audit.ts';
import { fragmentOf } from '../data/place.ts';
import { detailOf, reasonOf, sentence } from '../data/sentence.ts';
import { exactly, terminalTime } from '../data/times.ts';
import { useMay, useZone } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { Icon } from './icon.tsx';
import { Moment } from './moment.tsx';
import { Pill, type Tone } from './pill.tsx';

export const tones = { success: 'good', minor: 'warn', serious: 'bad', major: 'bad' } as const satisfies Record<
  StoredEvent['outcome'],
  Tone
>;

/** One event: when, what in a sentence, where, with which factors, how it went; all facts behind it on request. */
export const EventLine = ({ event }: { readonly event: StoredEvent }): ReactNode => {
  const words = useWords();
  const { say } = words;
  const zone = useZone();
  const own = terminalTime(event, words.language, zone);
  return (
    <li className={`event ${tones[event.outcome]}`}>
      <details>
        <summary>
          <span className="event-time">
            <Moment at={event.at} clock />
          </span>
          <span className="event-told">
            <span className="event-words">{sentence(event, words)}</span>
            {event.happenedAt != null && own !== undefined && (
              <time className="event-own-time" dateTime={event.happenedAt} title={exactly(event.happenedAt, zone)}>
                <Icon name="clock" />
                {say(own.later ? 'log.arrived-later' : 'log.clock-ahead', { time: own.time })}
              </time>
            )}
          </span>
          <span className="event-facts">
            {event.terminalName != null && (
              <span className="fact">
                <Icon name="terminal" />
                {event.terminalName}
              </span>
            )}
            {event.factors.length > 0 && (
              <span className="fact">
                <Icon name="password" />
                {event.factors.map((factor) => say(`log.factor.${factor}`)).join(' + ')}
              </span>
            )}
            <Pill tone={tones[event.outcome]}>{say(`outcome.${event.outcome}`)}</Pill>
          </span>
        </summary>
        <Facts event={event} />
      </details>
    </li>
  );
};

const Facts = ({ event }: { readonly event: StoredEvent }): ReactNode => {
  const words = useWords();
  const { say } = words;
  const zone = useZone();
  const may = useMay();
  const facts: readonly (readonly [label: string, value: string | null | undefined])[] = [
    [say('log.fact.at'), exactly(event.at, zone)],
    [say('log.fact.happened-at'), event.happenedAt == null ? null : exactly(event.happenedAt, zone)],
    [say('log.fact.kind'), `${say(`kind.${event.kind}`)} (${event.kind})`],
    [
      say('log.fact.person'),
      event.personName == null ? null : [event.personName, event.personNumber].filter(Boolean).join(' · '),
    ],
    [say('log.fact.actor'), event.actorName],
    [say('log.fact.card'), event.cardLabel],
    [say('log.fact.reason'), reasonOf(event, words)],
    [say('log.support-code'), event.supportCode],
    ...detailOf(event, words, zone),
    [say('log.fact.id'), event.id],
  ];
  return (
    <>
      <dl className="facts">
        {facts.map(
          ([label, value]) =>
            value != null &&
            value !== '' && (
              <div key={`${label} ${value}`}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      {may('log/prove-event') && (
        <a className="event-proof" href={fragmentOf({ kind: 'event-proof', id: event.id })}>
          <Icon name="shield" />
          {say('event-proof.open')}
        </a>
      )}
    </>
  );
};
