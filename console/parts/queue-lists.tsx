import { type ReactNode, useEffect, useState } from 'react';
import type { PersonSummary } from '#contract/api/people.ts';
import { fragmentOf, type QueuePlace } from '../data/place.ts';
import { type CardQueue, chosenOf, queryOf } from '../data/use-card-queue.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Field } from './field.tsx';
import { FailureNotice } from './notice.tsx';
import { Pill } from './pill.tsx';

/** So many of each list are shown; the numbers above are of all. */
const shownNext = 6;
const shownDone = 4;
/** How long somebody pauses before it is looked for (milliseconds). */
const pause = 200;

interface LineProps {
  readonly person: PersonSummary;
  readonly isLink?: boolean;
  readonly children?: ReactNode;
}

const Line = ({ person: { id, name, kana, number }, isLink = false, children }: LineProps): ReactNode => (
  <li>
    <span className="line-main">
      <span className="line-title">{isLink ? <a href={fragmentOf({ kind: 'person', id })}>{name}</a> : name}</span>
      <span className="line-more">{[kana, number].filter((part) => part !== '').join(' · ')}</span>
    </span>
    {children !== undefined && <span className="line-side">{children}</span>}
  </li>
);

interface QueueListProps {
  readonly queue: CardQueue;
}

/** Who comes next; somebody who stands there already is found and called. */
export const QueueNext = ({ queue, filter }: QueueListProps & { readonly filter: QueuePlace }): ReactNode => {
  const { say, language } = useWords();
  const [typed, setTyped] = useState('');
  const [search, setSearch] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed.trim()), pause);
    return () => clearTimeout(timer);
  }, [typed]);
  const found = useData(
    'people/list',
    search === '' ? undefined : queryOf({ ...chosenOf(filter), cards: 'wanted', search, limit: shownNext + 1 }),
    ['people'],
  );
  const { turn, waiting, aside, left } = queue;
  const set = new Set(aside.map(({ id }) => id));
  const isSearching = search !== '';
  const others = (people: readonly PersonSummary[]) =>
    people.filter(({ id }) => id !== turn?.id && (isSearching || !set.has(id))).slice(0, shownNext);
  const shown = isSearching
    ? found.data.kind === 'ready'
      ? others(found.data.value.people)
      : []
    : others(waiting.items);
  const more = left - shown.length - (turn === undefined ? 0 : 1);
  return (
    <section className="surface" aria-labelledby="next">
      <div className="section-head">
        <h2 id="next">{say('queue.next-title')}</h2>
      </div>
      {(filter.search ?? '') === '' && (
        <Field type="search" label={say('queue.find')} value={typed} change={setTyped} maxLength={80} />
      )}
      {isSearching && found.data.kind === 'failed' && <FailureNotice failure={found.data.failure} />}
      <ul className="lines queue-lines">
        {shown.map((person) => (
          <Line key={person.id} person={person}>
            <Button
              look="quiet"
              onClick={() => {
                setTyped('');
                setSearch('');
                queue.call(person);
              }}
              aria-label={say('queue.call-one', { name: person.name })}
            >
              {say('queue.call')}
            </Button>
          </Line>
        ))}
      </ul>
      <p className="hint" role="status">
        {isSearching
          ? found.data.kind === 'ready' && shown.length === 0 && say('queue.not-found', { search })
          : shown.length === 0
            ? say('queue.nobody-next')
            : more > 0 && say('queue.more', { count: more.toLocaleString(language) })}
      </p>
    </section>
  );
};

/** Who was set aside, and the way back. */
export const QueueAside = ({ queue: { aside, asideCount, putBack } }: QueueListProps): ReactNode => {
  const { say } = useWords();
  if (asideCount === 0) return null;
  return (
    <section className="surface" aria-labelledby="aside">
      <div className="section-head">
        <h2 id="aside">{say('queue.aside-title', { count: asideCount })}</h2>
        {aside.length > 1 && (
          <Button look="quiet" onClick={() => putBack(aside.map(({ id }) => id))}>
            {say('queue.put-all-back')}
          </Button>
        )}
      </div>
      <ul className="lines queue-lines">
        {aside.map((person) => (
          <Line key={person.id} person={person}>
            <Button
              look="quiet"
              onClick={() => putBack([person.id])}
              aria-label={say('queue.put-one-back', { name: person.name })}
            >
              {say('queue.put-back')}
            </Button>
          </Line>
        ))}
      </ul>
    </section>
  );
};

/** Who has a card now, the last ones first. */
export const QueueDone = ({ queue: { done, turn } }: QueueListProps): ReactNode => {
  const { say, language } = useWords();
  const people = (done?.people ?? []).filter(({ id }) => id !== turn?.id);
  if (done === undefined || people.length === 0) return null;
  const more = done.total - Math.min(people.length, shownDone);
  return (
    <section className="surface" aria-labelledby="done">
      <div className="section-head">
        <h2 id="done">{say('queue.done-title', { count: done.total })}</h2>
      </div>
      <ul className="lines queue-lines">
        {people.slice(0, shownDone).map((person) => (
          <Line key={person.id} person={person} isLink>
            <Pill tone="good">{say('queue.has-card')}</Pill>
          </Line>
        ))}
      </ul>
      {more > 0 && <p className="hint">{say('queue.more', { count: more.toLocaleString(language) })}</p>}
    </section>
  );
};
