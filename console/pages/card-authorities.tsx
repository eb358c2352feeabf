import { type ReactNode, useState } from 'react';
import type { CardAuthority } from '#contract/api/card-authorities.ts';
import { useMay } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { AddCardAuthority } from '../parts/add-card-authority.tsx';
import { Button } from '../parts/button.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { RemoveCardAuthority } from '../parts/remove-card-authority.tsx';

/** Whose certificates on cards are believed. */
export const CardAuthorities = (): ReactNode => {
  const { say } = useWords();
  const may = useMay();
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
            <List authorities={authorities} {...(may('card-authorities/remove') ? { remove: setRemoving } : {})} />
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

interface ListProps {
  readonly authorities: readonly CardAuthority[];
  readonly remove?: (authority: CardAuthority) => void;
}

const List = ({ authorities, remove }: ListProps): ReactNode => {
  const { say } = useWords();
  return (
    <div className="surface table-wrap">
      <table>
        <caption className="visually-hidden">{say('nav.card-authorities')}</caption>
        <thead>
          <tr>
            <th scope="col">{say('card-authorities.name')}</th>
            <th scope="col">{say('card-authorities.certificate')}</th>
            <th scope="col">{say('common.valid-until')}</th>
            <th scope="col">{say('card-authorities.cards')}</th>
            {remove !== undefined && (
              <th scope="col">
                <span className="visually-hidden">{say('common.actions')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {authorities.map((authority) => (
            <tr key={authority.id}>
              <th scope="row">
                {authority.name}
                <br />
                <small>{say(`card-authorities.kind.${authority.kind}`)}</small>
              </th>
              <td>
                {authority.subject}
                <br />
                <small className="key-text">{(authority.fingerprint.match(/.{8}/g) ?? []).join(' ')}</small>
              </td>
              <td>
                <Moment at={authority.notAfter} />
              </td>
              <td className="number">{authority.cards}</td>
              {remove !== undefined && (
                <td className="row-actions">
                  <Button
                    look="danger"
                    onClick={() => remove(authority)}
                    aria-label={say('card-authorities.remove-one', { name: authority.name })}
                  >
                    {say('card-authorities.remove')}
                  </Button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};
