import { type ReactNode, useState } from 'react';
import type { PasskeySummary, PersonSummary } from '#contract/api/people.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Consequences } from './consequences.tsx';
import { Dialog } from './dialog.tsx';
import { Done } from './done.tsx';
import { FailureNotice } from './notice.tsx';

interface RevokePasskeyProps {
  readonly passkey: PasskeySummary;
  readonly person: PersonSummary;
  readonly close: () => void;
}

/** An admin ends somebody's passkey. */
export const RevokePasskey = ({ passkey: { id, label }, person, close }: RevokePasskeyProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('passkeys/revoke');
  const [done, setDone] = useState(false);
  const about = { label, name: person.name };
  const revoke = async (): Promise<void> => {
    const answer = await act.send({ params: { person: person.id, passkey: id }, body: {} });
    if (answer !== undefined) setDone(true);
  };
  return (
    <Dialog title={say('passkey.revoke-title', about)} close={close} mayClose={!act.busy}>
      {done ? (
        <Done close={close}>{say('passkey.revoked', about)}</Done>
      ) : (
        <>
          <Consequences
            lines={[say('passkey.revoke-no-sign-in'), say('passkey.revoke-sessions'), say('passkey.revoke-for-ever')]}
          />
          <FailureNotice failure={act.failure} />
          <div className="dialog-actions">
            <Button onClick={close} disabled={act.busy} autoFocus>
              {say('common.cancel')}
            </Button>
            <Button look="danger" busy={act.busy} onClick={() => void revoke()}>
              {say('passkey.revoke-submit')}
            </Button>
          </div>
        </>
      )}
    </Dialog>
  );
};
