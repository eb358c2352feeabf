import { type ReactNode, useId } from 'react';
import { count, niceTop } from '../data/numbers.ts';
import { useWords } from '../data/use-words.ts';
import { ScrollTable } from './scroll-table.tsx';

export interface Column {
  readonly key: string;
  /** Under the axis; empty where there is no room. */
  readonly tick: string;
  /** In full, for the table. */
  readonly name: string;
  /** From the bottom up, one for each series. */
  readonly values: readonly number[];
  /** What it is held against. */
  readonly mark?: number;
}

interface ColumnChartProps {
  readonly title: string;
  /** What its columns stand for: hours, days. */
  readonly unit: string;
  readonly series: readonly string[];
  readonly markName?: string;
  readonly columns: readonly Column[];
  /** In a sentence, for who does not see it. */
  readonly summary: string;
}

const width = 10;
const height = 100;

/**
 * Columns over time. The shapes stretch with the page and print as lines, the words around them keep their size; the same
 * numbers stand in a table below.
 */
export const ColumnChart = ({ title, unit, series, markName, columns, summary }: ColumnChartProps): ReactNode => {
  const { say, language } = useWords();
  const id = useId();
  const highest = Math.max(0, ...columns.map(({ values, mark = 0 }) => Math.max(mark, sum(values))));
  const top = niceTop(highest);
  return (
    <figure className="chart" aria-labelledby={id}>
      <div className="chart-head">
        <h2 id={id}>{title}</h2>
        <ul className="legend">
          {series.map((name, place) => (
            <li key={name}>
              <Key look={`series-${place}`} />
              {name}
            </li>
          ))}
          {markName !== undefined && (
            <li>
              <Key look="mark" />
              {markName}
            </li>
          )}
        </ul>
      </div>
      <div className="chart-body">
        <div className="chart-scale" aria-hidden="true">
          {[top, top / 2, 0].map((value) => (
            <span key={value}>{Number.isInteger(value) ? count(value, language) : ''}</span>
          ))}
        </div>
        <Plot columns={columns} top={top} summary={summary} />
        <div className="chart-ticks" aria-hidden="true">
          {columns.map(({ key, tick }) => (
            <span key={key}>{tick}</span>
          ))}
        </div>
      </div>
      <details className="chart-table">
        <summary>{say('chart.table')}</summary>
        <ScrollTable label={title}>
          <table>
            <caption className="visually-hidden">{title}</caption>
            <thead>
              <tr>
                {[unit, ...series, ...(markName === undefined ? [] : [markName])].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {columns.map(({ key, name, values, mark }) => (
                <tr key={key}>
                  <th scope="row">{name}</th>
                  {[...values, ...(mark === undefined ? [] : [mark])].map((value, place) => (
                    <td key={series[place] ?? 'mark'} className="number">
                      {count(value, language)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollTable>
      </details>
    </figure>
  );
};

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

const Key = ({ look }: { readonly look: string }): ReactNode => (
  <svg className={`legend-key ${look}`} viewBox="0 0 12 12" aria-hidden="true">
    <rect x="0" y={look === 'mark' ? 4.5 : 0} width="12" height={look === 'mark' ? 3 : 12} />
  </svg>
);

interface PlotProps {
  readonly columns: readonly Column[];
  readonly top: number;
  readonly summary: string;
}

const Plot = ({ columns, top, summary }: PlotProps): ReactNode => (
  <svg
    className="chart-plot"
    viewBox={`0 0 ${columns.length * width} ${height}`}
    preserveAspectRatio="none"
    role="img"
    aria-label={summary}
  >
    {[0, height / 2, height].map((y) => (
      <line key={y} className="grid" x1="0" x2={columns.length * width} y1={y} y2={y} />
    ))}
    {columns.map((column, place) => (
      <OneColumn key={column.key} column={column} left={place * width} top={top} />
    ))}
  </svg>
);

const OneColumn = ({ column: { name, values, mark }, left, top }: { column: Column; left: number; top: number }) => {
  const tall = (value: number): number => (value / top) * height;
  return (
    <g className="column">
      <title>{[name, ...values, ...(mark === undefined ? [] : [mark])].join(' / ')}</title>
      <rect className="hover" x={left} y="0" width={width} height={height} />
      {values.map((value, place) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: a column always has the same series in the same order
          key={place}
          className={`series-${place}`}
          x={left + width * 0.14}
          y={height - tall(sum(values.slice(0, place + 1)))}
          width={width * 0.72}
          height={tall(value)}
        />
      ))}
      {mark !== undefined && (
        <line
          className="mark"
          x1={left + 0.6}
          x2={left + width - 0.6}
          y1={height - tall(mark)}
          y2={height - tall(mark)}
        />
      )}
    </g>
  );
};
