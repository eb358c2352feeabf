import { type ReactNode, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import { fragmentOf } from '../data/place.ts';
import { useMay } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { BeginReview } from '../parts/begin-review.tsx';
import { Button } from '../parts/button.tsx';
import { Icon } from '../parts/icon.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { Moment } from '../parts/moment.tsx';
import { Notice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';

type Listed = Answer<'periodic-reviews/list'>;

/** Reviews by period: when one is due, what waits beside them, and those that were signed. */
export const PeriodicReviews = (): ReactNode => {
  const { say } = useWords();
  const may = useMay();
  const listed = useData('periodic-reviews/list', {}, ['periodic-reviews', 'reviews', 'approvals']);
  const [beginning, setBeginning] = useState(false);
  const last =
    listed.data.kind === 'ready' ? listed.data.value.reviews.find(({ state }) => state === 'signed') : undefined;
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
      <LoadedView loaded={listed}>
        {(shown) => (
          <div className="stack">
            <Due shown={shown} />
            <Waiting waiting={shown.waiting} />
            <Reviews reviews={shown.reviews} />
          </div>
        )}
      </LoadedView>
      {beginning && <BeginReview after={last?.until} close={() => setBeginning(false)} />}
    </>
  );
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

const Reviews = ({ reviews }: { readonly reviews: Listed['reviews'] }): ReactNode => {
  const { say } = useWords();
  if (reviews.length === 0)
    return (
      <div className="surface">
        <Empty icon="log" title={say('periodic.none')}>
          <p>{say('periodic.none-hint')}</p>
        </Empty>
      </div>
    );
  return (
    <div className="surface table-wrap">
      <table>
        <caption className="visually-hidden">{say('nav.periodic-reviews')}</caption>
        <thead>
          <tr>
            {(['number', 'period', 'state', 'signed-by', 'next'] as const).map((column) => (
              <th key={column} scope="col">
                {say(`periodic.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {reviews.map(({ id, number, from, until, state, signed }) => (
            <tr key={id} className="linked">
              <th scope="row">
                <a href={fragmentOf({ kind: 'periodic-review', id })}>{say('periodic.of', { number })}</a>
              </th>
              <td>
                <Moment at={from} full /> – <Moment at={until} full />
              </td>
              <td>
                <ReviewState state={state} verdict={signed?.verdict} />
              </td>
              <td>
                {signed === null ? (
                  '–'
                ) : (
                  <>
                    {signed.by} <Moment at={signed.at} full />
                  </>
                )}
              </td>
              <td className="digits">{signed?.next ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
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
