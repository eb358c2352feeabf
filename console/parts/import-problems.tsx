import type { ReactNode } from 'react';
import type { ImportProblem } from '#contract/api/imports.ts';
import { useWords } from '../data/use-words.ts';
import { Notice } from './notice.tsx';

/** Which lines cannot be taken, and why. */
export const ImportProblems = ({ problems }: { readonly problems: readonly ImportProblem[] }): ReactNode => {
  const { say } = useWords();
  if (problems.length === 0) return null;
  return (
    <section className="surface table-wrap" aria-labelledby="import-problems">
      <Notice look="bad" alert>
        <h2 id="import-problems">{say('import.problems', { count: problems.length })}</h2>
        <p>{say('import.problems-hint')}</p>
      </Notice>
      <table>
        <caption className="visually-hidden">{say('import.problems', { count: problems.length })}</caption>
        <thead>
          <tr>
            <th scope="col">{say('import.line')}</th>
            <th scope="col">{say('import.column')}</th>
            <th scope="col">{say('import.problem')}</th>
          </tr>
        </thead>
        <tbody>
          {problems.map(({ line, column, rule, other }) => (
            <tr key={`${line} ${column} ${rule}`}>
              <th scope="row" className="number">
                {line ?? say('import.whole-file')}
              </th>
              <td>{column === null ? '–' : say(`import.column.${column}`)}</td>
              <td>{say(`import.rule.${rule}`, { line: other ?? '' })}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};
