import { type ReactNode, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { LoanCard } from '#contract/api/substitutes.ts';
import { fragmentOf, type ListFilter } from '../data/place.ts';
import { exactly } from '../data/times.ts';
import { useAsked } from '../data/use-asked.ts';
import { useMay, useZone } from '../data/use-console.ts';
import { useListing } from '../data/use-listing.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { Ceremony } from '../parts/ceremony.tsx';
import { FilterChoice } from '../parts/filter-choice.tsx';
import { ListPage } from '../parts/list-page.tsx';
import type { Column } from '../parts/list-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';
import { RetireLoanCard } from '../parts/retire-loan-card.tsx';

const standings = ['free', 'lent', 'disabled', 'revoked'] as const;
const cardsOf = ({ cards }: Answer<'loan-cards/list'>): readonly LoanCard[] => cards;

/** The stock of cards that stand for somebody's own for a while. */
export const LoanCards = ({ filter }: { readonly filter: ListFilter }): ReactNode => {
  const words = useWords();
  const { say } = words;
  const may = useMay();
  const zone = useZone();
  const listing = useListing({
    name: 'loan-cards/list',
    query: { ...filter },
    steady: 'label',
    changes: ['loan-cards'],
    itemsOf: cardsOf,
  });
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
      <ListPage
        kind="loan-cards"
        caption={say('nav.loan-cards')}
        listing={listing}
        columns={columnsOf(words, zone)}
        keyOf={({ id }) => id}
        filter={filter}
        sorting={{ usual: 'label' }}
        searchLabel={say('loan-cards.search')}
        choices={(change) => (
          <FilterChoice
            by="state"
            filter={filter}
            change={change}
            options={standings.map((one) => [one, say(`loan-cards.state.${one}`)])}
          />
        )}
        empty={{ icon: 'lend', title: say('loan-cards.none'), hint: say('loan-cards.none-hint') }}
        status={({ free, kept }) => say('loan-cards.count', { free, all: kept })}
        actions={
          may('cards/revoke')
            ? (card) =>
                card.state !== 'revoked' && (
                  <Button
                    look="danger"
                    onClick={() => setRetiring(card)}
                    aria-label={say('loan-cards.retire-one', { label: card.label, ending: card.ending })}
                  >
                    {say('loan-cards.retire')}
                  </Button>
                )
            : undefined
        }
      />
      {enrolling && <Ceremony task="loan-card" person={undefined} close={() => setEnrolling(false)} />}
      {retiring !== undefined && <RetireLoanCard card={retiring} close={() => setRetiring(undefined)} />}
    </>
  );
};

const standingOf = ({ state, holder }: LoanCard): (typeof standings)[number] =>
  state === 'revoked' || state === 'disabled' ? state : holder === null ? 'free' : 'lent';

const columnsOf = ({ say }: Words, zone: string | undefined): readonly Column<LoanCard>[] => [
  {
    name: 'card',
    label: say('loan-cards.card'),
    sort: 'label',
    heads: true,
    show: ({ label, ending }) => (
      <>
        {label === '' ? say('card.unnamed') : label}
        <span className="ending">{say('card.ending', { ending })}</span>
      </>
    ),
    write: ({ label }) => label,
    more: [{ label: say('loan-cards.ending'), write: ({ ending }) => ending }],
  },
  {
    name: 'state',
    label: say('common.state'),
    sort: 'state',
    show: (card) => <StockState card={card} />,
    write: (card) => say(`loan-cards.state.${standingOf(card)}`),
  },
  {
    name: 'holder',
    label: say('loan-cards.holder'),
    sort: 'holder',
    show: ({ holder }) =>
      holder === null ? (
        '–'
      ) : (
        <>
          <Person person={holder} />
          <span className="kana">
            {say('substitute.until')} <Moment at={holder.until} />
          </span>
        </>
      ),
    write: ({ holder }) => holder?.name ?? '',
    more: [
      {
        label: say('loan-cards.until-when'),
        write: ({ holder }) => (holder === null ? '' : exactly(holder.until, zone)),
      },
    ],
  },
  {
    name: 'before',
    label: say('loan-cards.before'),
    sort: 'before',
    show: ({ before }) =>
      before === null ? (
        '–'
      ) : (
        <>
          <Person person={before} />
          <span className="kana">
            {say('substitute.ended')} <Moment at={before.endedAt} />
          </span>
        </>
      ),
    write: ({ before }) => before?.name ?? '',
    more: [
      { label: say('loan-cards.ended'), write: ({ before }) => (before === null ? '' : exactly(before.endedAt, zone)) },
    ],
  },
];

const Person = ({ person: { id, name } }: { readonly person: { readonly id: string; readonly name: string } }) => (
  <a href={fragmentOf({ kind: 'person', id })}>{name}</a>
);

const StockState = ({ card }: { readonly card: LoanCard }): ReactNode => {
  const { say } = useWords();
  const standing = standingOf(card);
  const tones = { free: 'good', lent: 'warn', disabled: 'bad', revoked: 'calm' } as const;
  return (
    <Pill tone={tones[standing]} {...(standing === 'lent' ? { icon: 'lend' as const } : {})}>
      {say(`loan-cards.state.${standing}`)}
    </Pill>
  );
};
