import type { ReactNode } from 'react';
import type { HeldCard } from '#contract/api/cards.ts';
import type { Answer } from '#contract/api/index.ts';
import { fragmentOf, type ListFilter } from '../data/place.ts';
import { exactly } from '../data/times.ts';
import { useZone } from '../data/use-console.ts';
import { useListing } from '../data/use-listing.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { FilterChoice } from '../parts/filter-choice.tsx';
import { ListPage } from '../parts/list-page.tsx';
import type { Column } from '../parts/list-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';

const kinds = ['own', 'loan'] as const satisfies readonly HeldCard['kind'][];
const technologies = [
  'felica',
  'iso14443a',
  'iso14443b',
  'iso15693',
  'piv',
] as const satisfies readonly HeldCard['technology'][];
const assurances = ['identifier', 'keyed', 'pki'] as const satisfies readonly HeldCard['assurance'][];
const states = ['active', 'suspended', 'disabled', 'revoked'] as const satisfies readonly HeldCard['state'][];
const cardsOf = ({ cards }: Answer<'cards/list'>): readonly HeldCard[] => cards;

/** Every card that was ever enrolled, with whoever has it. */
export const Cards = ({ filter }: { readonly filter: ListFilter }): ReactNode => {
  const words = useWords();
  const { say } = words;
  const zone = useZone();
  const listing = useListing({
    name: 'cards/list',
    query: { ...filter },
    steady: 'enrolled',
    changes: ['people', 'loan-cards'],
    itemsOf: cardsOf,
  });
  return (
    <>
      <PageHead title={say('nav.cards')} lead={say('cards.lead')} />
      <ListPage
        kind="cards"
        caption={say('nav.cards')}
        listing={listing}
        columns={columnsOf(words, zone)}
        keyOf={({ id }) => id}
        filter={filter}
        sorting={{ usual: 'enrolled', usualOrder: 'falling' }}
        searchLabel={say('cards.search')}
        choices={(change) => (
          <>
            <FilterChoice
              by="kind"
              label={say('cards.kind')}
              every={say('cards.every-kind')}
              filter={filter}
              change={change}
              options={kinds.map((one) => [one, say(`cards.kind.${one}`)])}
            />
            <FilterChoice
              by="technology"
              label={say('cards.technology')}
              every={say('cards.every-technology')}
              filter={filter}
              change={change}
              options={technologies.map((one) => [one, say(`card.technology.${one}`)])}
            />
            <FilterChoice
              by="assurance"
              label={say('cards.assurance')}
              every={say('cards.every-assurance')}
              filter={filter}
              change={change}
              options={assurances.map((one) => [one, say(`card.assurance.${one}`)])}
            />
            <FilterChoice
              by="state"
              filter={filter}
              change={change}
              options={states.map((one) => [one, say(`card.state.${one}`)])}
            />
          </>
        )}
        empty={{ icon: 'card', title: say('card.none'), hint: say('cards.none-hint') }}
        notFound={
          (filter.search ?? '') === '' ? undefined : { title: say('list.not-found'), hint: say('cards.not-found-hint') }
        }
      />
    </>
  );
};

const tones = { active: 'good', suspended: 'warn', disabled: 'bad', revoked: 'calm' } as const;

const columnsOf = ({ say }: Words, zone: string | undefined): readonly Column<HeldCard>[] => [
  {
    name: 'card',
    label: say('cards.card'),
    sort: 'label',
    heads: true,
    show: ({ label, technology }) => (
      <>
        {label === '' ? say('card.unnamed') : label}
        <span className="kana">{say(`card.technology.${technology}`)}</span>
      </>
    ),
    write: ({ label }) => label,
    more: [{ label: say('cards.technology'), write: ({ technology }) => say(`card.technology.${technology}`) }],
  },
  {
    name: 'ending',
    label: say('loan-cards.ending'),
    sort: 'ending',
    className: 'digits',
    show: ({ ending }) => ending,
    write: ({ ending }) => ending,
  },
  {
    name: 'person',
    label: say('cards.person'),
    sort: 'person',
    show: ({ person, state }) =>
      person === null ? (
        <span className="muted">{state === 'revoked' ? '–' : say('cards.nobody')}</span>
      ) : (
        <>
          <a href={fragmentOf({ kind: 'person', id: person.id })}>{person.name}</a>
          <span className="kana digits">{person.number}</span>
        </>
      ),
    write: ({ person }) => person?.name ?? '',
    more: [{ label: say('person.number'), write: ({ person }) => person?.number ?? '' }],
  },
  {
    name: 'kind',
    label: say('cards.kind'),
    sort: 'kind',
    show: ({ kind }) => say(`cards.kind.${kind}`),
    write: ({ kind }) => say(`cards.kind.${kind}`),
  },
  {
    name: 'assurance',
    label: say('cards.assurance'),
    sort: 'assurance',
    show: ({ assurance }) => (
      <span title={say(`card.assurance.${assurance}.why`)}>{say(`card.assurance.${assurance}`)}</span>
    ),
    write: ({ assurance }) => say(`card.assurance.${assurance}`),
  },
  {
    name: 'state',
    label: say('common.state'),
    sort: 'state',
    show: ({ state }) => <Pill tone={tones[state]}>{say(`card.state.${state}`)}</Pill>,
    write: ({ state }) => say(`card.state.${state}`),
  },
  {
    name: 'enrolled',
    label: say('card.enrolled'),
    sort: 'enrolled',
    show: ({ enrolledAt }) => <Moment at={enrolledAt} />,
    write: ({ enrolledAt }) => exactly(enrolledAt, zone),
    more: [
      {
        label: say('card.revoked'),
        write: ({ revokedAt }) => (revokedAt === null ? '' : exactly(revokedAt, zone)),
      },
    ],
  },
];
