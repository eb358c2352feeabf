import { type ReactNode, type SubmitEvent, useId, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import { decodeFile, longestText } from '../data/decode-file.ts';
import { fragmentOf } from '../data/place.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { ApprovalAwaited } from '../parts/approval-awaited.tsx';
import { Button } from '../parts/button.tsx';
import { Icon } from '../parts/icon.tsx';
import { ImportChanges } from '../parts/import-changes.tsx';
import { ImportProblems } from '../parts/import-problems.tsx';
import { FailureNotice, Notice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';

type Upload = { readonly text: string; readonly suspendMissing: boolean };
type Plan = Answer<'people/preview-import'>['plan'];
type Report = Answer<'people/apply-import'>;

/** A list of people from a file: choose it, see what would change, have exactly that done. */
export const Import = (): ReactNode => {
  const { say } = useWords();
  const preview = useAct('people/preview-import');
  const apply = useAct('people/apply-import');
  const [seen, setSeen] = useState<{ readonly upload: Upload; readonly plan: Plan }>();
  const [report, setReport] = useState<Report>();
  const look = async (upload: Upload): Promise<void> => {
    setSeen(undefined);
    setReport(undefined);
    apply.clear();
    const answer = await preview.send({ body: upload });
    if (answer !== undefined) setSeen({ upload, plan: answer.plan });
  };
  const carryOut = async (): Promise<void> => {
    if (seen === undefined) return;
    const done = await apply.send({ body: { ...seen.upload, digest: seen.plan.digest } });
    if (done === undefined) return;
    setReport(done);
    setSeen(undefined);
  };
  return (
    <>
      <a className="back" href={fragmentOf({ kind: 'people' })}>
        <Icon name="back" />
        {say('nav.people')}
      </a>
      <PageHead title={say('import.title')} lead={say('import.lead')} />
      <div className="stack">
        <Choose
          busy={preview.busy}
          held={preview.busy || apply.busy}
          look={(upload) => void look(upload)}
          forget={() => setSeen(undefined)}
        />
        <FailureNotice failure={preview.failure} />
        {report !== undefined && <Done report={report} />}
        {seen !== undefined && (
          <>
            <Summary plan={seen.plan} busy={apply.busy} carryOut={() => void carryOut()} />
            <ApprovalAwaited failure={apply.failure} />
            <ImportProblems problems={seen.plan.problems} />
            <ImportChanges plan={seen.plan} />
          </>
        )}
      </div>
    </>
  );
};

interface ChooseProps {
  readonly busy: boolean;
  /** What is on its way belongs to what is chosen. */
  readonly held: boolean;
  readonly look: (upload: Upload) => void;
  /** Another file or option: what is shown does not belong to it. */
  readonly forget: () => void;
}

const Choose = ({ busy, held, look, forget }: ChooseProps): ReactNode => {
  const { say } = useWords();
  const id = useId();
  const [file, setFile] = useState<File>();
  const [suspendMissing, setSuspendMissing] = useState(false);
  const [problem, setProblem] = useState<'import.too-large' | 'import.unreadable'>();
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (file === undefined) return;
    setProblem(undefined);
    try {
      const text = file.size > 4 * longestText ? undefined : decodeFile(new Uint8Array(await file.arrayBuffer()));
      if (text === undefined || text.length > longestText) setProblem('import.too-large');
      else look({ text, suspendMissing });
    } catch {
      // Moved, deleted or locked since it was chosen.
      setProblem('import.unreadable');
    }
  };
  return (
    <form className="surface form padded" onSubmit={(event) => void submit(event)}>
      <div className="field">
        <label htmlFor={id}>{say('import.file')}</label>
        <input
          id={id}
          type="file"
          accept=".csv,.tsv,.txt,text/csv,text/tab-separated-values"
          required
          disabled={held}
          aria-describedby={`${id}-hint`}
          // The same file chosen once more, because it was corrected, is read anew.
          onClick={(event) => {
            event.currentTarget.value = '';
            setFile(undefined);
            forget();
          }}
          onChange={(event) => {
            setFile(event.currentTarget.files?.[0]);
            forget();
          }}
        />
        <p className="hint" id={`${id}-hint`}>
          {say('import.file-hint')}
        </p>
      </div>
      <label className="check">
        <input
          type="checkbox"
          checked={suspendMissing}
          disabled={held}
          onChange={(event) => {
            setSuspendMissing(event.currentTarget.checked);
            forget();
          }}
        />
        <span>
          {say('import.suspend-missing')}
          <small>{say('import.suspend-missing-hint')}</small>
        </span>
      </label>
      {problem !== undefined && (
        <Notice look="bad" alert>
          <p>{say(problem)}</p>
        </Notice>
      )}
      <div className="actions">
        <Button look="primary" type="submit" icon="search" busy={busy} disabled={file === undefined}>
          {say('import.preview')}
        </Button>
      </div>
    </form>
  );
};

interface SummaryProps {
  readonly plan: Plan;
  readonly busy: boolean;
  readonly carryOut: () => void;
}

const Summary = ({ plan, busy, carryOut }: SummaryProps): ReactNode => {
  const { say } = useWords();
  const { added, changed, suspended, unchanged, leftOut, stillSuspended, problems } = plan;
  const nothing = added.length + changed.length + suspended.length === 0;
  return (
    <section className="surface padded" aria-labelledby="import-summary">
      <div className="section-head">
        <div role="status">
          <h2 id="import-summary">
            {say('import.summary', {
              added: added.length,
              changed: changed.length,
              suspended: suspended.length,
              unchanged,
            })}
          </h2>
        </div>
        {problems.length === 0 && !nothing && (
          <Button look={suspended.length > 0 ? 'danger' : 'primary'} busy={busy} onClick={carryOut}>
            {say('import.apply')}
          </Button>
        )}
      </div>
      {problems.length === 0 && nothing && <p>{say('import.nothing')}</p>}
      {problems.length === 0 && suspended.length > 0 && (
        <Notice look="warn">
          <p>{say('import.will-suspend', { count: suspended.length })}</p>
        </Notice>
      )}
      {stillSuspended > 0 && <p>{say('import.still-suspended', { count: stillSuspended })}</p>}
      {leftOut > 0 && <p>{say('import.left-out', { count: leftOut })}</p>}
    </section>
  );
};

const Done = ({ report }: { readonly report: Report }): ReactNode => {
  const { say } = useWords();
  const { added, changed, suspended, unchanged } = report;
  return (
    <Notice look="good" alert>
      <p>{say('import.done', { added, changed, suspended, unchanged })}</p>
      {added > 0 && (
        <a href={fragmentOf({ kind: 'card-queue', filter: { addedAt: report.at } })}>{say('import.to-queue')}</a>
      )}{' '}
      {suspended > 0 && <a href={fragmentOf({ kind: 'revocations' })}>{say('import.to-revocations')}</a>}{' '}
      <a href={fragmentOf({ kind: 'log', filter: { kind: 'people.imported' } })}>{say('import.to-log')}</a>
    </Notice>
  );
};
