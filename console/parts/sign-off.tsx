import { type ReactNode, type SubmitEvent, useId, useState } from 'react';
import type { Review } from '#contract/api/emergencies.ts';
import { useAct } from '../data/use-act.ts';
import { useDraft } from '../data/use-draft.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Done } from './done.tsx';
import { FailureNotice } from './notice.tsx';
import { Radios } from './radios.tsx';
import { ReviewFacts } from './review-facts.tsx';

interface SignOffProps {
  readonly review: Review;
  readonly close: () => void;
}

/** The look at an emergency use afterwards, signed once. */
export const SignOff = ({ review, close }: SignOffProps): ReactNode => {
  const { say } = useWords();
  const id = useId();
  const act = useAct('reviews/sign-off');
  const [verdict, setVerdict] = useState<'in-order' | 'misuse'>();
  const [findings, setFindings, forget] = useDraft(`sign-off.${review.id}`, '');
  const [done, setDone] = useState(false);
  const { name } = review.person;
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (verdict === undefined) return;
    const body = { verdict, findings: findings.trim() };
    if ((await act.send({ params: { review: review.id }, body })) === undefined) return;
    forget();
    setDone(true);
  };
  return (
    <Dialog title={say('reviews.review-of', { name })} close={close} mayClose={!act.busy}>
      {done ? (
        <Done close={close}>{say('reviews.signed', { name })}</Done>
      ) : (
        <form className="form" onSubmit={(event) => void submit(event)}>
          <ReviewFacts review={review} />
          <Radios
            legend={say('reviews.verdict')}
            options={(['in-order', 'misuse'] as const).map((value) => ({
              value,
              label: say(`reviews.verdict.${value}`),
            }))}
            value={verdict}
            change={setVerdict}
          />
          <div className="field">
            <label htmlFor={id}>{say('reviews.findings')}</label>
            <textarea
              id={id}
              rows={4}
              maxLength={1000}
              required
              value={findings}
              onChange={(event) => setFindings(event.currentTarget.value)}
              aria-describedby={`${id}-hint`}
            />
            <p className="hint" id={`${id}-hint`}>
              {say('reviews.findings-hint')}
            </p>
          </div>
          <FailureNotice failure={act.failure} />
          <div className="dialog-actions">
            <Button onClick={close}>{say('common.cancel')}</Button>
            <Button
              look="primary"
              type="submit"
              busy={act.busy}
              disabled={verdict === undefined || findings.trim() === ''}
            >
              {say('reviews.sign-off')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
};
