import { type ReactNode, useState } from 'react';
import type { DirectoryClient, DirectoryGroup } from '#contract/api/directory.ts';
import type { Role } from '#contract/api/row.ts';
import { exactly } from '../data/times.ts';
import { useAct } from '../data/use-act.ts';
import { useMay, useZone } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { AddDirectory } from '../parts/add-directory.tsx';
import { Button } from '../parts/button.tsx';
import type { Column } from '../parts/list-table.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { Moment } from '../parts/moment.tsx';
import { FailureNotice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill, type Tone } from '../parts/pill.tsx';
import { RevokeDirectory } from '../parts/revoke-directory.tsx';
import { WholeList } from '../parts/whole-list.tsx';

const tones: Readonly<Record<DirectoryClient['state'], Tone>> = { active: 'good', expired: 'warn', revoked: 'bad' };

/** Systems that keep people by SCIM: their tokens, and what their groups mean here. */
export const Directory = (): ReactNode => {
  const words = useWords();
  const { say } = words;
  const may = useMay();
  const zone = useZone();
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
              <WholeList
                name="directory"
                caption={say('nav.directory')}
                columns={columnsOf(words, zone)}
                items={clients}
                keyOf={({ id }) => id}
                actions={
                  may('directory-clients/revoke')
                    ? (client) =>
                        client.state === 'active' && (
                          <Button
                            look="danger"
                            onClick={() => setRevoking(client)}
                            aria-label={say('directory.revoke-one', { name: client.name })}
                          >
                            {say('directory.revoke')}
                          </Button>
                        )
                    : undefined
                }
              />
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

const columnsOf = ({ say }: Words, zone: string | undefined): readonly Column<DirectoryClient>[] => [
  {
    name: 'name',
    label: say('directory.name'),
    heads: true,
    show: ({ name }) => name,
    write: ({ name }) => name,
  },
  {
    name: 'state',
    label: say('common.state'),
    show: ({ state }) => <Pill tone={tones[state]}>{say(`directory.state.${state}`)}</Pill>,
    write: ({ state }) => say(`directory.state.${state}`),
  },
  {
    name: 'used',
    label: say('directory.last-used'),
    show: ({ lastUsedAt }) => (lastUsedAt === null ? say('directory.never') : <Moment at={lastUsedAt} />),
    write: ({ lastUsedAt }) => (lastUsedAt === null ? say('directory.never') : exactly(lastUsedAt, zone)),
  },
  {
    name: 'valid',
    label: say('common.valid-until'),
    show: ({ expiresAt }) => <Moment at={expiresAt} />,
    write: ({ expiresAt }) => exactly(expiresAt, zone),
  },
];

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
            <th scope="col" className="number-head">
              {say('directory.members')}
            </th>
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
