import type { ReactNode } from 'react';
import type { Answer } from '#contract/api/index.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import type { PolicyDraft } from '../pages/policy.tsx';
import { ApprovalAwaited } from './approval-awaited.tsx';
import { Button } from './button.tsx';
import { DryRunPicture } from './dry-run-picture.tsx';
import { Field } from './field.tsx';
import { PolicyChanges } from './policy-changes.tsx';

interface PolicyResultProps {
  readonly plan: Answer<'policies/plan'>;
  readonly draft: PolicyDraft;
  readonly note: (note: string) => void;
  readonly back: () => void;
  readonly end: (number?: number) => void;
}

/** What a draft changes and would have changed, and the way into force. */
export const PolicyResult = ({ plan: { changes, dryRun }, draft, note, back, end }: PolicyResultProps): ReactNode => {
  const { say } = useWords();
  const apply = useAct('policies/apply');
  const { policy, base } = draft;
  const send = async (): Promise<void> => {
    const answer = await apply.send({ body: { policy, base, note: draft.note.trim() } });
    if (answer !== undefined) end(answer.number);
  };
  return (
    <div className="stack">
      <section className="surface padded" aria-labelledby="policy-diff">
        <div className="section-head">
          <h2 id="policy-diff">{say('policy-page.changes')}</h2>
        </div>
        <PolicyChanges changes={changes} />
      </section>
      {dryRun !== null && <DryRunPicture run={dryRun} />}
      <section className="surface padded form" aria-labelledby="policy-apply">
        <h2 id="policy-apply">{say('policy-page.step.apply')}</h2>
        <p>{say('policy-page.apply-will')}</p>
        <Field
          label={say('policy-page.note')}
          hint={say('policy-page.note-hint')}
          value={draft.note}
          change={note}
          maxLength={200}
          required
        />
        <ApprovalAwaited failure={apply.failure} />
        <div className="dialog-actions">
          <Button onClick={() => end()}>{say('policy-page.discard')}</Button>
          <Button onClick={back}>{say('policy-page.back-to-edit')}</Button>
          <Button
            look="primary"
            busy={apply.busy}
            disabled={changes.length === 0 || draft.note.trim() === ''}
            onClick={() => void send()}
          >
            {say('policy-page.apply')}
          </Button>
        </div>
      </section>
    </div>
  );
};
