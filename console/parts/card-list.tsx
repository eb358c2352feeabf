import type { ReactNode } from 'react';
import type { CardSummary } from '#contract/api/people.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';
import { Empty } from './loaded-view.tsx';
import { Moment } from './moment.tsx';
import { Pill } from './pill.tsx';

interface CardListProps {
  readonly cards: readonly CardSummary[];
  readonly revoke?: (card: CardSummary) => void;
}

/** Cards in force first. */
export const CardList = ({ cards, revoke }: CardListProps): ReactNode => {
  const { say } = useWords();
  if (cards.length === 0) return <Empty icon="card" title={say('card.none')} />;
  const sorted = [...cards].sort((one, other) => Number(one.state === 'revoked') - Number(other.state === 'revoked'));
  return (
    <ul className="lines">
      {sorted.map((card) => (
        <li key={card.id} className={card.state === 'revoked' ? 'gone' : undefined}>
          <Icon name="card" />
          <div className="line-main">
            <span className="line-title">
              {card.label === '' ? say('card.unnamed') : card.label}
              <span className="ending">{say('card.ending', { ending: card.ending })}</span>
            </span>
            <span className="line-more">
              {say(`card.technology.${card.technology}`)} ·{' '}
              <span title={say(`card.assurance.${card.assurance}.why`)}>{say(`card.assurance.${card.assurance}`)}</span>
            </span>
            <span className="line-more">
              {say('card.enrolled')} <Moment at={card.enrolledAt} />
              {card.revokedAt !== null && (
                <>
                  {' · '}
                  {say('card.revoked')} <Moment at={card.revokedAt} />
                </>
              )}
            </span>
          </div>
          <div className="line-side">
            <Pill tone={card.state === 'active' ? 'good' : 'bad'}>{say(`card.state.${card.state}`)}</Pill>
            {revoke !== undefined && card.state !== 'revoked' && (
              <Button
                look="danger"
                onClick={() => revoke(card)}
                aria-label={say('card.revoke-one', { ending: card.ending })}
              >
                {say('card.revoke')}
              </Button>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
};
