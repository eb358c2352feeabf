import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { Policy } from '#contract/policy.ts';
import {
  changedPaths,
  controlsOf,
  groupNames,
  type Problem,
  policyPaths,
  problemsAt,
  rebase,
  withValue,
} from '../data/policy-form.ts';
import { nameOf } from '../data/policy-words.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import type { PolicyDraft } from '../pages/policy.tsx';
import { Button } from './button.tsx';
import { Choice } from './field.tsx';
import { FailureNotice, Notice } from './notice.tsx';
import { PolicyField } from './policy-field.tsx';
import { PolicyResult } from './policy-result.tsx';
import { PolicyIndex } from './policy-shown.tsx';
import { Steps } from './steps.tsx';

interface PolicyEditorProps {
  readonly active: Answer<'policies/active'>;
  readonly draft: PolicyDraft;
  readonly change: (draft: PolicyDraft) => void;
  /** With the number of the version that is in force now; without one when the draft was thrown away. */
  readonly end: (number?: number) => void;
}

interface Planned {
  /** The draft that it is of. */
  readonly of: string;
  readonly plan: Answer<'policies/plan'>;
}

const spans = [7, 30, 92] as const;

/** A draft: its values, then what it would have changed, then in force. */
export const PolicyEditor = ({ active, draft, change, end }: PolicyEditorProps): ReactNode => {
  const { say } = useWords();
  const plan = useAct('policies/plan');
  const [days, setDays] = useState(7);
  const [planned, setPlanned] = useState<Planned>();
  const key = JSON.stringify(draft.policy);
  const result = planned?.of === key && planned.plan.problems.length === 0 ? planned.plan : undefined;
  const problems: readonly Problem[] =
    (planned?.of === key ? planned.plan.problems : undefined) ?? plan.failure?.problems ?? [];
  const work = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const answer = await plan.send({ body: { policy: draft.policy, days } });
    if (answer !== undefined) setPlanned({ of: key, plan: answer });
    requestAnimationFrame(() => document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  const set = (policy: Policy): void => {
    plan.clear();
    change({ ...draft, policy });
  };
  return (
    <div className="stack">
      <Steps
        steps={[say('policy-page.step.edit'), say('policy-page.step.look'), say('policy-page.step.apply')]}
        at={result === undefined ? 0 : 1}
      />
      {draft.base !== active.number && (
        <Notice look="warn" alert>
          <p>{say('policy-page.stale', { number: active.number })}</p>
          <Button
            onClick={() => {
              setPlanned(undefined);
              change({
                ...draft,
                base: active.number,
                start: active.policy,
                policy: rebase(draft.start, draft.policy, active.policy),
              });
            }}
          >
            {say('policy-page.rebase')}
          </Button>
        </Notice>
      )}
      {result === undefined ? (
        <form className="stack" onSubmit={(event) => void work(event)} noValidate>
          {problems.length > 0 && <Problems problems={problems} />}
          {plan.failure?.problems === undefined && <FailureNotice failure={plan.failure} />}
          <Values active={active} draft={draft} set={set} problems={problems} />
          <div className="policy-bar">
            <p role="status" className="policy-count">
              {say('policy-page.changed', { count: changedPaths(draft.start, draft.policy).length })}
            </p>
            <Choice label={say('policy-page.days')} value={String(days)} change={(text) => setDays(Number(text))}>
              {spans.map((span) => (
                <option key={span} value={span}>
                  {say('policy-page.last-days', { days: span })}
                </option>
              ))}
            </Choice>
            <Button onClick={() => end()}>{say('policy-page.discard')}</Button>
            <Button look="primary" type="submit" busy={plan.busy}>
              {say('policy-page.plan')}
            </Button>
          </div>
        </form>
      ) : (
        <PolicyResult
          plan={result}
          draft={draft}
          note={(note) => change({ ...draft, note })}
          back={() => setPlanned(undefined)}
          end={end}
        />
      )}
    </div>
  );
};

const Problems = ({ problems }: { readonly problems: readonly Problem[] }): ReactNode => {
  const words = useWords();
  const { say } = words;
  const named = policyPaths.filter((path) => problemsAt(problems, path).length > 0);
  return (
    <Notice look="bad" alert>
      <p>{say('policy-page.problems', { count: problems.length })}</p>
      <p>{named.map((path) => nameOf(path, words)).join(say('common.list-separator'))}</p>
    </Notice>
  );
};

interface ValuesProps {
  readonly active: PolicyEditorProps['active'];
  readonly draft: PolicyDraft;
  readonly set: (policy: Policy) => void;
  readonly problems: readonly Problem[];
}

const Values = ({ active, draft: { start, policy }, set, problems }: ValuesProps): ReactNode => {
  const { say } = useWords();
  const changed = changedPaths(start, policy);
  return (
    <div className="policy-groups">
      <PolicyIndex />
      {groupNames.map((group) => (
        <section key={group} className="surface policy-group" aria-labelledby={`policy-${group}`}>
          <h2 id={`policy-${group}`} tabIndex={-1}>
            {say(`policy-page.group.${group}`)}
          </h2>
          <p className="hint">{say(`policy-page.group-hint.${group}`)}</p>
          {controlsOf(group).map(([path, control]) => {
            const row = active.values.find((one) => one.path === path);
            return (
              row !== undefined && (
                <PolicyField
                  key={path}
                  path={path}
                  control={control}
                  row={row}
                  start={start}
                  policy={policy}
                  change={(value) => set(withValue(policy, path, value))}
                  isChanged={changed.includes(path)}
                  problems={problemsAt(problems, path)}
                />
              )
            );
          })}
        </section>
      ))}
    </div>
  );
};
