import { type ReactNode, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { Policy } from '#contract/policy.ts';
import { useAct } from '../data/use-act.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { LoadedView } from './loaded-view.tsx';
import { Moment } from './moment.tsx';
import { FailureNotice } from './notice.tsx';
import { Pill } from './pill.tsx';
import { PolicyChanges } from './policy-changes.tsx';

type Version = Answer<'policies/list'>['versions'][number];
/** As many as the server lists at once. */
const page = 20;

interface PolicyHistoryProps {
  readonly active: Answer<'policies/active'>;
  /** Begins a draft from an earlier version; undefined for those who only read. */
  readonly back: ((policy: Policy, note: string) => void) | undefined;
}

/** Versions of the policy, newest first, with what each changed. */
export const PolicyHistory = ({ active, back }: PolicyHistoryProps): ReactNode => {
  const { say } = useWords();
  const [before, setBefore] = useState<number>();
  const listed = useData('policies/list', { query: before === undefined ? {} : { before } }, ['policy']);
  return (
    <section className="surface padded policy-history" aria-labelledby="policy-history">
      <div className="section-head">
        <h2 id="policy-history">{say('policy-page.history')}</h2>
      </div>
      <LoadedView loaded={listed}>
        {({ versions }) => (
          <>
            <ol className="policy-versions">
              {versions.map((version) => (
                <li key={version.number}>
                  <One version={version} isActive={version.number === active.number} back={back} />
                </li>
              ))}
              {versions.length < page && (
                <li>
                  <p className="policy-version-head">
                    <strong>{say('policy-page.version', { number: 0 })}</strong>
                    <span className="muted">{say('policy-page.version-0')}</span>
                    {active.number === 0 ? (
                      <Pill tone="good">{say('policy-page.now')}</Pill>
                    ) : (
                      back !== undefined && <Back number={0} back={back} />
                    )}
                  </p>
                </li>
              )}
            </ol>
            <div className="dialog-actions">
              {before !== undefined && (
                <Button onClick={() => setBefore(undefined)}>{say('policy-page.newest')}</Button>
              )}
              {versions.length === page && (
                <Button onClick={() => setBefore(versions.at(-1)?.number)}>{say('policy-page.older')}</Button>
              )}
            </div>
          </>
        )}
      </LoadedView>
    </section>
  );
};

interface OneProps {
  readonly version: Version;
  readonly isActive: boolean;
  readonly back: PolicyHistoryProps['back'];
}

const One = ({ version: { number, note, at, by, changes }, isActive, back }: OneProps): ReactNode => {
  const { say } = useWords();
  return (
    <>
      <p className="policy-version-head">
        <strong>{say('policy-page.version', { number })}</strong>
        {at !== null && <Moment at={at} full />}
        {by !== null && <span className="muted">{by}</span>}
        {isActive ? (
          <Pill tone="good">{say('policy-page.now')}</Pill>
        ) : (
          back !== undefined && <Back number={number} back={back} />
        )}
      </p>
      {note !== '' && <p>{note}</p>}
      <details>
        <summary>{say('policy-page.changes-count', { count: changes.length })}</summary>
        <PolicyChanges changes={changes} />
      </details>
    </>
  );
};

const Back = ({
  number,
  back,
}: {
  readonly number: number;
  readonly back: NonNullable<PolicyHistoryProps['back']>;
}): ReactNode => {
  const { say } = useWords();
  const show = useAct('policies/show');
  const begin = async (): Promise<void> => {
    const shown = await show.send({ params: { number } });
    if (shown !== undefined) back(shown.policy, say('policy-page.back-note', { number }));
  };
  return (
    <>
      <Button busy={show.busy} onClick={() => void begin()}>
        {say('policy-page.back', { number })}
      </Button>
      <FailureNotice failure={show.failure} />
    </>
  );
};
