import { type ReactNode, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { Policy } from '#contract/policy.ts';
import { useMay } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useDraft } from '../data/use-draft.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { LoadedView } from '../parts/loaded-view.tsx';
import { Notice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';
import { PolicyEditor } from '../parts/policy-editor.tsx';
import { PolicyHistory } from '../parts/policy-history.tsx';
import { PolicyShown } from '../parts/policy-shown.tsx';

type Active = Answer<'policies/active'>;

/** What somebody has begun: from which version, what that was, and what it is to become. */
export interface PolicyDraft {
  readonly base: number;
  readonly start: Policy;
  readonly policy: Policy;
  readonly note: string;
}

/** Rules that the server decides by: those in force with their clauses, and a draft of others. */
export const PolicyPage = (): ReactNode => {
  const { say } = useWords();
  const active = useData('policies/active', {}, ['policy']);
  return (
    <LoadedView loaded={active} title={say('nav.policy')}>
      {(shown) => <Loaded active={shown} reload={active.reload} title={say('nav.policy')} />}
    </LoadedView>
  );
};

interface LoadedProps {
  readonly active: Active;
  readonly reload: () => void;
  readonly title: string;
}

const Loaded = ({ active, reload, title }: LoadedProps): ReactNode => {
  const { say } = useWords();
  const may = useMay();
  const [draft, setDraft, forget] = useDraft<PolicyDraft | null>('policy', null);
  const [applied, setApplied] = useState<number>();
  const begin = (policy: Policy, note: string): void => {
    setApplied(undefined);
    setDraft({ base: active.number, start: active.policy, policy, note });
  };
  const end = (number?: number): void => {
    setDraft(null);
    forget();
    setApplied(number);
    reload();
  };
  const mayEdit = may('policies/apply');
  return (
    <>
      <PageHead
        title={title}
        lead={say(draft === null ? 'policy-page.lead' : 'policy-page.lead-draft')}
        badge={
          <Pill tone={draft === null ? 'good' : 'warn'}>
            {say(draft === null ? 'policy-page.in-force' : 'policy-page.drafting', { number: active.number })}
          </Pill>
        }
        actions={
          draft === null &&
          mayEdit && (
            <Button look="primary" onClick={() => begin(active.policy, '')}>
              {say('policy-page.edit')}
            </Button>
          )
        }
      />
      {applied !== undefined && (
        <div role="status" className="policy-applied">
          <Notice look="good">
            <p className="big">{say('policy-page.applied', { number: applied })}</p>
          </Notice>
        </div>
      )}
      {draft === null ? (
        <div className="stack">
          <PolicyShown values={active.values} />
          <PolicyHistory active={active} back={mayEdit ? begin : undefined} />
        </div>
      ) : (
        <PolicyEditor active={active} draft={draft} change={setDraft} end={end} />
      )}
    </>
  );
};
