import { type ReactNode, useEffect, useId, useRef } from 'react';

interface RadiosProps<Value extends string> {
  readonly legend: string;
  readonly options: readonly {
    readonly value: Value;
    readonly label: string;
    readonly hint?: string;
    readonly disabled?: boolean;
  }[];
  readonly value: Value | undefined;
  readonly change: (value: Value) => void;
  /** Takes the focus when it comes. */
  readonly first?: boolean;
}

/** One of a few, each with what it means. */
export const Radios = <Value extends string>({
  legend,
  options,
  value,
  change,
  first = false,
}: RadiosProps<Value>): ReactNode => {
  const name = useId();
  const fieldset = useRef<HTMLFieldSetElement>(null);
  useEffect(() => {
    const inputs = fieldset.current;
    if (first) (inputs?.querySelector<HTMLElement>(':checked') ?? inputs?.querySelector('input'))?.focus();
  }, [first]);
  return (
    <fieldset className="radios" ref={fieldset}>
      <legend>{legend}</legend>
      {options.map((option) => (
        <label key={option.value} className="check">
          <input
            type="radio"
            name={name}
            checked={value === option.value}
            disabled={option.disabled}
            onChange={() => change(option.value)}
            required
          />
          <span>
            {option.label}
            {option.hint !== undefined && <small>{option.hint}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
};
