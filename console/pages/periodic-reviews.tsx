import { type ReactNode, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { PeriodicReview } from '#contract/api/periodic-reviews.ts';
import { fragmentOf, type ListFilter } from '../data/place.ts';
import { exactly } from '../data/times.ts';
import { useMay, useZone } from '../data/use-console.ts';
import { useListing } from '../data/use-listing.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { BeginReview } from '../parts/begin-review.tsx';
import { Button } from '../parts/button.tsx';
import { FilterChoice } from '../parts/filter-choice.tsx';
import { Icon } from '../parts/icon.tsx';
import { ListPage } from '../parts/list-page.tsx';
import type { Column } from '../parts/list-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { Notice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';

type Listed = Answer<'periodic-reviews/list'>;
const reviewsOf = ({ reviews }: Listed): readonly PeriodicReview[] => reviews;

/** Reviews by period: when one is due, what waits beside them, and those that were signed. */
export const PeriodicReviews = ({ filter }: { readonly filter: ListFilter }): ReactNode => {
  const words = useWords();
  const { say } = words;
  const may = useMay();
  const zone = useZone();
  const listing = useListing({
    name: 'periodic-reviews/list',
    query: { ...filter },
    steady: 'number',
    changes: ['periodic-reviews', 'reviews', 'approvals'],
    itemsOf: reviewsOf,
  });
  const [beginning, setBeginning] = useState(false);
  const shown = listing.loaded.data.kind === 'ready' ? listing.loaded.data.value : undefined;
  return (
    <>
      <PageHead
        title={say('nav.periodic-reviews')}
        lead={say('periodic.lead')}
        actions={
          may('periodic-reviews/begin') && (
            <Button look="primary" icon="plus" onClick={() => setBeginning(true)}>
              {say('periodic.begin')}
            </Button>
          )
        }
      />
      {shown !== undefined && (
        <div className="stack review-state">
          <Due shown={shown} />
          <Waiting waiting={shown.waiting} />
        </div>
      )}
      <ListPage
        kind="periodic-reviews"
        caption={say('nav.periodic-reviews')}
        listing={listing}
        columns={columnsOf(words, zone)}
        keyOf={({ number }) => number}
        filter={filter}
        sorting={{ usual: 'number', usualOrder: 'falling' }}
        searchLabel={say('periodic.search')}
        choices={(change) => (
          <FilterChoice
            by="state"
            filter={filter}
            change={change}
            options={standings.map((one) => [one, wordsOf(one, words)])}
          />
        )}
        empty={{ icon: 'log', title: say('periodic.none'), hint: say('periodic.none-hint') }}
      />
      {beginning && <BeginReview after={shown?.signedUntil ?? undefined} close={() => setBeginning(false)} />}
    </>
  );
};

const standings = ['open', 'in-order', 'follow-up', 'dropped'] as const;
type Standing = (typeof standings)[number];
const wordsOf = (standing: Standing, { say }: Words): string =>
  standing === 'open' || standing === 'dropped'
    ? say(`periodic.state.${standing}`)
    : say(`periodic.verdict.${standing}`);
const standingOf = ({ state, signed }: Pick<PeriodicReview, 'state' | 'signed'>): Standing =>
  state === 'dropped' ? state : (signed?.verdict ?? 'open');

const columnsOf = (words: Words, zone: string | undefined): readonly Column<PeriodicReview>[] => {
  const { say } = words;
  return [
    {
      name: 'number',
      label: say('periodic.number'),
      sort: 'number',
      heads: true,
      show: ({ id, number }) => (
        <a href={fragmentOf({ kind: 'periodic-review', id })}>{say('periodic.of', { number })}</a>
      ),
      write: ({ number }) => String(number),
    },
    {
      name: 'period',
      label: say('periodic.period'),
      sort: 'period',
      show: ({ from, until }) => (
        <>
          <Moment at={from} full /> – <Moment at={until} full />
        </>
      ),
      more: [
        { label: say('periodic.from'), write: ({ from }) => exactly(from, zone) },
        { label: say('periodic.until'), write: ({ until }) => exactly(until, zone) },
        { label: say('periodic.taken'), write: ({ takenBy }) => takenBy },
      ],
    },
    {
      name: 'state',
      label: say('periodic.state'),
      sort: 'state',
      show: ({ state, signed }) => <ReviewState state={state} verdict={signed?.verdict} />,
      write: (review) => wordsOf(standingOf(review), words),
    },
    {
      name: 'by',
      label: say('periodic.signed-by'),
      sort: 'by',
      show: ({ signed }) =>
        signed === null ? (
          '–'
        ) : (
          <>
            {signed.by} <Moment at={signed.at} full />
          </>
        ),
      write: ({ signed }) => signed?.by ?? '',
      more: [
        { label: say('periodic.signed-at'), write: ({ signed }) => (signed === null ? '' : exactly(signed.at, zone)) },
        { label: say('periodic.findings'), write: ({ signed }) => signed?.findings ?? '' },
      ],
    },
    {
      name: 'next',
      label: say('periodic.next'),
      sort: 'next',
      className: 'digits',
      show: ({ signed }) => signed?.next ?? '–',
      write: ({ signed }) => signed?.next ?? '',
      more: [{ label: say('periodic.digest'), write: ({ digest }) => digest }],
    },
  ];
};

const Due = ({ shown: { due, overdue } }: { readonly shown: Listed }): ReactNode => {
  const { say } = useWords();
  return (
    <Notice look={overdue ? 'warn' : 'good'} alert={overdue}>
      <p className="big">
        {due === null ? say('periodic.never') : say(overdue ? 'periodic.overdue' : 'periodic.due', { day: due })}
      </p>
    </Notice>
  );
};

/** The other queues of whoever reviews: single uses and acts, each with its own page. */
const Waiting = ({ waiting }: { readonly waiting: Listed['waiting'] }): ReactNode => {
  const { say } = useWords();
  const queues = [
    { kind: 'reviews', icon: 'warning', count: waiting.emergencies },
    { kind: 'approvals', icon: 'check', count: waiting.approvals },
  ] as const;
  return (
    <ul className="review-queues">
      {queues.map(({ kind, icon, count }) => (
        <li key={kind}>
          <a className="surface review-queue" href={fragmentOf({ kind })}>
            <Icon name={icon} />
            <span>{say(`nav.${kind}`)}</span>
            <Pill tone={count === 0 ? 'good' : 'warn'}>
              {count === 0 ? say('periodic.nothing-waits') : say('periodic.waits', { count })}
            </Pill>
          </a>
        </li>
      ))}
    </ul>
  );
};

export const ReviewState = ({
  state,
  verdict,
}: {
  readonly state: 'open' | 'signed' | 'dropped';
  readonly verdict: 'in-order' | 'follow-up' | undefined;
}): ReactNode => {
  const { say } = useWords();
  if (state !== 'signed' || verdict === undefined)
    return <Pill tone={state === 'open' ? 'warn' : 'calm'}>{say(`periodic.state.${state}`)}</Pill>;
  return <Pill tone={verdict === 'in-order' ? 'good' : 'warn'}>{say(`periodic.verdict.${verdict}`)}</Pill>;
};
