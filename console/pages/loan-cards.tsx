import { type ReactNode, useState } from 'react';
import type { LoanCard } from '#contract/api/substitutes.ts';
import { fragmentOf } from '../data/place.ts';
import { useAsked } from '../data/use-asked.ts';
import { useMay } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { Ceremony } from '../parts/ceremony.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';
import { RetireLoanCard } from '../parts/retire-loan-card.tsx';

/** The stock of cards that stand for somebody's own for a while. */
export const LoanCards = (): ReactNode => {
  const { say } = useWords();
  const may = useMay();
  const listed = useData('loan-cards/list', {}, ['loan-cards']);
  const [enrolling, setEnrolling] = useState(false);
  useAsked({ kind: 'loan-cards' }, { enrol: may('ceremonies/begin') ? () => setEnrolling(true) : undefined });
  const [retiring, setRetiring] = useState<LoanCard>();
  return (
    <>
      <PageHead
        title={say('nav.loan-cards')}
        lead={say('loan-cards.lead')}
        actions={
          may('ceremonies/begin') && (
            <Button look="primary" icon="plus" onClick={() => setEnrolling(true)}>
              {say('loan-cards.enrol')}
            </Button>
          )
        }
      />
      <LoadedView loaded={listed}>
        {({ cards }) =>
          cards.length === 0 ? (
            <Empty icon="lend" title={say('loan-cards.none')}>
              <p>{say('loan-cards.none-hint')}</p>
            </Empty>
          ) : (
            <Stock cards={cards} {...(may('cards/revoke') ? { retire: setRetiring } : {})} />
          )
        }
      </LoadedView>
      {enrolling && <Ceremony task="loan-card" person={undefined} close={() => setEnrolling(false)} />}
      {retiring !== undefined && <RetireLoanCard card={retiring} close={() => setRetiring(undefined)} />}
    </>
  );
};

interface StockProps {
  readonly cards: readonly LoanCard[];
  readonly retire?: (card: LoanCard) => void;
}

const Stock = ({ cards, retire }: StockProps): ReactNode => {
  const { say } = useWords();
  const kept = cards.filter(({ state }) => state !== 'revoked');
  const free = kept.filter(({ state, holder }) => state === 'active' && holder === null).length;
  return (
    <div className="surface table-wrap">
      <p className="table-head" role="status">
        {say('loan-cards.count', { free, all: kept.length })}
      </p>
      <table>
        <caption className="visually-hidden">{say('nav.loan-cards')}</caption>
        <thead>
          <tr>
            <th scope="col">{say('loan-cards.card')}</th>
            <th scope="col">{say('common.state')}</th>
            <th scope="col">{say('loan-cards.holder')}</th>
            <th scope="col">{say('loan-cards.before')}</th>
            {retire !== undefined && (
              <th scope="col">
                <span className="visually-hidden">{say('common.actions')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {cards.map((card) => (
            <tr key={card.id}>
              <th scope="row">
                {card.label === '' ? say('card.unnamed') : card.label}
                <span className="ending">{say('card.ending', { ending: card.ending })}</span>
              </th>
              <td>
                <StockState card={card} />
              </td>
              <td>
                {card.holder === null ? (
                  '–'
                ) : (
                  <>
                    <Person person={card.holder} />
                    <span className="kana">
                      {say('substitute.until')} <Moment at={card.holder.until} />
                    </span>
                  </>
                )}
              </td>
              <td>
                {card.before === null ? (
                  '–'
                ) : (
                  <>
                    <Person person={card.before} />
                    <span className="kana">
                      {say('substitute.ended')} <Moment at={card.before.endedAt} />
                    </span>
                  </>
                )}
              </td>
              {retire !== undefined && (
                <td className="row-actions">
                  {card.state !== 'revoked' && (
                    <Button
                      look="danger"
                      onClick={() => retire(card)}
                      aria-label={say('loan-cards.retire-one', { label: card.label, ending: card.ending })}
                    >
                      {say('loan-cards.retire')}
                    </Button>
                  )}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};

const Person = ({ person: { id, name } }: { readonly person: { readonly id: string; readonly name: string } }) => (
  <a href={fragmentOf({ kind: 'person', id })}>{name}</a>
);

const StockState = ({ card: { state, holder } }: { readonly card: LoanCard }): ReactNode => {
  const { say } = useWords();
  if (state === 'revoked') return <Pill tone="calm">{say('loan-cards.state.revoked')}</Pill>;
  if (state === 'disabled') return <Pill tone="bad">{say('loan-cards.state.disabled')}</Pill>;
  return holder === null ? (
    <Pill tone="good">{say('loan-cards.state.free')}</Pill>
  ) : (
    <Pill tone="warn" icon="lend">
      {say('loan-cards.state.lent')}
    </Pill>
  );
};
