import type { ReactNode } from 'react';
import type { PeriodicReview } from '#contract/api/periodic-reviews.ts';
import { fragmentOf } from '../data/place.ts';
import { useMay } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { Facts } from '../parts/facts.tsx';
import { Icon } from '../parts/icon.tsx';
import { LoadedView } from '../parts/loaded-view.tsx';
import { Moment } from '../parts/moment.tsx';
import { Notice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ReviewFigures } from '../parts/review-figures.tsx';
import { ReviewLists } from '../parts/review-lists.tsx';
import { SignReview } from '../parts/sign-review.tsx';
import { ReviewState } from './periodic-reviews.tsx';

/** One review: what was looked at, as it was then, and the word on it. Prints as it is. */
export const PeriodicReviewPage = ({ id }: { readonly id: string }): ReactNode => {
  const { say } = useWords();
  const may = useMay();
  const shown = useData('periodic-reviews/show', { params: { review: id } }, ['periodic-reviews']);
  return (
    <LoadedView loaded={shown} title={say('nav.periodic-reviews')}>
      {({ review, snapshot }) => (
        <>
          <a className="back no-print" href={fragmentOf({ kind: 'periodic-reviews' })}>
            <Icon name="back" />
            {say('nav.periodic-reviews')}
          </a>
          <PageHead
            title={say('periodic.of', { number: review.number })}
            lead={say('periodic.lead-one')}
            badge={<ReviewState state={review.state} verdict={review.signed?.verdict} />}
            actions={<Button onClick={() => print()}>{say('common.print')}</Button>}
          />
          <div className="stack">
            {review.state === 'dropped' && (
              <Notice look="info">
                <p>{say('periodic.dropped-hint')}</p>
              </Notice>
            )}
            <section className="surface padded" aria-label={say('periodic.about')}>
              <About review={review} />
            </section>
            <ReviewFigures snapshot={snapshot} />
            <ReviewLists snapshot={snapshot} />
            {review.state === 'open' && may('periodic-reviews/sign') && (
              <SignReview review={review} snapshot={snapshot} />
            )}
          </div>
        </>
      )}
    </LoadedView>
  );
};

const About = ({ review }: { readonly review: PeriodicReview }): ReactNode => {
  const { say } = useWords();
  const { from, until, takenAt, takenBy, digest, signed } = review;
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      say('periodic.period'),
      <>
        <Moment at={from} full /> – <Moment at={until} full />
      </>,
    ],
    [
      say('periodic.taken'),
      <>
        {takenBy} <Moment at={takenAt} full />
      </>,
    ],
    [
      say('periodic.digest'),
      <code key="digest" className="fingerprint">
        {digest}
      </code>,
    ],
  ];
  if (signed === null) return <Facts facts={facts} />;
  return (
    <>
      <Facts
        facts={[
          ...facts,
          [
            say('periodic.signed-by'),
            <>
              {signed.by} <Moment at={signed.at} full />
            </>,
          ],
          [say('periodic.next'), signed.next],
        ]}
      />
      <div className="found-out">
        <strong>{say('periodic.findings')}</strong>
        <p className="review-findings">{signed.findings}</p>
      </div>
    </>
  );
};
