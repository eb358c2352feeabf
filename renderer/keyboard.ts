import { useEffect } from 'react';
import type { Key } from '#contract/screen.ts';
import { call } from './agent.ts';

/** Digits of any width; where an input method holds the key back, the place of the key on the board. */
const digitOf = (event: KeyboardEvent): string | undefined =>
  /^[0-9]$/.exec(event.key.normalize('NFKC'))?.[0] ??
  (event.key === 'Process' ? /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1] : undefined);

const others: ReadonlyMap<string, Key> = new Map([
  ['Backspace', 'back'],
  ['Delete', 'clear'],
  ['Enter', 'enter'],
]);

/** The key of the pad that a key of the board stands for. */
export const keyOf = (event: KeyboardEvent): Key | undefined =>
  event.ctrlKey || event.altKey || event.metaKey
    ? undefined
    : ((digitOf(event) as Key | undefined) ?? others.get(event.key));

const isOnButton = (event: KeyboardEvent): boolean => event.target instanceof HTMLButtonElement;

/** The keyboard does what the pad does: digits, Backspace, Delete, Enter; Escape cancels. */
export const useKeyboard = (active: boolean, mayCancel: boolean): void => {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && mayCancel && !event.repeat) return call('login/cancel', {});
      const key = active ? keyOf(event) : undefined;
      if (key === undefined || (key === 'enter' && isOnButton(event))) return;
      event.preventDefault();
      if (!event.repeat || key === 'back') call('login/press', { key });
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [active, mayCancel]);
};
