import type { ReactNode } from 'react';
import type { DryRun, PolicyEffect, PolicyJudgement } from '#contract/api/policies.ts';
import { fragmentOf } from '../data/place.ts';
import { describeCause } from '../data/policy-words.ts';
import { useWords } from '../data/use-words.ts';
import { Moment } from './moment.tsx';
import { Notice } from './notice.tsx';
import { Pill, type Tone } from './pill.tsx';

const effects = [
  'newly-refused',
  'more-factors',
  'another-factor',
  'session-shorter',
  'newly-accepted',
  'same',
] as const satisfies readonly PolicyEffect[];
const judgements = ['one-factor', 'several-factors', 'refused'] as const satisfies readonly PolicyJudgement[];
const tones: Readonly<Record<PolicyEffect, Tone>> = {
  'newly-refused': 'bad',
  'more-factors': 'warn',
  'another-factor': 'warn',
  'session-shorter': 'calm',
  'newly-accepted': 'good',
  same: 'calm',
};

/** What a draft would have made of the attempts of the last days. Each picture is a table: its figures are there to be read. */
export const DryRunPicture = ({ run }: { readonly run: DryRun }): ReactNode => {
  const { say, language } = useWords();
  const { attempts, days, cut, lockedOut } = run;
  const changed = attempts - (run.effects.same ?? 0);
  const count = (value: number): string => value.toLocaleString(language);
  return (
    <section className="surface padded dry-run" aria-labelledby="dry-run">
      <div className="section-head">
        <h2 id="dry-run">{say('policy-page.run', { days })}</h2>
      </div>
      <p className="dry-run-sum">
        <strong>{count(changed)}</strong> {say('policy-page.run-sum', { attempts: count(attempts) })}
      </p>
      {cut && <p className="hint">{say('policy-page.run-cut', { attempts: count(attempts) })}</p>}
      <ul className="dry-run-effects">
        {effects
          .filter((effect) => (run.effects[effect] ?? 0) > 0)
          .map((effect) => (
            <li key={effect} className={`effect ${effect}`}>
              <strong>{count(run.effects[effect] ?? 0)}</strong>
              <span>{say(`policy-page.effect.${effect}`)}</span>
            </li>
          ))}
      </ul>
      {attempts > 0 && (
        <div className="two-columns">
          <BeforeAfter run={run} />
          <div className="stack">
            <Causes run={run} />
            <Days run={run} />
          </div>
        </div>
      )}
      {lockedOut.length > 0 && (
        <Notice look="warn">
          <p>{say('policy-page.locked-out', { count: lockedOut.length })}</p>
          <ul className="dry-run-people">
            {lockedOut.slice(0, 50).map(({ person, name, number }) => (
              <li key={person}>
                <a href={fragmentOf({ kind: 'person', id: person })}>{name}</a> {number}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      <Examples run={run} />
    </section>
  );
};

interface BarProps<Key extends string> {
  readonly keys: readonly Key[];
  readonly counts: Readonly<Partial<Record<Key, number>>>;
  /** What the whole width stands for. */
  readonly most: number;
}

/** Parts of a whole side by side; what they are stands in words beside them. */
const Bar = <Key extends string>({ keys, counts, most }: BarProps<Key>): ReactNode => (
  <span className="bar-track" aria-hidden="true">
    {keys.map((key) => {
      const value = counts[key] ?? 0;
      return value === 0 ? null : (
        <span key={key} className={`bar-part ${key}`} style={{ width: `${(100 * value) / Math.max(most, 1)}%` }} />
      );
    })}
  </span>
);

const sum = (counts: Readonly<Partial<Record<string, number>>>): number =>
  Object.values(counts).reduce<number>((all, one) => all + (one ?? 0), 0);

const BeforeAfter = ({ run: { judged } }: { readonly run: DryRun }): ReactNode => {
  const { say, language, tryNamed } = useWords();
  const rows = [
    [say('policy-page.everybody'), judged.all] as const,
    ...Object.entries(judged.byRole).map(([role, counts]) => [tryNamed('role', role) ?? role, counts] as const),
  ];
  return (
    <div className="chart">
      <h3 id="run-roles">{say('policy-page.by-role')}</h3>
      <Legend keys={judgements} label={(key) => say(`policy-page.judgement.${key}`)} />
      <table aria-labelledby="run-roles">
        <thead className="visually-hidden">
          <tr>
            <th scope="col">{say('policy-page.role')}</th>
            <th scope="col">{say('policy-page.when-judged')}</th>
            <th scope="col">{say('policy-page.result')}</th>
          </tr>
        </thead>
        {rows.map(([name, counts]) => (
          <tbody key={name}>
            {(['before', 'after'] as const).map((side) => (
              <tr key={side}>
                {side === 'before' && (
                  <th scope="rowgroup" rowSpan={2}>
                    {name}
                  </th>
                )}
                <th scope="row" className="chart-side">
                  {say(`policy-page.${side}`)}
                </th>
                <td>
                  <Bar keys={judgements} counts={counts[side]} most={sum(counts[side])} />
                  <span className="chart-words">
                    {judgements
                      .filter((key) => (counts[side][key] ?? 0) > 0)
                      .map(
                        (key) =>
                          `${say(`policy-page.judgement.${key}`)} ${(counts[side][key] ?? 0).toLocaleString(language)}`,
                      )
                      .join(' · ')}
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
};

const Causes = ({ run: { byCause } }: { readonly run: DryRun }): ReactNode => {
  const words = useWords();
  const { say, language } = words;
  const most = Math.max(...byCause.map(({ effects: counts }) => sum(counts)), 1);
  return (
    <div className="chart">
      <h3 id="run-causes">{say('policy-page.by-cause')}</h3>
      {byCause.length === 0 ? (
        <p className="quiet-line">{say('policy-page.no-difference')}</p>
      ) : (
        <table aria-labelledby="run-causes">
          <tbody>
            {byCause.map(({ cause, rule, effects: counts }) => (
              <tr key={`${cause} ${rule}`}>
                <th scope="row">{describeCause(cause, rule, words)}</th>
                <td>
                  <Bar keys={effects} counts={counts} most={most} />
                  <span className="chart-words">
                    {effects
                      .filter((effect) => (counts[effect] ?? 0) > 0)
                      .map(
                        (effect) =>
                          `${say(`policy-page.effect.${effect}`)} ${(counts[effect] ?? 0).toLocaleString(language)}`,
                      )
                      .join(' · ')}
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
};

const Days = ({ run }: { readonly run: DryRun }): ReactNode => {
  const { say, language } = useWords();
  const rows = Object.entries(run.byDay).sort(([one], [other]) => one.localeCompare(other));
  const most = Math.max(...rows.map(([, counts]) => sum(counts)), 1);
  const all = (counts: DryRun['effects']): string => sum(counts).toLocaleString(language);
  const differ = (counts: DryRun['effects']): string => (sum(counts) - (counts.same ?? 0)).toLocaleString(language);
  return (
    <div className="chart">
      <h3 id="run-days">{say('policy-page.by-day')}</h3>
      <Legend
        keys={effects.filter((effect) => (run.effects[effect] ?? 0) > 0)}
        label={(key) => say(`policy-page.effect.${key}`)}
      />
      <div className="day-columns" aria-hidden="true">
        {rows.map(([day, counts]) => (
          <span
            key={day}
            className="day-column"
            title={`${day}: ${say('policy-page.day-words', { changed: differ(counts), all: all(counts) })}`}
          >
            <span className="day-stack">
              {effects.map((effect) => (
                <span
                  key={effect}
                  className={`bar-part ${effect}`}
                  style={{ height: `${(100 * (counts[effect] ?? 0)) / most}%` }}
                />
              ))}
            </span>
            {rows.length <= 10 && <span className="day-name">{day.slice(5)}</span>}
          </span>
        ))}
      </div>
      {rows.length > 10 && (
        <p className="day-ends" aria-hidden="true">
          <span>{rows[0]?.[0]}</span>
          <span>{rows.at(-1)?.[0]}</span>
        </p>
      )}
      <table className="visually-hidden" aria-labelledby="run-days">
        <tbody>
          {rows.map(([day, counts]) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              <td>{say('policy-page.day-words', { changed: differ(counts), all: all(counts) })}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};

const Legend = <Key extends string>({
  keys,
  label,
}: {
  readonly keys: readonly Key[];
  readonly label: (key: Key) => string;
}): ReactNode => (
  <ul className="legend">
    {keys.map((key) => (
      <li key={key}>
        <span className={`legend-mark ${key}`} aria-hidden="true" />
        {label(key)}
      </li>
    ))}
  </ul>
);

const Examples = ({ run: { examples } }: { readonly run: DryRun }): ReactNode => {
  const { say } = useWords();
  if (examples.length === 0) return null;
  return (
    <details>
      <summary>{say('policy-page.examples', { count: examples.length })}</summary>
      <div className="table-wrap">
        <table>
          <caption className="visually-hidden">{say('policy-page.examples', { count: examples.length })}</caption>
          <thead>
            <tr>
              <th scope="col">{say('policy-page.at')}</th>
              <th scope="col">{say('person.name')}</th>
              <th scope="col">{say('nav.terminals')}</th>
              <th scope="col">{say('policy-page.difference')}</th>
            </tr>
          </thead>
          <tbody>
            {examples.map(({ at, person, personName, terminalName, effect, rule }) => (
              <tr key={`${at} ${person}`}>
                <td>
                  <Moment at={at} />
                </td>
                <th scope="row">
                  <a href={fragmentOf({ kind: 'person', id: person })}>{personName}</a>
                </th>
                <td>{terminalName}</td>
                <td>
                  <Pill tone={tones[effect]}>{say(`policy-page.effect.${effect}`)}</Pill>
                  {rule !== null && <span className="line-more"> {rule}</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
};
