import type { ReactNode } from 'react';
import type { PersonPage } from '#contract/api/people.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';
import { Moment } from './moment.tsx';

type Session = PersonPage['sessions'][number];

interface SessionListProps {
  readonly sessions: readonly Session[];
  /** Where the reader may end one. */
  readonly end?: (session: Session) => void;
}

/** Terminals that a person uses now. */
export const SessionList = ({ sessions, end }: SessionListProps): ReactNode => {
  const { say } = useWords();
  return (
    <section className="surface" aria-labelledby="sessions">
      <div className="section-head">
        <h2 id="sessions">{say('session.title')}</h2>
      </div>
      {sessions.length === 0 ? (
        <p className="quiet-line">{say('session.none')}</p>
      ) : (
        <ul className="lines">
          {sessions.map((session) => (
            <li key={session.id}>
              <Icon name="terminal" />
              <div className="line-main">
                <span className="line-title">{session.terminal}</span>
                <span className="line-more">
                  {say('session.since')} <Moment at={session.startedAt} />
                </span>
              </div>
              {end !== undefined && (
                <div className="line-side">
                  <Button
                    look="danger"
                    onClick={() => end(session)}
                    aria-label={say('session.end-one', { terminal: session.terminal })}
                  >
                    {say('session.end')}
                  </Button>
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
};
