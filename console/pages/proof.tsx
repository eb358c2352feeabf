import type { ReactNode } from 'react';
import type { LogState } from '#contract/api/log.ts';
import { tryReadCheckpoint } from '../data/checkpoint.ts';
import { saveFile } from '../data/save-file.ts';
import { useMay } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { CompareCheckpoint } from '../parts/compare-checkpoint.tsx';
import { ExportLog } from '../parts/export-log.tsx';
import { Facts } from '../parts/facts.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { Moment } from '../parts/moment.tsx';
import { Notice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { SavedHere } from '../parts/saved-here.tsx';

/** By what anybody can see that the log was not changed: the newest checkpoint, the keys, the log itself as a file, and what was kept of it before. */
export const Proof = (): ReactNode => {
  const { say } = useWords();
  const may = useMay();
  const shown = useData('log/show', {}, []);
  return (
    <>
      <PageHead
        title={say('nav.proof')}
        lead={say('log-proof.lead')}
        actions={<Button onClick={shown.reload}>{say('log-proof.refresh')}</Button>}
      />
      <LoadedView loaded={shown}>
        {(log) => (
          <>
            {log.halted !== null && (
              <Notice look="bad" alert>
                <p>{say('log-proof.halted')}</p>
                <p>{say(isHalt(log.halted) ? `log-proof.halted.${log.halted}` : 'log-proof.halted.other')}</p>
              </Notice>
            )}
            <div className="two-columns">
              <div className="stack">
                <Checkpoint log={log} />
                {may('log/compare') && <CompareCheckpoint />}
              </div>
              <div className="stack">
                <Keys keys={log.keys} />
                {may('log/export') && <ExportLog />}
              </div>
            </div>
          </>
        )}
      </LoadedView>
    </>
  );
};

const halts = ['tree-changed', 'checkpoint-changed', 'key-changed'] as const;
const isHalt = (why: string): why is (typeof halts)[number] => (halts as readonly string[]).includes(why);

const Checkpoint = ({ log }: { readonly log: LogState }): ReactNode => {
  const { say, language } = useWords();
  const { checkpoint: note, waiting } = log;
  const read = note === null ? undefined : tryReadCheckpoint(note);
  if (note === null || read === undefined)
    return (
      <section className="surface">
        <Empty icon="log" title={say('log-proof.none')} />
      </section>
    );
  const save = (): void => saveFile(`kazasu-checkpoint-${read.size}.txt`, new Blob([note], { type: 'text/plain' }));
  return (
    <section className="surface" aria-labelledby="checkpoint">
      <div className="section-head">
        <h2 id="checkpoint">{say('log-proof.checkpoint')}</h2>
      </div>
      <Facts
        facts={[
          [say('log-proof.size'), read.size.toLocaleString(language)],
          [say('log-proof.signed-at'), <Moment key="at" at={read.at} />],
          [say('log-proof.waiting'), waiting.toLocaleString(language)],
          [say('log-proof.origin'), read.origin],
          [
            say('log-proof.root'),
            <code key="root" className="fingerprint">
              {read.root}
            </code>,
          ],
        ]}
      />
      <p className="quiet-line">{say('log-proof.keep-hint')}</p>
      <SavedHere>
        <div className="dialog-actions">
          <Button onClick={save}>{say('log-proof.save-checkpoint')}</Button>
        </div>
      </SavedHere>
    </section>
  );
};

const Keys = ({ keys }: { readonly keys: readonly string[] }): ReactNode => {
  const { say } = useWords();
  return (
    <section className="surface" aria-labelledby="log-keys">
      <div className="section-head">
        <h2 id="log-keys">{say('log-proof.keys')}</h2>
      </div>
      <p className="quiet-line">{say('log-proof.keys-hint')}</p>
      <ol className="key-lines">
        {[...keys].reverse().map((key) => (
          <li key={key}>
            <code className="fingerprint">{key}</code>
          </li>
        ))}
      </ol>
    </section>
  );
};
