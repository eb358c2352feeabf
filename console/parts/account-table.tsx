import type { ReactNode } from 'react';
import type { Account, AccountFinding } from '#contract/api/accounts.ts';
import { type AccountPlace, fragmentOf } from '../data/place.ts';
import { useWords } from '../data/use-words.ts';
import { SortHead } from './list-table.tsx';
import { Moment } from './moment.tsx';
import { Pill, type Tone } from './pill.tsx';

const tones: Readonly<Record<AccountFinding, Tone>> = {
  unused: 'warn',
  left: 'calm',
  suspended: 'calm',
  'left-with-card': 'bad',
  'no-factor': 'warn',
  'no-card': 'calm',
  'card-unused': 'warn',
  privileged: 'calm',
  maintenance: 'calm',
  emergency: 'warn',
};

interface AccountTableProps {
  readonly accounts: readonly Account[];
  readonly filter: AccountPlace;
  readonly change: (change: AccountPlace) => void;
}

export const AccountTable = ({ accounts, filter, change }: AccountTableProps): ReactNode => {
  const { say } = useWords();
  const sort = filter.sort ?? 'last-used';
  const order = filter.order ?? 'rising';
  const sorted = (by: string, label: string): ReactNode => (
    <SortHead
      label={label}
      order={sort === by ? order : undefined}
      press={() => change({ sort: by, order: sort === by && order === 'rising' ? 'falling' : 'rising' })}
    />
  );
  return (
    <div className="surface table-wrap">
      <table className="account-table">
        <caption className="visually-hidden">{say('nav.accounts')}</caption>
        <thead>
          <tr>
            {sorted('name', say('person.name'))}
            {sorted('number', say('person.number'))}
            {sorted('state', say('common.state'))}
            <th scope="col">{say('person.roles')}</th>
            {sorted('last-used', say('accounts.last-used'))}
            <th scope="col">{say('accounts.ways')}</th>
            <th scope="col">{say('accounts.findings')}</th>
          </tr>
        </thead>
        <tbody>
          {accounts.map((account) => (
            <Row key={account.id} account={account} />
          ))}
        </tbody>
      </table>
    </div>
  );
};

const Row = ({ account }: { readonly account: Account }): ReactNode => {
  const { say } = useWords();
  const { id, name, kana, number, state, roles, lastUsedAt, lastUsedAtTerminal, cards, factors, findings } = account;
  return (
    <tr>
      <th scope="row">
        <a href={fragmentOf({ kind: 'person', id })}>{name}</a>
        {kana !== '' && <span className="kana">{kana}</span>}
      </th>
      <td className="digits">{number}</td>
      <td>{say(`accounts.state.${state}`)}</td>
      <td>{roles.map((role) => say(`role.${role}`)).join(say('common.list-separator'))}</td>
      <td>
        {lastUsedAt === null ? say('accounts.never') : <Moment at={lastUsedAt} />}
        {lastUsedAtTerminal !== null && <span className="kana">{lastUsedAtTerminal}</span>}
      </td>
      <td>
        {[
          say('accounts.card-count', { count: cards }),
          ...factors.map((factor) => say(`accounts.factor.${factor}`)),
        ].join(say('common.list-separator'))}
      </td>
      <td>
        <span className="account-findings">
          {findings.map((finding) => (
            <Pill key={finding} tone={tones[finding]}>
              {say(`accounts.finding.${finding}`)}
            </Pill>
          ))}
        </span>
      </td>
    </tr>
  );
};
