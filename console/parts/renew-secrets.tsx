import type { ReactNode } from 'react';
import type { Proof } from '#contract/api/passkeys.ts';
import type { Own } from '../data/own.ts';
import { useAct } from '../data/use-act.ts';
import { useConsole } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { Dialog } from './dialog.tsx';
import { Prove } from './prove.tsx';

interface RenewSecretsProps {
  readonly own: Own;
  readonly close: () => void;
}

/** To a new password and authenticator, by the same page that a one-time link opens. */
export const RenewSecrets = ({ own, close }: RenewSecretsProps): ReactNode => {
  const { say } = useWords();
  const { openInvitation } = useConsole();
  const act = useAct('console/renew-secrets');
  const renew = async (proof: Proof): Promise<void> => {
    const made = await act.send({ body: { proof } });
    if (made !== undefined) openInvitation(made.code);
  };
  return (
    <Dialog title={say('own.renew-title')} close={close} mayClose={!act.busy}>
      <p>{say('own.renew-lead')}</p>
      <Prove own={own} submit={say('proof.next')} busy={act.busy} failure={act.failure} send={renew} close={close} />
    </Dialog>
  );
};
