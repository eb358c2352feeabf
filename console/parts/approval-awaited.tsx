import type { ReactNode } from 'react';
import type { Failure } from '#contract/errors.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { FailureNotice, Notice } from './notice.tsx';

/** Why an act failed; where it waits for a second person, whether they have decided. */
export const ApprovalAwaited = ({ failure }: { readonly failure: Failure | undefined }): ReactNode =>
  failure?.approval === undefined ? <FailureNotice failure={failure} /> : <Awaited approval={failure.approval} />;

const Awaited = ({ approval }: { readonly approval: string }): ReactNode => {
  const { say } = useWords();
  const { data } = useData('approvals/list', { query: { approval } }, ['approvals']);
  const found = data.kind === 'ready' ? data.value.approvals[0] : undefined;
  const name = found?.decidedBy?.name;
  return (
    <div role="status">
      {found === undefined || found.state === 'waiting' ? (
        <Notice look="info">
          <p>{say('approval.waiting')}</p>
        </Notice>
      ) : found.state === 'given' ? (
        <Notice look="good">
          <p>{say('approval.given', { name })}</p>
        </Notice>
      ) : (
        <Notice look="warn">
          <p>{say('approval.refused', { reason: found.reason })}</p>
        </Notice>
      )}
    </div>
  );
};
