import { type ReactNode, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { ApprovalAwaited } from './approval-awaited.tsx';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Notice } from './notice.tsx';
import { ShownOnce } from './shown-once.tsx';

const mayOpenConsole = (person: PersonSummary): boolean => person.roles.some((role) => role !== 'clinician');

/** A one-time link with which the person sets a password and TOTP of their own. */
export const Invite = ({
  person,
  close,
}: {
  readonly person: PersonSummary;
  readonly close: () => void;
}): ReactNode => {
  const { say } = useWords();
  const act = useAct('people/invite');
  const [made, setMade] = useState<Answer<'people/invite'>>();
  const make = async (): Promise<void> => setMade(await act.send({ params: { person: person.id }, body: {} }));
  return (
    <Dialog title={say('invite.for', { name: person.name })} close={close} mayClose={made === undefined && !act.busy}>
      {made === undefined ? (
        <>
          <p>{say('invite.lead')}</p>
          {!mayOpenConsole(person) && (
            <Notice look="warn">
              <p>{say('invite.no-role')}</p>
            </Notice>
          )}
          <ApprovalAwaited failure={act.failure} />
          <div className="dialog-actions">
            <Button onClick={close} disabled={act.busy}>
              {say('common.cancel')}
            </Button>
            <Button look="primary" busy={act.busy} onClick={() => void make()} autoFocus>
              {say('invite.make')}
            </Button>
          </div>
        </>
      ) : (
        <ShownOnce
          long
          label={say('invite.link')}
          text={`${location.origin}${location.pathname}#invitation=${encodeURIComponent(made.code)}`}
          expiresAt={made.expiresAt}
          close={close}
        />
      )}
    </Dialog>
  );
};
