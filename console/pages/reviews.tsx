import { type ReactNode, useState } from 'react';
import type { Review } from '#contract/api/emergencies.ts';
import { fragmentOf } from '../data/place.ts';
import { useMay } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';
import { ReviewFacts } from '../parts/review-facts.tsx';
import { SignOff } from '../parts/sign-off.tsx';

/** Emergency uses: those that wait come first, the oldest of them on top. */
export const Reviews = (): ReactNode => {
  const { say } = useWords();
  const listed = useData('reviews/list', { query: { limit: 100 } }, ['reviews', 'terminals']);
  const [signing, setSigning] = useState<Review>();
  return (
    <>
      <PageHead title={say('nav.reviews')} lead={say('reviews.lead')} />
      <LoadedView loaded={listed}>
        {({ reviews, waiting }) =>
          reviews.length === 0 ? (
            <Empty icon="check" title={say('reviews.none')}>
              <p>{say('reviews.none-hint')}</p>
            </Empty>
          ) : (
            <>
              <p className="queue-head" role="status">
                <Pill tone={waiting === 0 ? 'good' : 'warn'}>
                  {waiting === 0 ? say('reviews.all-done') : say('reviews.waiting', { count: waiting })}
                </Pill>
              </p>
              <ol className="revocations">
                {reviews.map((review) => (
                  <li key={review.id} className="surface">
                    <Use review={review} sign={() => setSigning(review)} />
                  </li>
                ))}
              </ol>
            </>
          )
        }
      </LoadedView>
      {signing !== undefined && <SignOff review={signing} close={() => setSigning(undefined)} />}
    </>
  );
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
