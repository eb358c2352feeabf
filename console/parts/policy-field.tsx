import { type ReactNode, useId } from 'react';
import type { FactorRule, Policy } from '#contract/policy.ts';
import { type Control, type PolicyPath, type Problem, valueAt } from '../data/policy-form.ts';
import { describeProblem, describeValue } from '../data/policy-words.ts';
import { useWords } from '../data/use-words.ts';
import { Pill } from './pill.tsx';
import { PolicyRules } from './policy-rules.tsx';
import { Clause, Limits, type PolicyValue } from './policy-shown.tsx';

interface PolicyFieldProps {
  readonly path: PolicyPath;
  readonly control: Control;
  readonly row: PolicyValue;
  readonly start: Policy;
  readonly policy: Policy;
  readonly change: (value: unknown) => void;
  readonly isChanged: boolean;
  readonly problems: readonly Problem[];
}

/** One value of a draft with its limits and clause, what it was, and why the server does not take it. */
export const PolicyField = (props: PolicyFieldProps): ReactNode => {
  const { path, control, row, start, policy, isChanged, problems } = props;
  const words = useWords();
  const { say } = words;
  const id = useId();
  const isBad = problems.length > 0;
  const described = `${id}-about${isBad ? ` ${id}-error` : ''}`;
  const value = valueAt(policy, path);
  return (
    <div className={`policy-field${isChanged ? ' changed' : ''}`} data-path={path}>
      <div className="policy-input">
        {control.kind === 'rules' ? (
          <PolicyRules
            rules={value as readonly FactorRule[]}
            change={props.change}
            problems={problems}
            disabled={row.pinned}
          />
        ) : (
          <Input {...props} id={id} described={described} value={value} />
        )}
        {isBad && (
          <p className="field-error" id={`${id}-error`}>
            {[...new Set(problems.map((problem) => describeProblem(problem, words)))].join(' ')}
          </p>
        )}
      </div>
      <p className="policy-clause" id={`${id}-about`}>
        {isChanged && (
          <span className="policy-was">
            {say('policy-page.was', { value: describeValue(path, valueAt(start, path), words).join(' ') })}
          </span>
        )}
        <Limits row={row} />
        <Clause row={row} />
        {row.pinned && (
          <Pill tone="calm" icon="password">
            {say('policy-page.pinned')}
          </Pill>
        )}
      </p>
    </div>
  );
};

interface InputProps extends PolicyFieldProps {
  readonly id: string;
  readonly described: string;
  readonly value: unknown;
}

const Input = ({ path, control, row, change, problems, id, described, value }: InputProps): ReactNode => {
  const { say, tryNamed } = useWords();
  const label = say(`policy-page.value.${path}`);
  const common = {
    id,
    disabled: row.pinned,
    'aria-invalid': problems.length > 0 || undefined,
    'aria-describedby': described,
  };
  switch (control.kind) {
    case 'number':
      return (
        <div className="field">
          <label htmlFor={id}>{label}</label>
          <span className="policy-number">
            <input
              {...common}
              type="number"
              inputMode="numeric"
              min={row.lowest}
              max={row.highest}
              step={1}
              value={Number.isInteger(value) ? String(value) : ''}
              // Nothing at all is no number: the server says so at this field.
              onChange={({ currentTarget }) => change(currentTarget.value === '' ? null : Number(currentTarget.value))}
            />
            <span aria-hidden="true">{say(`policy-page.unit.${control.unit}`)}</span>
          </span>
        </div>
      );
    case 'switch':
      return (
        <label className="check">
          <input
            {...common}
            type="checkbox"
            checked={value === true}
            onChange={({ currentTarget }) => change(currentTarget.checked)}
          />
          <span>{label}</span>
        </label>
      );
    case 'choice':
      return (
        <div className="field">
          <label htmlFor={id}>{label}</label>
          <select {...common} value={String(value)} onChange={({ currentTarget }) => change(currentTarget.value)}>
            {control.options.map((option) => (
              <option key={option} value={option}>
                {tryNamed(control.words, option)}
              </option>
            ))}
          </select>
        </div>
      );
    case 'set':
      return (
        <Checks
          legend={label}
          options={control.options.map((option) => [option, tryNamed(control.words, option) ?? option])}
          chosen={value as readonly string[]}
          change={change}
          disabled={row.pinned}
        />
      );
    default:
      return (
        <div className="field">
          <label htmlFor={id}>{label}</label>
          <input {...common} value={String(value)} onChange={({ currentTarget }) => change(currentTarget.value)} />
        </div>
      );
  }
};

interface ChecksProps {
  readonly legend: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly chosen: readonly string[];
  readonly change: (chosen: readonly string[]) => void;
  readonly disabled?: boolean;
}

/** Any of a few. */
export const Checks = ({ legend, options, chosen, change, disabled = false }: ChecksProps): ReactNode => (
  <fieldset className="policy-checks" disabled={disabled}>
    <legend>{legend}</legend>
    {options.map(([value, label]) => (
      <label key={value} className="check">
        <input
          type="checkbox"
          checked={chosen.includes(value)}
          onChange={() =>
            change(
              options
                .map(([one]) => one)
                .filter((one) => (one === value ? !chosen.includes(one) : chosen.includes(one))),
            )
          }
        />
        <span>{label}</span>
      </label>
    ))}
  </fieldset>
);
