import type { ReactNode } from 'react';
import { useExport } from '../data/use-export.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { FailureNotice, Notice } from './notice.tsx';
import { SavedHere } from './saved-here.tsx';

/** The whole log as a file that `npm run verify-log` needs nothing else for. */
export const ExportLog = (): ReactNode => {
  const { say, language } = useWords();
  const { state, begin, stop } = useExport();
  const count = (number: number): string => number.toLocaleString(language);
  return (
    <section className="surface" aria-labelledby="export">
      <div className="section-head">
        <h2 id="export">{say('log-proof.export')}</h2>
      </div>
      <p>{say('log-proof.export-hint')}</p>
      <pre className="command">npm run verify-log -- kazasu-log.jsonl</pre>
      {state.kind === 'failed' && <FailureNotice failure={state.failure} />}
      {state.kind === 'saved' && (
        <Notice look="good">
          <p role="status">{say('log-proof.saved', { name: state.name, size: count(state.size) })}</p>
        </Notice>
      )}
      {state.kind === 'running' ? (
        <div className="progress-row">
          <progress aria-label={say('log-proof.export')} value={state.done} max={Math.max(state.size, 1)} />
          <span>{say('log-proof.progress', { done: count(state.done), size: count(state.size) })}</span>
          <Button onClick={stop}>{say('common.cancel')}</Button>
        </div>
      ) : (
        <SavedHere>
          <div className="dialog-actions">
            <Button look="primary" onClick={begin}>
              {say('log-proof.begin-export')}
            </Button>
          </div>
        </SavedHere>
      )}
    </section>
  );
};
