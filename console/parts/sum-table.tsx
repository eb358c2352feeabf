import type { ReactNode } from 'react';
import type { Sums } from '#contract/api/overview.ts';
import { count, share } from '../data/numbers.ts';
import { useWords } from '../data/use-words.ts';
import { ScrollTable } from './scroll-table.tsx';
import { ShareBar } from './share-bar.tsx';

interface SumTableProps {
  /** What a row is. */
  readonly name: string;
  readonly rows: readonly (Sums & { readonly name: string })[];
}

/** Logins and what went wrong with them, row by row. */
export const SumTable = ({ name, rows }: SumTableProps): ReactNode => {
  const { say, language } = useWords();
  const most = Math.max(0, ...rows.map(({ logins }) => logins));
  return (
    <ScrollTable label={name}>
      <table className="sums">
        <caption className="visually-hidden">{name}</caption>
        <thead>
          <tr>
            <th scope="col">{name}</th>
            {(['logins', 'wrong', 'refused', 'abandoned', 'misreads'] as const).map((column) => (
              <th key={column} scope="col" className="number-head">
                {say(`report.short.${column}`)}
              </th>
            ))}
            <th scope="col" className="number-head">
              {say('report.short.share')}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name: row, logins, wrong, refused, abandoned, misreads }) => {
            const failures = wrong + refused + abandoned + misreads;
            return (
              <tr key={row}>
                <th scope="row">
                  {row}
                  <ShareBar value={logins} most={most} />
                </th>
                {Object.entries({ logins, wrong, refused, abandoned, misreads }).map(([column, value]) => (
                  <td key={column} className="number">
                    {count(value, language)}
                  </td>
                ))}
                <td className="number">{share(failures, failures + logins, language)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </ScrollTable>
  );
};
