import { type ReactNode, type SubmitEvent, useId, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import { longestCheckpoint, tidyCheckpoint, tryReadCheckpoint } from '../data/checkpoint.ts';
import { decodeFile } from '../data/decode-file.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Facts } from './facts.tsx';
import { Moment } from './moment.tsx';
import { FailureNotice, Notice } from './notice.tsx';
import { SaveProof } from './save-proof.tsx';

type Compared = Answer<'log/compare'>;
type Problem = 'failure.CHECKPOINT_UNREADABLE' | 'log-compare.file-unreadable';

/** A checkpoint that an auditor kept outside of the server, pasted or opened, against the log of now. */
export const CompareCheckpoint = (): ReactNode => {
  const { say } = useWords();
  const id = useId();
  const compare = useAct('log/compare');
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<Problem>();
  const [compared, setCompared] = useState<Compared>();
  const take = (given: string): void => {
    setText(given);
    setProblem(undefined);
    setCompared(undefined);
    compare.clear();
  };
  const open = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    take('');
    try {
      if (file.size > longestCheckpoint) setProblem('failure.CHECKPOINT_UNREADABLE');
      else take(decodeFile(new Uint8Array(await file.arrayBuffer())));
    } catch {
      // Moved, deleted or locked since it was chosen.
      setProblem('log-compare.file-unreadable');
    }
  };
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const checkpoint = tidyCheckpoint(text);
    take(text);
    if (checkpoint.length > longestCheckpoint || tryReadCheckpoint(checkpoint) === undefined)
      return setProblem('failure.CHECKPOINT_UNREADABLE');
    setCompared(await compare.send({ body: { checkpoint } }));
  };
  return (
    <section className="surface stack" aria-labelledby={`${id}-title`}>
      <div className="section-head">
        <h2 id={`${id}-title`}>{say('log-compare.title')}</h2>
      </div>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <p>{say('log-compare.lead')}</p>
        <div className="field">
          <label htmlFor={`${id}-file`}>{say('log-compare.file')}</label>
          <input
            id={`${id}-file`}
            type="file"
            disabled={compare.busy}
            onChange={({ currentTarget }) => {
              void open(currentTarget.files?.[0]);
              // The same file, saved anew, is to be opened again.
              currentTarget.value = '';
            }}
          />
        </div>
        <div className="field">
          <label htmlFor={`${id}-text`}>{say('log-compare.text')}</label>
          <textarea
            id={`${id}-text`}
            rows={7}
            spellCheck={false}
            autoComplete="off"
            value={text}
            readOnly={compare.busy}
            onChange={({ currentTarget }) => take(currentTarget.value)}
          />
        </div>
        {problem !== undefined && (
          <Notice look="bad" alert>
            <p>{say(problem)}</p>
          </Notice>
        )}
        <FailureNotice failure={compare.failure} />
        <div className="dialog-actions">
          <Button look="primary" type="submit" busy={compare.busy} disabled={text.trim() === ''}>
            {say('log-compare.submit')}
          </Button>
        </div>
      </form>
      {compared !== undefined && <Result compared={compared} />}
    </section>
  );
};

const Result = ({ compared }: { readonly compared: Compared }): ReactNode => {
  const { say, language } = useWords();
  const { fault, root, ...file } = compared;
  const [kept, now] = [tryReadCheckpoint(file.kept), tryReadCheckpoint(file.checkpoint)];
  if (kept === undefined || now === undefined) return null;
  const count = (number: number): string => number.toLocaleString(language);
  const counts = { kept: count(kept.size), now: count(now.size) };
  const isOther = kept.origin !== now.origin;
  return (
    <div className="stack">
      {fault === null ? (
        <Notice look="good">
          <p role="status">{say(kept.size === now.size ? 'log-compare.same' : 'log-compare.grown', counts)}</p>
          {isOther && <p>{say('log-compare.grown-anew')}</p>}
        </Notice>
      ) : (
        <Notice look={fault === 'kept-signature' ? 'warn' : 'bad'} alert>
          <p>{say(`log-compare.fault.${fault}`, counts)}</p>
          {isOther && fault !== 'kept-signature' && <p>{say('log-compare.other-origin')}</p>}
        </Notice>
      )}
      <Facts
        facts={[
          [say('log-compare.kept-size'), counts.kept],
          [say('log-compare.kept-at'), <Moment key="at" at={kept.at} />],
          [say('log-compare.now-size'), counts.now],
          [say('log-compare.kept-origin'), kept.origin],
          [
            say('log-compare.kept-root'),
            <code key="kept" className="fingerprint">
              {kept.root}
            </code>,
          ],
          [
            say('log-compare.now-root'),
            <code key="now" className="fingerprint">
              {root ?? say('log-compare.no-root')}
            </code>,
          ],
        ]}
      />
      <div>
        <SaveProof name={`kazasu-growth-${kept.size}-${now.size}.json`} file={file} />
      </div>
    </div>
  );
};
