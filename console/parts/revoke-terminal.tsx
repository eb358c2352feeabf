import type { ReactNode } from 'react';
import type { TerminalSummary } from '#contract/api/terminals.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Revoke } from './revoke.tsx';

export const RevokeTerminal = ({
  terminal,
  close,
}: {
  readonly terminal: TerminalSummary;
  readonly close: () => void;
}): ReactNode => {
  const { say } = useWords();
  const act = useAct('terminals/revoke');
  return (
    <Revoke
      title={say('revoke.terminal.title', { name: terminal.name })}
      doneTitle={say('revoke.terminal.done', { name: terminal.name })}
      consequences={[
        say('revoke.terminal.shut-out'),
        terminal.person === null
          ? say('revoke.terminal.nobody')
          : say('revoke.terminal.locks', { name: terminal.person.name }),
        say('revoke.terminal.for-ever'),
      ]}
      reasons={['terminal-lost', 'terminal-retired', 'suspicious']}
      submit={say('revoke.terminal.submit')}
      busy={act.busy}
      failure={act.failure}
      send={async (reason) => (await act.send({ params: { terminal: terminal.id }, body: { reason } }))?.revocation}
      close={close}
    />
  );
};
