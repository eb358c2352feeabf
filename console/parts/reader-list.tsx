import type { ReactNode } from 'react';
import type { Overview, TerminalFigures } from '#contract/api/overview.ts';
import { duration } from '../data/numbers.ts';
import { fragmentOf } from '../data/place.ts';
import { useMay } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { Moment } from './moment.tsx';
import { Pill } from './pill.tsx';

/** A terminal by name and place; leads to what happened there for whoever may read that. */
export const TerminalName = ({ id, name, place }: Pick<TerminalFigures, 'id' | 'name' | 'place'>): ReactNode => {
  const may = useMay();
  return (
    <>
      <span className="line-title">
        {may('events/list') ? <a href={fragmentOf({ kind: 'log', filter: { terminal: id } })}>{name}</a> : name}
      </span>
      {place !== '' && <span className="line-more">{place}</span>}
    </>
  );
};

export const Worries = ({ terminal }: { readonly terminal: TerminalFigures }): ReactNode => {
  const { say, language } = useWords();
  const { worries, ready, misreads, losses } = terminal;
  const taken = ready === null ? '' : duration(ready.machineMedian, language);
  return worries.map((worry) => (
    <Pill key={worry} tone="warn">
      {say(`overview.worry.${worry}`, { time: taken, misreads, losses })}
    </Pill>
  ));
};

export const ReaderList = ({ readers, all }: { readers: readonly TerminalFigures[]; all: number }): ReactNode => {
  const { say } = useWords();
  return (
    <section className="surface padded" aria-labelledby="readers">
      <div className="section-head">
        <h2 id="readers">{say('overview.readers')}</h2>
      </div>
      {readers.length === 0 ? (
        <p className="quiet-line">{say('overview.no-readers')}</p>
      ) : (
        <ul className="lines">
          {readers.map((terminal) => (
            <li key={terminal.id}>
              <span className="line-main">
                <TerminalName {...terminal} />
              </span>
              <span className="line-side">
                <Worries terminal={terminal} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {all > readers.length && <p className="quiet-line">{say('overview.more', { count: all - readers.length })}</p>}
      <a className="section-foot" href={fragmentOf({ kind: 'speeds' })}>
        {say('overview.to-speeds')}
      </a>
    </section>
  );
};

export const OfflineList = ({ terminals, all }: { terminals: Overview['offline']; all: number }): ReactNode => {
  const { say } = useWords();
  return (
    <section className="surface padded" aria-labelledby="offline">
      <div className="section-head">
        <h2 id="offline">{say('overview.offline')}</h2>
      </div>
      {terminals.length === 0 ? (
        <p className="quiet-line">{say('overview.none-offline')}</p>
      ) : (
        <ul className="lines">
          {terminals.map((terminal) => (
            <li key={terminal.id}>
              <span className="line-main">
                <TerminalName {...terminal} />
              </span>
              <span className="line-side muted">
                {terminal.lastSeenAt === null ? (
                  say('overview.never-seen')
                ) : (
                  <>
                    {say('overview.last-seen')} <Moment at={terminal.lastSeenAt} />
                  </>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
      {all > terminals.length && (
        <p className="quiet-line">{say('overview.more', { count: all - terminals.length })}</p>
      )}
    </section>
  );
};
