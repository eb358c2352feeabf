import { type ReactNode, useState } from 'react';
import type { Review } from '#contract/api/emergencies.ts';
import type { Answer } from '#contract/api/index.ts';
import { fragmentOf, type ListFilter } from '../data/place.ts';
import { exactly } from '../data/times.ts';
import { useMay, useZone } from '../data/use-console.ts';
import { useListing } from '../data/use-listing.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { FilterChoice } from '../parts/filter-choice.tsx';
import { ListPage } from '../parts/list-page.tsx';
import type { Column } from '../parts/list-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';
import { ReviewFacts } from '../parts/review-facts.tsx';
import { SignOff } from '../parts/sign-off.tsx';
import { SortChoice } from '../parts/sort-choice.tsx';

const reviewsOf = ({ reviews }: Answer<'reviews/list'>): readonly Review[] => reviews;

/** Emergency uses: those that wait come first, the oldest of them on top. */
export const Reviews = ({ filter }: { readonly filter: ListFilter }): ReactNode => {
  const words = useWords();
  const { say } = words;
  const zone = useZone();
  const listing = useListing({
    name: 'reviews/list',
    query: { ...filter },
    steady: 'at',
    changes: ['reviews', 'terminals'],
    itemsOf: reviewsOf,
  });
  const [signing, setSigning] = useState<Review>();
  return (
    <>
      <PageHead title={say('nav.reviews')} lead={say('reviews.lead')} />
      <ListPage
        kind="reviews"
        caption={say('nav.reviews')}
        listing={listing}
        columns={columnsOf(words, zone)}
        keyOf={({ id }) => id}
        filter={filter}
        sorting={{ usual: 'waiting' }}
        searchLabel={say('reviews.search')}
        choices={(change) => (
          <>
            <FilterChoice
              by="state"
              filter={filter}
              change={change}
              options={[
                ['waiting', say('reviews.state.waiting')],
                ['signed', say('reviews.state.signed')],
              ]}
            />
            <SortChoice
              filter={filter}
              change={change}
              usual="waiting rising"
              orders={[
                ['waiting rising', say('reviews.sort.waiting')],
                ['at falling', say('list.sort.newest')],
                ['at rising', say('list.sort.oldest')],
                ['person rising', say('list.sort.person')],
                ['terminal rising', say('list.sort.terminal')],
              ]}
            />
          </>
        )}
        empty={{ icon: 'check', title: say('reviews.none'), hint: say('reviews.none-hint') }}
        status={({ waiting }) => (
          <Pill tone={waiting === 0 ? 'good' : 'warn'}>
            {waiting === 0 ? say('reviews.all-done') : say('reviews.waiting', { count: waiting })}
          </Pill>
        )}
        show={(reviews) => (
          <ol className="revocations">
            {reviews.map((review) => (
              <li key={review.id} className="surface">
                <Use review={review} sign={() => setSigning(review)} />
              </li>
            ))}
          </ol>
        )}
      />
      {signing !== undefined && <SignOff review={signing} close={() => setSigning(undefined)} />}
    </>
  );
};

/** As they stand in a file; the page shows each with all that is to be looked at. */
const columnsOf = ({ say, tryNamed }: Words, zone: string | undefined): readonly Column<Review>[] => {
  const at = (instant: string | null | undefined): string => (instant == null ? '' : exactly(instant, zone));
  const column = (name: string, label: string, write: (one: Review) => string): Column<Review> => ({
    name,
    label,
    show: write,
    write,
  });
  return [
    column('begun', say('reviews.begun'), (review) => at(review.at)),
    column('ended', say('reviews.ended'), ({ endedAt }) => at(endedAt)),
    column('number', say('reviews.number'), ({ person }) => person.number),
    column('person', say('person.name'), ({ person }) => person.name),
    column('terminal', say('terminals.name'), ({ terminal }) => terminal.name),
    column('place', say('terminals.place'), ({ terminal }) => terminal.place),
    column('means', say('reviews.how'), ({ means, serial, witness }) =>
      say(`reviews.means.${means}`, { serial: serial ?? '', name: witness?.name ?? '' }),
    ),
    column('reason', say('reviews.reason'), ({ reason }) => tryNamed('reason', reason) ?? reason),
    column('code', say('reviews.code'), ({ supportCode }) => supportCode),
    column('verdict', say('reviews.verdict'), ({ signedOff }) =>
      say(signedOff === null ? 'reviews.state.waiting' : `reviews.verdict.${signedOff.verdict}`),
    ),
    column('findings', say('reviews.findings'), ({ signedOff }) => signedOff?.findings ?? ''),
    column('by', say('reviews.column.by'), ({ signedOff }) => signedOff?.by ?? ''),
    column('signed-at', say('reviews.column.at'), ({ signedOff }) => at(signedOff?.at)),
  ];
};

const Use = ({ review, sign }: { readonly review: Review; readonly sign: () => void }): ReactNode => {
  const { say } = useWords();
  const may = useMay();
  const { person, terminal, signedOff } = review;
  return (
    <>
      <div className="section-head">
        <h2>{say('reviews.of', { name: person.name, terminal: terminal.name })}</h2>
        {signedOff === null ? (
          <Pill tone="warn">{say('reviews.state.waiting')}</Pill>
        ) : (
          <Pill tone={signedOff.verdict === 'in-order' ? 'good' : 'bad'}>
            {say(`reviews.verdict.${signedOff.verdict}`)}
          </Pill>
        )}
      </div>
      <ReviewFacts review={review} />
      {may('events/list') && (
        <a
          className="section-foot"
          href={fragmentOf({ kind: 'log', filter: { person: person.id, terminal: terminal.id } })}
        >
          {say('reviews.to-log')}
        </a>
      )}
      {signedOff !== null && (
        <p className="found-out">
          {signedOff.findings}
          <span className="line-more">
            {say('reviews.signed-by', { name: signedOff.by })} · <Moment at={signedOff.at} />
          </span>
        </p>
      )}
      {signedOff === null && may('reviews/sign-off') && (
        <div className="dialog-actions">
          {review.maySignOff ? (
            <Button look="primary" onClick={sign} aria-label={say('reviews.review-of', { name: person.name })}>
              {say('reviews.begin')}
            </Button>
          ) : (
            <p className="quiet-line">{say('reviews.party')}</p>
          )}
        </div>
      )}
    </>
  );
};
