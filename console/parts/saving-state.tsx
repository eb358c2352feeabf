import type { ReactNode } from 'react';
import type { UseSaving } from '../data/use-saving.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { FailureNotice } from './notice.tsx';

/** How far the saving of a file has come, a way to stop it, and how it ended. */
export const SavingState = ({ saving: { state, stop } }: { readonly saving: UseSaving }): ReactNode => {
  const { say, language } = useWords();
  const count = 'count' in state ? state.count.toLocaleString(language) : undefined;
  return (
    <>
      {state.kind === 'running' && (
        <div className="progress-row">
          <progress aria-label={say('saving.running', { count })} />
          <span>{say('saving.running', { count })}</span>
          <Button onClick={stop}>{say('saving.stop')}</Button>
        </div>
      )}
      <p className="saved-line" role="status">
        {state.kind === 'saved' && say('saving.saved', { count, name: state.name })}
      </p>
      {state.kind === 'failed' && <FailureNotice failure={state.failure} />}
    </>
  );
};
