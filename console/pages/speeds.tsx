import { type ReactNode, useDeferredValue, useState } from 'react';
import type { TerminalFigures } from '#contract/api/overview.ts';
import { count, duration } from '../data/numbers.ts';
import { fragmentOf } from '../data/place.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { Choice, Field } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';
import { TerminalName, Worries } from '../parts/reader-list.tsx';
import { ScrollTable } from '../parts/scroll-table.tsx';

const orders = ['machine', 'ready', 'misreads', 'name'] as const;
type Order = (typeof orders)[number];
const page = 50;

/** From the card to the desktop, terminal by terminal. */
export const Speeds = (): ReactNode => {
  const { say } = useWords();
  const [order, setOrder] = useState<Order>('machine');
  const [search, setSearch] = useState('');
  const [from, setFrom] = useState(0);
  const asked = useDeferredValue(search.trim());
  const shown = useData('overview/terminals', { query: { order, search: asked, from, limit: page } }, [], {
    every: 60_000,
  });
  const change = (set: () => void): void => {
    setFrom(0);
    set();
  };
  return (
    <>
      <a className="back" href={fragmentOf({ kind: 'overview' })}>
        <Icon name="back" />
        {say('nav.overview')}
      </a>
      <PageHead title={say('speeds.title')} lead={say('speeds.lead')} />
      <search className="filters" aria-label={say('speeds.filters')}>
        <Field
          label={say('speeds.search')}
          value={search}
          change={(value) => change(() => setSearch(value))}
          maxLength={60}
        />
        <Choice label={say('speeds.order')} value={order} change={(value) => change(() => setOrder(value as Order))}>
          {orders.map((one) => (
            <option key={one} value={one}>
              {say(`speeds.order.${one}`)}
            </option>
          ))}
        </Choice>
      </search>
      <LoadedView loaded={shown}>
        {({ terminals, total }) =>
          total === 0 ? (
            <Empty icon="terminal" title={say('speeds.none')} />
          ) : (
            <div className="surface speeds">
              <p className="table-head" role="status">
                {say('speeds.shown', { from: from + 1, to: from + terminals.length, total })}
              </p>
              <ScrollTable label={say('speeds.title')}>
                <SpeedTable terminals={terminals} />
              </ScrollTable>
              <div className="table-foot actions">
                <Button icon="back" disabled={from === 0} onClick={() => setFrom(Math.max(0, from - page))}>
                  {say('speeds.previous')}
                </Button>
                <Button icon="next" disabled={from + page >= total} onClick={() => setFrom(from + page)}>
                  {say('speeds.next')}
                </Button>
              </div>
            </div>
          )
        }
      </LoadedView>
    </>
  );
};

const SpeedTable = ({ terminals }: { readonly terminals: readonly TerminalFigures[] }): ReactNode => {
  const { say } = useWords();
  return (
    <table>
      <caption className="visually-hidden">{say('speeds.title')}</caption>
      <thead>
        <tr>
          <th scope="col">{say('terminals.name')}</th>
          {(['logins', 'median', 'p95', 'machine-median', 'machine-p95', 'misreads', 'losses'] as const).map(
            (column) => (
              <th key={column} scope="col" className="number-head">
                {say(`speeds.${column}`)}
              </th>
            ),
          )}
          <th scope="col">{say('common.state')}</th>
        </tr>
      </thead>
      <tbody>
        {terminals.map((terminal) => (
          <SpeedRow key={terminal.id} terminal={terminal} />
        ))}
      </tbody>
    </table>
  );
};

const SpeedRow = ({ terminal }: { readonly terminal: TerminalFigures }): ReactNode => {
  const { say, language } = useWords();
  const { ready, misreads, losses, online } = terminal;
  const time = (value: number | undefined): string => (value === undefined ? '–' : duration(value, language));
  return (
    <tr>
      <th scope="row">
        <TerminalName {...terminal} />
      </th>
      <td className="number">{count(ready?.logins ?? 0, language)}</td>
      <td className="number">{time(ready?.median)}</td>
      <td className="number">{time(ready?.p95)}</td>
      <td className="number">{time(ready?.machineMedian)}</td>
      <td className="number">{time(ready?.machineP95)}</td>
      <td className="number">{count(misreads, language)}</td>
      <td className="number">{count(losses, language)}</td>
      <td>
        <span className="pills">
          <Worries terminal={terminal} />
          {!online && (
            <Pill tone="warn" icon="offline">
              {say('terminals.state.offline')}
            </Pill>
          )}
        </span>
      </td>
    </tr>
  );
};
