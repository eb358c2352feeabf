import { type ReactNode, type SubmitEvent, useId, useState } from 'react';
import type { PeriodicReview, ReviewSnapshot } from '#contract/api/periodic-reviews.ts';
import { dateIn, daysAfter } from '../data/times.ts';
import { useAct } from '../data/use-act.ts';
import { useZone } from '../data/use-console.ts';
import { useDraft } from '../data/use-draft.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Field } from './field.tsx';
import { FailureNotice, Notice } from './notice.tsx';
import { Radios } from './radios.tsx';

interface SignReviewProps {
  readonly review: PeriodicReview;
  readonly snapshot: ReviewSnapshot;
}

/** The word on a review, given once. What was begun to be written stays while other pages are looked at. */
export const SignReview = ({ review, snapshot }: SignReviewProps): ReactNode => {
  const { say } = useWords();
  const id = useId();
  const act = useAct('periodic-reviews/sign');
  const today = dateIn(new Date(), useZone());
  const [findings, setFindings, forget] = useDraft(`review.${review.id}`, '');
  const [verdict, setVerdict] = useState<'in-order' | 'follow-up'>();
  const [next, setNext] = useState(daysAfter(today, 30));
  const unsigned = snapshot.emergencies.items.filter(({ signedOff }) => signedOff === null).length;
  const sign = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (verdict === undefined) return;
    const body = { digest: review.digest, verdict, findings: findings.trim(), next };
    if ((await act.send({ params: { review: review.id }, body })) !== undefined) forget();
  };
  return (
    <section className="surface padded no-print" aria-labelledby={`${id}-head`}>
      <h2 id={`${id}-head`}>{say('periodic.sign')}</h2>
      <form className="form" onSubmit={(event) => void sign(event)}>
        {unsigned > 0 && (
          <Notice look="warn">
            <p>{say('periodic.unsigned', { count: unsigned })}</p>
          </Notice>
        )}
        <Radios
          legend={say('periodic.verdict')}
          options={(['in-order', 'follow-up'] as const).map((value) => ({
            value,
            label: say(`periodic.verdict.${value}`),
          }))}
          value={verdict}
          change={setVerdict}
        />
        <div className="field">
          <label htmlFor={id}>{say('periodic.findings')}</label>
          <textarea
            id={id}
            rows={6}
            maxLength={4000}
            required
            value={findings}
            onChange={(event) => setFindings(event.currentTarget.value)}
            aria-describedby={`${id}-hint`}
          />
          <p className="hint" id={`${id}-hint`}>
            {say('periodic.findings-hint')}
          </p>
        </div>
        <div className="side-by-side">
          <Field
            label={say('periodic.next')}
            type="date"
            value={next}
            change={setNext}
            min={daysAfter(today, 1)}
            max={daysAfter(today, 400)}
            required
          />
        </div>
        <FailureNotice failure={act.failure} />
        <div className="dialog-actions">
          <Button
            look="primary"
            type="submit"
            busy={act.busy}
            disabled={verdict === undefined || findings.trim() === ''}
          >
            {say('periodic.sign')}
          </Button>
        </div>
      </form>
    </section>
  );
};
