import { type ReactNode, useState } from 'react';
import type { TerminalSummary } from '#contract/api/terminals.ts';
import { fragmentOf, type QueuePlace } from '../data/place.ts';
import { type CardQueue, chosenOf, mostAside, useCardQueue } from '../data/use-card-queue.ts';
import { useMay } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { Choice, Field } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { FailureNotice, Notice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { QueueAside, QueueDone, QueueNext } from '../parts/queue-lists.tsx';
import { QueueTurn, type TurnDone } from '../parts/queue-turn.tsx';
import { SaveQueue } from '../parts/save-queue.tsx';
import { TerminalChoice, useTerminalChoice } from '../parts/terminal-choice.tsx';

interface QueueProps {
  readonly filter: QueuePlace;
}

/** Cards for many people, one after the other at one reader. */
export const CardQueuePage = ({ filter }: QueueProps): ReactNode => {
  const { say } = useWords();
  const may = useMay();
  return (
    <>
      <a className="back" href={fragmentOf({ kind: 'people' })}>
        <Icon name="back" />
        {say('nav.people')}
      </a>
      <PageHead title={say('queue.title')} lead={say('queue.lead')} />
      {may('ceremonies/begin') ? (
        <Queue key={JSON.stringify(chosenOf(filter))} filter={filter} />
      ) : (
        <Notice look="info">
          <p>{say('queue.not-yours')}</p>
        </Notice>
      )}
    </>
  );
};

const Queue = ({ filter }: QueueProps): ReactNode => {
  const queue = useCardQueue(filter);
  const terminals = useData('terminals/list', { query: {} }, ['terminals']);
  return (
    <LoadedView loaded={queue.waiting.loaded}>
      {() => (
        <>
          <Progress queue={queue} />
          <FailureNotice failure={queue.failure} />
          <LoadedView loaded={terminals}>
            {({ terminals: all }) => (
              <Work
                filter={filter}
                queue={queue}
                online={all.filter(({ state, online }) => state === 'active' && online)}
              />
            )}
          </LoadedView>
        </>
      )}
    </LoadedView>
  );
};

/** How far it has come, over everything else: it stays while people come and go below. */
const Progress = ({ queue: { done, left, asideCount } }: { readonly queue: CardQueue }): ReactNode => {
  const { say, language } = useWords();
  const given = done?.total ?? 0;
  const all = given + left + asideCount;
  if (all === 0) return null;
  const counts = {
    done: given.toLocaleString(language),
    left: left.toLocaleString(language),
    aside: asideCount === 0 ? undefined : asideCount.toLocaleString(language),
  };
  return (
    <div className="surface padded queue-progress">
      <progress aria-label={say('queue.progress-label')} value={given} max={all} />
      <p className="number">{say('queue.progress', counts)}</p>
    </div>
  );
};

interface WorkProps extends QueueProps {
  readonly queue: CardQueue;
  readonly online: readonly TerminalSummary[];
}

const Work = ({ filter, queue, online }: WorkProps): ReactNode => {
  const { say } = useWords();
  const { terminal, choose } = useTerminalChoice(online);
  const [last, setLast] = useState<TurnDone>();
  const [label, setLabel] = useState(filter.label ?? '');
  const isStopped = filter.stopped !== undefined;
  if (queue.isOver && queue.done === undefined) return null;
  if (queue.isOver && (queue.done?.total ?? 0) + queue.asideCount === 0) {
    return (
      <div className="surface">
        <Empty icon="check" title={say('queue.none')}>
          <p>{say('queue.none-hint')}</p>
        </Empty>
      </div>
    );
  }
  if (isStopped || queue.isOver) return <Summary filter={filter} queue={queue} last={last} />;
  return (
    <>
      <div role="status">{last !== undefined && <Last turn={last} />}</div>
      <div className="two-columns queue">
        <div className="stack">
          {queue.turn !== undefined && (
            <QueueTurn
              key={queue.turn.id}
              person={queue.turn}
              isGone={queue.isGone}
              terminal={terminal}
              label={label.trim()}
              withPin={filter.pin !== undefined}
              done={(turn) => {
                setLast(turn);
                queue.goOn();
              }}
              goOn={queue.goOn}
              skip={queue.asideCount < mostAside ? queue.setAside : undefined}
              stop={() => queue.move({ stopped: 'yes', turn: undefined })}
            />
          )}
          <section className="surface" aria-labelledby="desk">
            <div className="section-head">
              <h2 id="desk">{say('queue.desk')}</h2>
            </div>
            <div className="form">
              {online.length === 0 ? (
                <Empty icon="offline" title={say('ceremony.no-terminal')}>
                  <p>{say('ceremony.no-terminal-hint')}</p>
                </Empty>
              ) : (
                <TerminalChoice online={online} terminal={terminal} choose={choose} />
              )}
              <Field
                label={say('card.label')}
                value={label}
                change={(typed) => {
                  setLabel(typed);
                  queue.move({ label: typed });
                }}
                maxLength={40}
                hint={say('queue.label-hint')}
              />
              <Choice
                label={say('people.sort')}
                value={filter.sort ?? 'number'}
                change={(sort) => queue.move({ sort })}
              >
                {(['number', 'kana'] as const).map((one) => (
                  <option key={one} value={one}>
                    {say(`people.sort.${one}`)}
                  </option>
                ))}
              </Choice>
              <label className="check">
                <input
                  type="checkbox"
                  checked={filter.pin !== undefined}
                  onChange={(event) => queue.move({ pin: event.currentTarget.checked ? 'yes' : undefined })}
                />
                <span>
                  {say('queue.with-pin')}
                  <small>{say('queue.with-pin-hint')}</small>
                </span>
              </label>
            </div>
          </section>
        </div>
        <div className="stack">
          <QueueNext queue={queue} filter={filter} />
          <QueueAside queue={queue} />
          <QueueDone queue={queue} />
        </div>
      </div>
    </>
  );
};

const Last = ({ turn: { person, ending, isTested, hasPin } }: { readonly turn: TurnDone }): ReactNode => {
  const { say, language } = useWords();
  const { id, name } = person;
  const said = [
    say('card.done', { name, ending }),
    say(isTested ? 'queue.tested' : 'queue.untested'),
    ...(hasPin ? [say('pin.done', { name })] : []),
  ];
  return (
    <Notice look={isTested ? 'good' : 'warn'}>
      <p>
        {said.join(language === 'ja' ? '' : ' ')}{' '}
        <a href={fragmentOf({ kind: 'person', id })}>{say('queue.to-person')}</a>
      </p>
    </Notice>
  );
};

/** What had the focus before is gone. */
const takeFocus = (heading: HTMLHeadingElement | null): void => {
  if (document.activeElement === document.body) heading?.focus();
};

interface SummaryProps extends QueueProps {
  readonly queue: CardQueue;
  readonly last: TurnDone | undefined;
}

/** It is over, or stopped for now: what was done, who is left, and the way on. */
const Summary = ({ filter, queue, last }: SummaryProps): ReactNode => {
  const { say, language } = useWords();
  const isStopped = filter.stopped !== undefined && !queue.isOver;
  const count = (queue.done?.total ?? 0).toLocaleString(language);
  return (
    <div className="stack queue-summary">
      <div role="status">{last !== undefined && !isStopped && <Last turn={last} />}</div>
      <section className="surface padded" aria-labelledby="summary">
        <div className="section-head">
          <h2 id="summary" tabIndex={-1} ref={takeFocus}>
            {say(isStopped ? 'queue.stopped' : 'queue.over')}
          </h2>
          {isStopped && (
            <Button look="primary" onClick={() => queue.move({ stopped: undefined })} autoFocus>
              {say('queue.go-on')}
            </Button>
          )}
        </div>
        <p>{say('queue.over-count', { count })}</p>
        {isStopped && <p className="hint">{say('queue.stopped-hint')}</p>}
        <SaveQueue filter={filter} />
      </section>
      <QueueAside queue={queue} />
      <QueueDone queue={queue} />
    </div>
  );
};
