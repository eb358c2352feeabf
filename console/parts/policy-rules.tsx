import { type ReactNode, useState } from 'react';
import type { Circumstances, Demand, FactorRule } from '#contract/policy.ts';
import type { SecretFactor } from '#contract/screen.ts';
import { type Problem, problemsAt } from '../data/policy-form.ts';
import { describeRule, weekday } from '../data/policy-words.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Choice, Field } from './field.tsx';
import { Checks } from './policy-field.tsx';

interface PolicyRulesProps {
  readonly rules: readonly FactorRule[];
  readonly change: (rules: readonly FactorRule[]) => void;
  readonly problems: readonly Problem[];
  readonly disabled: boolean;
}

/** Rules in their order: the first one that fits decides. */
export const PolicyRules = ({ rules, change, problems, disabled }: PolicyRulesProps): ReactNode => {
  const { say } = useWords();
  const groups = useTerminalGroups();
  const put = (at: number, rule: FactorRule): void => change(rules.map((one, index) => (index === at ? rule : one)));
  const swap = (at: number): void => {
    const [one, other] = [rules[at], rules[at + 1]];
    if (one !== undefined && other !== undefined) change([...rules.slice(0, at), other, one, ...rules.slice(at + 2)]);
  };
  const fresh: FactorRule = {
    name: say('policy-page.new-rule', { number: rules.length + 1 }),
    when: {},
    demand: { kind: 'any', factors: ['pin', 'totp'] },
  };
  return (
    <div className="policy-rules">
      {rules.length === 0 && <p>{say('policy-page.no-rules')}</p>}
      <ol>
        {rules.map((rule, at) => (
          // A rule has nothing but its place that stays the same while it is written.
          // biome-ignore lint/suspicious/noArrayIndexKey: the place is what it is known by
          <li key={at}>
            <Rule
              rule={rule}
              groups={groups}
              change={(changed) => put(at, changed)}
              remove={() => change(rules.filter((_, index) => index !== at))}
              up={at === 0 ? undefined : () => swap(at - 1)}
              isBad={problemsAt(problems, `factors.${at}`).length > 0}
              disabled={disabled}
            />
          </li>
        ))}
      </ol>
      <Button icon="plus" disabled={disabled} onClick={() => change([...rules, fresh])}>
        {say('policy-page.add-rule')}
      </Button>
    </div>
  );
};

const useTerminalGroups = (): readonly string[] => {
  const { data } = useData('emergency-codes/list', { query: { limit: 1 } }, []);
  return data.kind === 'ready' ? data.value.groups.filter((group) => group !== '') : [];
};

interface RuleProps {
  readonly rule: FactorRule;
  readonly groups: readonly string[];
  readonly change: (rule: FactorRule) => void;
  readonly remove: () => void;
  readonly up: (() => void) | undefined;
  readonly isBad: boolean;
  readonly disabled: boolean;
}

const Rule = ({ rule, groups, change, remove, up, isBad, disabled }: RuleProps): ReactNode => {
  const words = useWords();
  const { say } = words;
  const [open, setOpen] = useState(rule.when.hours === undefined && Object.keys(rule.when).length === 0);
  return (
    <details className="policy-rule" open={open || isBad} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{describeRule(rule, words)}</summary>
      <fieldset className="policy-rule-form" disabled={disabled} aria-label={rule.name}>
        <Field
          label={say('policy-page.rule-name')}
          value={rule.name}
          change={(name) => change({ ...rule, name })}
          maxLength={60}
          aria-invalid={isBad || undefined}
        />
        <DemandChoice demand={rule.demand} change={(demand) => change({ ...rule, demand })} />
        <When when={rule.when} groups={groups} change={(when) => change({ ...rule, when })} />
        <div className="dialog-actions">
          {up !== undefined && <Button onClick={up}>{say('policy-page.rule-up')}</Button>}
          <Button onClick={remove}>{say('policy-page.rule-remove', { name: rule.name })}</Button>
        </div>
      </fieldset>
    </details>
  );
};

const demands: Readonly<Record<string, Demand>> = {
  pin: { kind: 'any', factors: ['pin'] },
  totp: { kind: 'any', factors: ['totp'] },
  any: { kind: 'any', factors: ['pin', 'totp'] },
  all: { kind: 'all', factors: ['pin', 'totp'] },
  refuse: { kind: 'refuse' },
};
const nameOfDemand = (demand: Demand): string => {
  if (demand.kind === 'refuse') return 'refuse';
  const factors: readonly SecretFactor[] = demand.factors;
  return factors.length === 1 ? (factors[0] ?? 'any') : demand.kind;
};

const DemandChoice = ({
  demand,
  change,
}: {
  readonly demand: Demand;
  readonly change: (demand: Demand) => void;
}): ReactNode => {
  const words = useWords();
  const { say } = words;
  const chosen = nameOfDemand(demand);
  return (
    <Choice label={say('policy-page.demand')} value={chosen} change={(name) => change(demands[name] ?? demand)}>
      {(['pin', 'totp', 'any', 'all', 'refuse'] as const).map((name) => (
        <option key={name} value={name}>
          {say(`policy-page.demand-choice.${name}`)}
        </option>
      ))}
    </Choice>
  );
};

interface WhenProps {
  readonly when: Circumstances;
  readonly groups: readonly string[];
  readonly change: (when: Circumstances) => void;
}

const rolesAll = ['clinician', 'helpdesk', 'admin', 'auditor', 'operator'] as const;
const assurances = ['identifier', 'keyed', 'pki'] as const;
const everyDay = [0, 1, 2, 3, 4, 5, 6] as const;

/** What is left out applies to all: an empty list is left out. */
const When = ({ when, groups, change }: WhenProps): ReactNode => {
  const { say, language } = useWords();
  const set = (name: keyof Circumstances, value: unknown): void => {
    const { [name]: _, ...others } = when;
    const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0);
    change(isEmpty ? others : ({ ...others, [name]: value } as Circumstances));
  };
  const known = [...new Set([...groups, ...(when.groups ?? [])])];
  const { hours } = when;
  return (
    <>
      <Checks
        legend={say('policy-page.when.roles')}
        options={rolesAll.map((role) => [role, say(`role.${role}`)])}
        chosen={when.roles ?? []}
        change={(chosen) => set('roles', chosen)}
      />
      {known.length > 0 && (
        <Checks
          legend={say('policy-page.when.groups')}
          options={known.map((group) => [group, group])}
          chosen={when.groups ?? []}
          change={(chosen) => set('groups', chosen)}
        />
      )}
      <Checks
        legend={say('policy-page.when.assurance')}
        options={assurances.map((one) => [one, say(`card.assurance.${one}`)])}
        chosen={when.assurance ?? []}
        change={(chosen) => set('assurance', chosen)}
      />
      <Field
        label={say('policy-page.when.networks')}
        hint={say('policy-page.when.networks-hint')}
        value={(when.networks ?? []).join(' ')}
        change={(text) => set('networks', text.trim() === '' ? undefined : text.split(/[\s,]+/))}
      />
      <label className="check">
        <input
          type="checkbox"
          checked={hours !== undefined}
          onChange={() =>
            set('hours', hours === undefined ? { days: [1, 2, 3, 4, 5], from: '08:30', to: '17:15' } : undefined)
          }
        />
        <span>{say('policy-page.when.hours')}</span>
      </label>
      {hours !== undefined && (
        <>
          <Checks
            legend={say('policy-page.when.days')}
            options={everyDay.map((day) => [String(day), weekday(day, language)])}
            chosen={hours.days.map(String)}
            change={(days) => set('hours', { ...hours, days: days.map(Number) })}
          />
          <div className="side-by-side">
            <Field
              label={say('policy-page.when.from')}
              value={hours.from}
              change={(from) => set('hours', { ...hours, from })}
            />
            <Field
              label={say('policy-page.when.to')}
              value={hours.to}
              change={(to) => set('hours', { ...hours, to })}
            />
          </div>
        </>
      )}
    </>
  );
};
