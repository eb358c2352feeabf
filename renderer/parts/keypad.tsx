import type { PointerEvent } from 'react';
import type { Key } from '#contract/screen.ts';
import { call } from '../agent.ts';
import type { Words } from '../words.ts';
import { Icon } from './icon.tsx';

const digits: readonly Key[] = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];

interface PadKeyProps {
  readonly value: Key;
  readonly disabled: boolean;
  readonly label?: string;
  readonly children: React.ReactNode;
}

/** Acts on touch, as a keyboard does, and takes no focus by it; a switch or screen reader clicks it without a pointer. */
const PadKey = ({ value, disabled, label, children }: PadKeyProps) => {
  const press = (): void => call('login/press', { key: value });
  const touch = (event: PointerEvent): void => {
    event.preventDefault();
    if (event.button === 0 && !disabled) press();
  };
  return (
    <button
      type="button"
      className={`pad-key key-${value}`}
      aria-label={label}
      aria-disabled={disabled}
      onMouseDown={(event) => event.preventDefault()}
      onPointerDown={touch}
      onClick={(event) => {
        if (event.detail === 0 && !disabled) press();
      }}
    >
      {children}
    </button>
  );
};

/** Ten digits in the order of a telephone, for gloved fingers. It holds nothing: each press goes to the guard. */
export const Keypad = ({ words, disabled }: { readonly words: Words; readonly disabled: boolean }) => (
  // biome-ignore lint/a11y/useSemanticElements: a fieldset would announce a form that does not exist
  <div className="pad" role="group" aria-label={words.keypad.label}>
    {digits.map((digit) => (
      <PadKey key={digit} value={digit} disabled={disabled}>
        {digit}
      </PadKey>
    ))}
    <PadKey value="back" disabled={disabled} label={words.keypad.back}>
      <Icon name="back" />
    </PadKey>
    <PadKey value="0" disabled={disabled}>
      0
    </PadKey>
    <PadKey value="enter" disabled={disabled}>
      {words.keypad.enter}
    </PadKey>
  </div>
);
