import { type ReactNode, useState } from 'react';
import type { DirectoryClient, DirectoryGroup } from '#contract/api/directory.ts';
import type { Role } from '#contract/api/row.ts';
import { useAct } from '../data/use-act.ts';
import { useMay } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { AddDirectory } from '../parts/add-directory.tsx';
import { Button } from '../parts/button.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { Moment } from '../parts/moment.tsx';
import { FailureNotice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill, type Tone } from '../parts/pill.tsx';
import { RevokeDirectory } from '../parts/revoke-directory.tsx';

const tones: Readonly<Record<DirectoryClient['state'], Tone>> = { active: 'good', expired: 'warn', revoked: 'bad' };

/** Systems that keep people by SCIM: their tokens, and what their groups mean here. */
export const Directory = (): ReactNode => {
  const { say } = useWords();
  const may = useMay();
  const listed = useData('directory-clients/list', {}, ['events']);
  const groups = useData('directory-groups/list', {}, ['people', 'events']);
  const [adding, setAdding] = useState(false);
  const [revoking, setRevoking] = useState<DirectoryClient>();
  const add = may('directory-clients/add') && (
    <Button look="primary" icon="plus" onClick={() => setAdding(true)}>
      {say('directory.add')}
    </Button>
  );
  return (
    <>
      <PageHead title={say('nav.directory')} lead={say('directory.lead')} actions={add} />
      <div className="stack">
        <LoadedView loaded={listed}>
          {({ clients }) =>
            clients.length === 0 ? (
              <Empty icon="people" title={say('directory.none')}>
                <p>{say('directory.none-hint')}</p>
              </Empty>
            ) : (
              <Clients clients={clients} {...(may('directory-clients/revoke') ? { revoke: setRevoking } : {})} />
            )
          }
        </LoadedView>
        <LoadedView loaded={groups}>
          {({ groups: found, allowed }) =>
            found.length > 0 && <Groups groups={found} allowed={allowed} mayChange={may('directory-groups/set-role')} />
          }
        </LoadedView>
      </div>
      {adding && (
        <AddDirectory
          close={() => {
            setAdding(false);
            listed.reload();
          }}
        />
      )}
      {revoking !== undefined && (
        <RevokeDirectory
          client={revoking}
          close={() => {
            setRevoking(undefined);
            listed.reload();
          }}
        />
      )}
    </>
  );
};

interface ClientsProps {
  readonly clients: readonly DirectoryClient[];
  readonly revoke?: (client: DirectoryClient) => void;
}

const Clients = ({ clients, revoke }: ClientsProps): ReactNode => {
  const { say } = useWords();
  return (
    <div className="surface table-wrap">
      <table>
        <caption className="visually-hidden">{say('nav.directory')}</caption>
        <thead>
          <tr>
            <th scope="col">{say('directory.name')}</th>
            <th scope="col">{say('common.state')}</th>
            <th scope="col">{say('directory.last-used')}</th>
            <th scope="col">{say('common.valid-until')}</th>
            {revoke !== undefined && (
              <th scope="col">
                <span className="visually-hidden">{say('common.actions')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {clients.map((client) => (
            <tr key={client.id}>
              <th scope="row">{client.name}</th>
              <td>
                <Pill tone={tones[client.state]}>{say(`directory.state.${client.state}`)}</Pill>
              </td>
              <td>{client.lastUsedAt === null ? say('directory.never') : <Moment at={client.lastUsedAt} />}</td>
              <td>
                <Moment at={client.expiresAt} />
              </td>
              {revoke !== undefined && (
                <td className="row-actions">
                  {client.state === 'active' && (
                    <Button
                      look="danger"
                      onClick={() => revoke(client)}
                      aria-label={say('directory.revoke-one', { name: client.name })}
                    >
                      {say('directory.revoke')}
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

interface GroupsProps {
  readonly groups: readonly DirectoryGroup[];
  readonly allowed: readonly Role[];
  readonly mayChange: boolean;
}

const Groups = ({ groups, allowed, mayChange }: GroupsProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('directory-groups/set-role');
  const nameOf = (role: Role | null): string => (role === null ? say('directory.no-role') : say(`role.${role}`));
  return (
    <section className="surface table-wrap" aria-labelledby="directory-groups">
      <h2 className="table-title" id="directory-groups">
        {say('directory.groups')}
      </h2>
      <p className="table-head">{say('directory.groups-lead')}</p>
      <FailureNotice failure={act.failure} />
      <table>
        <caption className="visually-hidden">{say('directory.groups')}</caption>
        <thead>
          <tr>
            <th scope="col">{say('directory.group')}</th>
            <th scope="col">{say('directory.members')}</th>
            <th scope="col">{say('directory.role')}</th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={group.id}>
              <th scope="row">{group.name}</th>
              <td className="number">{group.members}</td>
              <td>
                {mayChange ? (
                  <select
                    aria-label={say('directory.role-of', { name: group.name })}
                    value={group.role ?? ''}
                    disabled={act.busy}
                    onChange={(event) => {
                      const role = [...allowed].find((one) => one === event.currentTarget.value) ?? null;
                      void act.send({ params: { group: group.id }, body: { role } });
                    }}
                  >
                    {[null, ...new Set([...allowed, ...(group.role === null ? [] : [group.role])])].map((role) => (
                      <option key={role ?? ''} value={role ?? ''}>
                        {nameOf(role)}
                      </option>
                    ))}
                  </select>
                ) : (
                  nameOf(group.role)
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};
