import { type ReactNode, type SubmitEvent, useState } from 'react';
import { fragmentOf } from '../data/place.ts';
import { dateIn, daysAfter, startOf } from '../data/times.ts';
import { useAct } from '../data/use-act.ts';
import { useZone } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { FailureNotice } from './notice.tsx';

interface BeginReviewProps {
  /** Where the last one that was signed ends. */
  readonly after: string | undefined;
  readonly close: () => void;
}

/** From which day of the hospital to which somebody looks; the figures are taken at once. */
export const BeginReview = ({ after, close }: BeginReviewProps): ReactNode => {
  const { say } = useWords();
  const begin = useAct('periodic-reviews/begin');
  const zone = useZone();
  const today = dateIn(new Date(), zone);
  const [from, setFrom] = useState(after === undefined ? daysAfter(today, -30) : dateIn(new Date(after), zone));
  const [until, setUntil] = useState(today);
  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    // The days themselves belong to it; one that follows on another goes on at that moment.
    const follows = after !== undefined && from === dateIn(new Date(after), zone);
    const answer = await begin.send({
      body: {
        from: follows ? after : startOf(from, zone).toISOString(),
        until: startOf(daysAfter(until, 1), zone).toISOString(),
      },
    });
    if (answer !== undefined) location.hash = fragmentOf({ kind: 'periodic-review', id: answer.review.id });
  };
  return (
    <Dialog title={say('periodic.begin')} close={close} mayClose={!begin.busy}>
      <form className="form" onSubmit={(event) => void send(event)}>
        <p>{say('periodic.begin-will')}</p>
        <div className="side-by-side">
          <Field label={say('periodic.from')} type="date" value={from} change={setFrom} max={until} required />
          <Field label={say('periodic.until')} type="date" value={until} change={setUntil} max={today} required />
        </div>
        <FailureNotice failure={begin.failure} />
        <div className="dialog-actions">
          <Button onClick={close}>{say('common.cancel')}</Button>
          <Button look="primary" type="submit" busy={begin.busy}>
            {say('periodic.take')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
};
