import { type ReactNode, useEffect, useState } from 'react';
import type { TerminalSummary } from '#contract/api/terminals.ts';
import { findNamed } from '../data/fold.ts';
import { useConsole } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { Choice, Field } from './field.tsx';

const lastTerminalKey = 'kazasu.terminal';
/** More than these nobody wants to look through. */
const most = 20;

interface ChosenTerminal {
  /** Undefined while none is chosen, or the one that was is away. */
  readonly terminal: TerminalSummary | undefined;
  readonly choose: (id: string) => void;
}

/** The terminal at which something is to be done: this one, the one that was used last, or the only one there is. */
export const useTerminalChoice = (online: readonly TerminalSummary[]): ChosenTerminal => {
  const { signedIn } = useConsole();
  const [chosen, choose] = useState(signedIn.terminal ?? sessionStorage.getItem(lastTerminalKey) ?? undefined);
  const wanted = chosen ?? (online.length === 1 ? online[0]?.id : undefined);
  const terminal = online.find(({ id }) => id === wanted);
  useEffect(() => {
    if (terminal !== undefined) sessionStorage.setItem(lastTerminalKey, terminal.id);
  }, [terminal]);
  return { terminal, choose };
};

interface TerminalChoiceProps extends ChosenTerminal {
  readonly online: readonly TerminalSummary[];
}

export const TerminalChoice = ({ online, terminal, choose }: TerminalChoiceProps): ReactNode => {
  const { say } = useWords();
  const { signedIn } = useConsole();
  const [typed, setTyped] = useState('');
  // Stays while somebody types, though terminals go offline meanwhile.
  const [isSearched] = useState(online.length > most);
  const { found } = findNamed(online, isSearched ? typed : '');
  const search = (text: string): void => {
    setTyped(text);
    if (text.trim() === '') return;
    // Whoever searches does not mean the one that was used last, unless it is the one that is found.
    const { meant } = findNamed(online, text);
    choose(meant?.id ?? '');
  };
  return (
    <>
      {isSearched && (
        <>
          <Field type="search" label={say('ceremony.find-terminal')} value={typed} change={search} />
          <p className="hint" role="status">
            {typed.trim() !== '' &&
              (terminal === undefined
                ? say('ceremony.found-terminals', { count: found.length })
                : say('ceremony.terminal-chosen', { name: terminal.name }))}
          </p>
        </>
      )}
      <Choice
        label={say('ceremony.terminal')}
        value={terminal?.id ?? ''}
        change={choose}
        hint={say('ceremony.terminal-hint')}
      >
        <option value="">{say('ceremony.choose')}</option>
        {found.map((one) => (
          <option key={one.id} value={one.id}>
            {say('ceremony.option', {
              name: one.name,
              place: one.place,
              here: one.id === signedIn.terminal ? say('ceremony.here') : '',
            })}
          </option>
        ))}
      </Choice>
    </>
  );
};
