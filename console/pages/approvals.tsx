import { type ReactNode, useState } from 'react';
import type { Approval } from '#contract/api/approvals.ts';
import { noteOf } from '../data/policy-words.ts';
import { useAct } from '../data/use-act.ts';
import { useConsole } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { Moment } from '../parts/moment.tsx';
import { FailureNotice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';
import { PolicyChanges } from '../parts/policy-changes.tsx';

/** Acts that take a second person: what waits comes first. */
export const Approvals = (): ReactNode => {
  const { say } = useWords();
  const listed = useData('approvals/list', { query: { limit: 50 } }, ['approvals']);
  return (
    <>
      <PageHead title={say('nav.approvals')} lead={say('approvals.lead')} />
      <LoadedView loaded={listed}>
        {({ approvals }) =>
          approvals.length === 0 ? (
            <Empty icon="check" title={say('approvals.none')}>
              <p>{say('approvals.none-hint')}</p>
            </Empty>
          ) : (
            <ol className="revocations">
              {approvals.map((one) => (
                <li key={one.id} className="surface">
                  <Head approval={one} />
                  {one.changes !== null && one.state === 'waiting' && <PolicyChanges changes={one.changes} />}
                  {one.state === 'waiting' && <Decision approval={one} />}
                </li>
              ))}
            </ol>
          )
        }
      </LoadedView>
    </>
  );
};

const tones = {
  waiting: 'warn',
  given: 'good',
  used: 'good',
  refused: 'bad',
  withdrawn: 'calm',
  expired: 'calm',
} as const;

const Head = ({ approval }: { readonly approval: Approval }): ReactNode => {
  const { say, tryNamed } = useWords();
  const { subject, askedBy, decidedBy, decidedAt } = approval;
  const asked = approval.changes === null ? approval.about : noteOf(approval.about, approval.changes);
  const about = tryNamed('approvals.about', asked) ?? asked;
  return (
    <div className="section-head">
      <div>
        <h2>
          {say(`approvals.act.${approval.act}`)}
          {subject !== null && <> {say('approvals.for', { name: subject.name, number: subject.number })}</>}
        </h2>
        <p className="line-more">
          {about !== '' && <>{about} · </>}
          {say('approvals.asked-by', { name: askedBy.name })} · <Moment at={approval.askedAt} />
        </p>
        {decidedBy !== null && decidedAt !== null && (
          <p className="line-more">
            {say('approvals.decided-by', { name: decidedBy.name })} · <Moment at={decidedAt} />
            {approval.reason !== '' && <> · {approval.reason}</>}
          </p>
        )}
      </div>
      <Pill tone={tones[approval.state]}>{say(`approvals.state.${approval.state}`)}</Pill>
    </div>
  );
};

const Decision = ({ approval }: { readonly approval: Approval }): ReactNode => {
  const { say } = useWords();
  const { signedIn } = useConsole();
  const [reason, setReason] = useState('');
  const decide = useAct('approvals/decide');
  const withdraw = useAct('approvals/withdraw');
  const params = { approval: approval.id };
  if (approval.askedBy.id === signedIn.person.id) {
    return (
      <div className="form">
        <p className="quiet-line">{say('approvals.yours')}</p>
        <FailureNotice failure={withdraw.failure} />
        <div className="dialog-actions">
          <Button busy={withdraw.busy} onClick={() => void withdraw.send({ params, body: {} })}>
            {say('approvals.withdraw')}
          </Button>
        </div>
      </div>
    );
  }
  if (!approval.mayDecide) return <p className="quiet-line">{say('approvals.not-yours')}</p>;
  const send = (approve: boolean) => void decide.send({ params, body: { approve, reason: reason.trim() } });
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        send(true);
      }}
    >
      <Field label={say('approvals.reason')} value={reason} change={setReason} maxLength={80} required />
      <FailureNotice failure={decide.failure} />
      <div className="dialog-actions">
        <Button onClick={() => send(false)} disabled={decide.busy || reason.trim() === ''}>
          {say('approvals.refuse')}
        </Button>
        <Button look="primary" type="submit" busy={decide.busy} disabled={reason.trim() === ''}>
          {say('approvals.approve')}
        </Button>
      </div>
    </form>
  );
};
