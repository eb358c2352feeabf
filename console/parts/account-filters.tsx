import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { AccountFinding } from '#contract/api/accounts.ts';
import type { AccountPlace } from '../data/place.ts';
import { useWords } from '../data/use-words.ts';
import { Choice, Field } from './field.tsx';

const findings = [
  'unused',
  'left',
  'left-with-card',
  'suspended',
  'no-factor',
  'no-card',
  'card-unused',
  'privileged',
  'maintenance',
  'emergency',
] as const satisfies readonly AccountFinding[];
const roles = ['clinician', 'helpdesk', 'admin', 'auditor', 'operator'] as const;
const spans = [30, 60, 90, 180, 365] as const;
/** As the server has it where the address says nothing. */
const usualDays = '90';
/** Typing is waited for so long (milliseconds). */
const pause = 250;

interface AccountFiltersProps {
  readonly counts: Readonly<Partial<Record<AccountFinding, number>>>;
  readonly everybody: number;
  readonly filter: AccountPlace;
  readonly change: (change: AccountPlace) => void;
}

/** How many there are of each finding, each a filter; and the other filters. */
export const AccountFilters = ({ counts, everybody, filter, change }: AccountFiltersProps): ReactNode => {
  const { say } = useWords();
  const days = filter.days ?? usualDays;
  const search = filter.search ?? '';
  const [typed, setTyped] = useState(search);
  const sent = useRef(search);
  useEffect(() => {
    // Another address was opened: it says what is searched for.
    if (search !== sent.current) setTyped(search);
    sent.current = search;
  }, [search]);
  useEffect(() => {
    if (typed === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = typed;
      change({ search: typed });
    }, pause);
    return () => clearTimeout(timer);
  }, [typed, change]);
  return (
    <>
      <div className="account-tiles">
        <Tile
          label={say('accounts.everybody')}
          count={everybody}
          isChosen={filter.finding === undefined}
          choose={() => change({ finding: '' })}
        />
        {findings.map((finding) => (
          <Tile
            key={finding}
            label={say(`accounts.finding.${finding}`)}
            count={counts[finding] ?? 0}
            isChosen={filter.finding === finding}
            choose={() => change({ finding: filter.finding === finding ? '' : finding })}
          />
        ))}
      </div>
      {filter.finding !== undefined && (
        <p className="hint">
          {findings
            .filter((one) => one === filter.finding)
            .map((finding) => say(`accounts.hint.${finding}`, { days }))
            .join('')}
        </p>
      )}
      <div className="account-filters">
        <Field label={say('accounts.search')} value={typed} change={setTyped} type="search" maxLength={80} />
        <Choice label={say('accounts.role')} value={filter.role ?? ''} change={(role) => change({ role })}>
          <option value="">{say('accounts.any-role')}</option>
          {roles.map((role) => (
            <option key={role} value={role}>
              {say(`role.${role}`)}
            </option>
          ))}
        </Choice>
        <Choice label={say('accounts.unused-after')} value={days} change={(chosen) => change({ days: chosen })}>
          {[...new Set([...spans.map(String), days])].map((span) => (
            <option key={span} value={span}>
              {say('accounts.days', { days: span })}
            </option>
          ))}
        </Choice>
      </div>
    </>
  );
};

interface TileProps {
  readonly label: string;
  readonly count: number;
  readonly isChosen: boolean;
  readonly choose: () => void;
}

const Tile = ({ label, count, isChosen, choose }: TileProps): ReactNode => {
  const { language } = useWords();
  return (
    <button
      type="button"
      className={`account-tile${count === 0 ? ' empty-tile' : ''}`}
      aria-pressed={isChosen}
      onClick={choose}
    >
      <strong>{count.toLocaleString(language)}</strong>
      <span>{label}</span>
    </button>
  );
};
