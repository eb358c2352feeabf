import { type ReactNode, useState } from 'react';
import type { TerminalSummary } from '#contract/api/terminals.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { FailureNotice, Notice } from './notice.tsx';
import { Revoke } from './revoke.tsx';

/** Puts a terminal out of use for now, and takes that back where it was the wrong one. */
export const DisableTerminal = ({
  terminal,
  close,
}: {
  readonly terminal: TerminalSummary;
  readonly close: () => void;
}): ReactNode => {
  const { say } = useWords();
  const act = useAct('terminals/disable');
  const back = useAct('terminals/enable');
  const [isBack, setIsBack] = useState(false);
  const { id, name, person } = terminal;
  const undo = async (): Promise<void> => {
    const answer = await back.send({ params: { terminal: id }, body: { reason: 'undone' } });
    if (answer !== undefined) setIsBack(true);
  };
  return (
    <Revoke
      title={say('disable.title', { name })}
      doneTitle={say('disable.done', { name })}
      consequences={[
        say('disable.no-login'),
        person === null ? say('revoke.terminal.nobody') : say('revoke.terminal.locks', { name: person.name }),
        say('disable.offline'),
        say('disable.way-back'),
      ]}
      reasons={['terminal-repair', 'terminal-moved', 'suspicious']}
      submit={say('disable.submit')}
      busy={act.busy}
      failure={act.failure}
      send={async (reason) => (await act.send({ params: { terminal: id }, body: { reason } }))?.revocation}
      close={close}
      after={
        isBack ? (
          <Notice look="good">
            <p>{say('disable.undone', { name })}</p>
          </Notice>
        ) : (
          <>
            <FailureNotice failure={back.failure} />
            <Button icon="back" busy={back.busy} onClick={() => void undo()}>
              {say('disable.undo')}
            </Button>
          </>
        )
      }
    />
  );
};
