import { type ReactNode, useState } from 'react';
import type { CardAuthority } from '#contract/api/card-authorities.ts';
import { exactly } from '../data/times.ts';
import { useMay, useZone } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { AddCardAuthority } from '../parts/add-card-authority.tsx';
import { Button } from '../parts/button.tsx';
import type { Column } from '../parts/list-table.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { RemoveCardAuthority } from '../parts/remove-card-authority.tsx';
import { WholeList } from '../parts/whole-list.tsx';

/** Whose certificates on cards are believed. */
export const CardAuthorities = (): ReactNode => {
  const words = useWords();
  const { say } = words;
  const may = useMay();
  const zone = useZone();
  const listed = useData('card-authorities/list', {}, ['card-authorities']);
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<CardAuthority>();
  const add = may('card-authorities/add') && (
    <Button look="primary" icon="plus" onClick={() => setAdding(true)}>
      {say('card-authorities.add')}
    </Button>
  );
  return (
    <>
      <PageHead title={say('nav.card-authorities')} lead={say('card-authorities.lead')} actions={add} />
      <LoadedView loaded={listed}>
        {({ authorities }) =>
          authorities.length === 0 ? (
            <Empty icon="card" title={say('card-authorities.none')}>
              <p>{say('card-authorities.none-hint')}</p>
            </Empty>
          ) : (
            <WholeList
              name="card-authorities"
              caption={say('nav.card-authorities')}
              columns={columnsOf(words, zone)}
              items={authorities}
              keyOf={({ id }) => id}
              actions={
                may('card-authorities/remove')
                  ? (authority) => (
                      <Button
                        look="danger"
                        onClick={() => setRemoving(authority)}
                        aria-label={say('card-authorities.remove-one', { name: authority.name })}
                      >
                        {say('card-authorities.remove')}
                      </Button>
                    )
                  : undefined
              }
            />
          )
        }
      </LoadedView>
      {adding && (
        <AddCardAuthority
          close={() => {
            setAdding(false);
            listed.reload();
          }}
        />
      )}
      {removing !== undefined && (
        <RemoveCardAuthority
          authority={removing}
          close={() => {
            setRemoving(undefined);
            listed.reload();
          }}
        />
      )}
    </>
  );
};

const columnsOf = ({ say }: Words, zone: string | undefined): readonly Column<CardAuthority>[] => {
  const fingerprintOf = ({ fingerprint }: CardAuthority): string => (fingerprint.match(/.{8}/g) ?? []).join(' ');
  return [
    {
      name: 'name',
      label: say('card-authorities.name'),
      heads: true,
      show: ({ name, kind }) => (
        <>
          {name}
          <br />
          <small>{say(`card-authorities.kind.${kind}`)}</small>
        </>
      ),
      write: ({ name }) => name,
    },
    {
      name: 'certificate',
      label: say('card-authorities.certificate'),
      show: (authority) => (
        <>
          {authority.subject}
          <br />
          <small className="key-text">{fingerprintOf(authority)}</small>
        </>
      ),
      write: ({ subject }) => subject,
      more: [{ label: 'SHA-256', write: fingerprintOf }],
    },
    {
      name: 'valid',
      label: say('common.valid-until'),
      show: ({ notAfter }) => <Moment at={notAfter} />,
      write: ({ notAfter }) => exactly(notAfter, zone),
    },
    {
      name: 'cards',
      label: say('card-authorities.cards'),
      className: 'number',
      show: ({ cards }) => cards,
      write: ({ cards }) => String(cards),
    },
  ];
};
