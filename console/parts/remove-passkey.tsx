import { type ReactNode, useState } from 'react';
import type { Proof } from '#contract/api/passkeys.ts';
import type { PasskeySummary } from '#contract/api/people.ts';
import type { Own } from '../data/own.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Consequences } from './consequences.tsx';
import { Dialog } from './dialog.tsx';
import { Done } from './done.tsx';
import { Prove } from './prove.tsx';

interface RemovePasskeyProps {
  readonly own: Own;
  readonly passkey: PasskeySummary;
  readonly close: () => void;
}

export const RemovePasskey = ({ own, passkey: { id, label }, close }: RemovePasskeyProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('passkeys/remove');
  const [done, setDone] = useState(false);
  const remove = async (proof: Proof): Promise<void> => {
    const answer = await act.send({ params: { passkey: id }, body: { proof } });
    if (answer !== undefined) setDone(true);
  };
  return (
    <Dialog title={say('passkey.remove-title', { label })} close={close} mayClose={!act.busy}>
      {done ? (
        <Done close={close}>{say('passkey.removed', { label })}</Done>
      ) : (
        <>
          <Consequences
            lines={[say('passkey.remove-no-sign-in'), say('passkey.remove-sessions'), say('passkey.remove-for-ever')]}
          />
          <Prove
            own={own}
            submit={say('passkey.remove')}
            look="danger"
            busy={act.busy}
            failure={act.failure}
            send={remove}
            close={close}
          />
        </>
      )}
    </Dialog>
  );
};
