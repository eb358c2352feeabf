import type { ReactNode } from 'react';
import type { Answer } from '#contract/api/index.ts';
import { controlsOf, groupNames } from '../data/policy-form.ts';
import { describeValue } from '../data/policy-words.ts';
import { useWords } from '../data/use-words.ts';
import { Pill } from './pill.tsx';

export type PolicyValue = Answer<'policies/active'>['values'][number];

/** The policy in force: each value in words, with its limits and its clause. */
export const PolicyShown = ({ values }: { readonly values: readonly PolicyValue[] }): ReactNode => {
  const words = useWords();
  const { say } = words;
  return (
    <div className="policy-groups">
      <PolicyIndex />
      {groupNames.map((group) => (
        <section key={group} className="surface policy-group" aria-labelledby={`policy-${group}`}>
          <h2 id={`policy-${group}`} tabIndex={-1}>
            {say(`policy-page.group.${group}`)}
          </h2>
          <dl className="policy-values">
            {controlsOf(group).map(([path]) => {
              const row = values.find((one) => one.path === path);
              if (row === undefined) return null;
              return (
                <div key={path} className="policy-value">
                  <dt>{say(`policy-page.value.${path}`)}</dt>
                  <dd>
                    <ul className="policy-now">
                      {describeValue(path, row.value, words).map((line) => (
                        <li key={line}>{line}</li>
                      ))}
                    </ul>
                    {JSON.stringify(row.value) !== JSON.stringify(row.usual) && path !== 'profile' && (
                      <p className="hint">
                        {say('policy-page.usual', { value: describeValue(path, row.usual, words).join(' ') })}
                      </p>
                    )}
                    {row.pinned && (
                      <Pill tone="calm" icon="password">
                        {say('policy-page.pinned')}
                      </Pill>
                    )}
                  </dd>
                  <dd className="policy-clause">
                    <Limits row={row} />
                    <Clause row={row} />
                  </dd>
                </div>
              );
            })}
          </dl>
        </section>
      ))}
    </div>
  );
};

/** The way to each group; the fragment of the address is taken. */
export const PolicyIndex = (): ReactNode => {
  const { say } = useWords();
  return (
    <nav className="policy-index" aria-label={say('policy-page.index')}>
      {groupNames.map((group) => (
        <button
          key={group}
          type="button"
          onClick={() => {
            const heading = document.getElementById(`policy-${group}`);
            heading?.scrollIntoView({ block: 'start' });
            heading?.focus();
          }}
        >
          {say(`policy-page.group.${group}`)}
        </button>
      ))}
    </nav>
  );
};

/** How far the profile lets a value go. */
export const Limits = ({ row: { path, lowest, highest, only } }: { readonly row: PolicyValue }): ReactNode => {
  const words = useWords();
  const { say } = words;
  const inWords = (value: unknown): string => describeValue(path, value, words).join(' ');
  const limits = [
    lowest !== undefined && say('policy-page.lowest', { limit: inWords(lowest) }),
    highest !== undefined && say('policy-page.highest', { limit: inWords(highest) }),
    only !== undefined && say('policy-page.only', { limit: only.map(inWords).join(say('common.list-separator')) }),
  ].filter((limit) => limit !== false);
  return limits.length === 0 ? null : <span className="policy-limit">{limits.join(' ')}</span>;
};

export const Clause = ({ row: { clause } }: { readonly row: PolicyValue }): ReactNode => {
  const { say } = useWords();
  return clause === null ? (
    <span className="policy-own">{say('policy-page.own-choice')}</span>
  ) : (
    <cite className="policy-cite">{clause}</cite>
  );
};
