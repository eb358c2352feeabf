import { type ReactNode, useState } from 'react';
import type { PasskeySummary } from '#contract/api/people.ts';
import { type Own, secretsWork } from '../data/own.ts';
import { hasPasskeys } from '../data/passkeys.ts';
import { useConsole, usePasskeysHere } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { AddPasskey } from '../parts/add-passkey.tsx';
import { Button } from '../parts/button.tsx';
import { FactorLine } from '../parts/factor-list.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { Notice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PasskeyList } from '../parts/passkey-list.tsx';
import { RemovePasskey } from '../parts/remove-passkey.tsx';
import { RenewSecrets } from '../parts/renew-secrets.tsx';

/** How one signs in oneself: password, authenticator and passkeys. */
export const OwnSignIn = (): ReactNode => {
  const { say } = useWords();
  const shown = useData('passkeys/list', {}, ['people']);
  return (
    <>
      <PageHead title={say('own.title')} lead={say('own.lead')} />
      <LoadedView loaded={shown}>{(own) => <Ways own={own} reload={shown.reload} />}</LoadedView>
    </>
  );
};

type Open =
  | { readonly kind: 'add' }
  | { readonly kind: 'renew' }
  | { readonly kind: 'remove'; readonly passkey: PasskeySummary };

const Ways = ({ own, reload }: { readonly own: Own; readonly reload: () => void }): ReactNode => {
  const [open, setOpen] = useState<Open>();
  const close = (): void => {
    setOpen(undefined);
    // What was proven meanwhile counts for the next deed.
    reload();
  };
  return (
    <>
      <div className="two-columns">
        <Passkeys
          own={own}
          add={() => setOpen({ kind: 'add' })}
          remove={(passkey) => setOpen({ kind: 'remove', passkey })}
        />
        <Secrets own={own} renew={() => setOpen({ kind: 'renew' })} />
      </div>
      {open?.kind === 'add' && <AddPasskey own={own} close={close} />}
      {open?.kind === 'renew' && <RenewSecrets own={own} close={close} />}
      {open?.kind === 'remove' && <RemovePasskey own={own} passkey={open.passkey} close={close} />}
    </>
  );
};

interface PasskeysProps {
  readonly own: Own;
  readonly add: () => void;
  readonly remove: (passkey: PasskeySummary) => void;
}

const Passkeys = ({ own, add, remove }: PasskeysProps): ReactNode => {
  const { say } = useWords();
  const { signedIn } = useConsole();
  const here = usePasskeysHere();
  const { passkeys } = own;
  const last = passkeys.length === 1 && !secretsWork(own);
  return (
    <section className="surface" aria-labelledby="passkeys">
      <div className="section-head">
        <h2 id="passkeys">{say('passkey.title')}</h2>
        {here && (
          <Button look={passkeys.length === 0 ? 'primary' : 'plain'} icon="plus" onClick={add}>
            {say('passkey.add')}
          </Button>
        )}
      </div>
      <p className="section-lead">{say('passkey.lead')}</p>
      {signedIn.terminal !== null && (
        <Notice look="info">
          <p>{say('passkey.not-here')}</p>
        </Notice>
      )}
      {signedIn.terminal === null && !hasPasskeys() && (
        <Notice look="info">
          <p>{say('passkey.no-browser')}</p>
        </Notice>
      )}
      {passkeys.length === 0 ? (
        <Empty icon="passkey" title={say('passkey.none')} />
      ) : (
        <PasskeyList passkeys={passkeys}>
          {(passkey) => (
            <Button
              look="danger"
              disabled={last}
              onClick={() => remove(passkey)}
              aria-label={say('passkey.remove-one', { label: passkey.label })}
            >
              {say('passkey.remove')}
            </Button>
          )}
        </PasskeyList>
      )}
      {last && <p className="hint">{say('passkey.last')}</p>}
    </section>
  );
};

const Secrets = ({ own, renew }: { readonly own: Own; readonly renew: () => void }): ReactNode => {
  const { say } = useWords();
  const disabled = own.factors.some((factor) => factor.state === 'disabled');
  return (
    <section className="surface" aria-labelledby="secrets">
      <div className="section-head">
        <h2 id="secrets">{say('own.secrets')}</h2>
        <Button look={disabled ? 'primary' : 'plain'} icon="password" onClick={renew}>
          {say('own.renew')}
        </Button>
      </div>
      <p className="section-lead">{say('own.secrets-hint')}</p>
      {disabled && (
        <Notice look="warn">
          <p>{say('own.secrets-disabled')}</p>
        </Notice>
      )}
      <ul className="lines">
        <FactorLine kind="password" factors={own.factors} />
        <FactorLine kind="totp" factors={own.factors} />
      </ul>
    </section>
  );
};
