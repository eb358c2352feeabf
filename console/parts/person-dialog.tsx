import type { ReactNode } from 'react';
import type { CardSummary, PasskeySummary, PersonPage } from '#contract/api/people.ts';
import { Ceremony } from './ceremony.tsx';
import { ChangePerson } from './change-person.tsx';
import { EndSession } from './end-session.tsx';
import type { Shown } from './factor-list.tsx';
import { Invite } from './invite.tsx';
import { IssueSubstitute } from './issue-substitute.tsx';
import { Resume } from './resume.tsx';
import { RevokeCard } from './revoke-card.tsx';
import { RevokeFactor } from './revoke-factor.tsx';
import { RevokePasskey } from './revoke-passkey.tsx';
import { Suspend } from './suspend.tsx';
import { TotpEnrolment } from './totp-enrolment.tsx';

/** What is open on a person's page. */
export type OpenDialog =
  | { readonly kind: 'ceremony'; readonly task: 'card' | 'pin' }
  | { readonly kind: 'totp' }
  | { readonly kind: 'substitute' }
  | { readonly kind: 'revoke'; readonly card: CardSummary }
  | { readonly kind: 'revoke-passkey'; readonly passkey: PasskeySummary }
  | { readonly kind: 'revoke-factor'; readonly factor: Shown }
  | { readonly kind: 'end-session'; readonly session: PersonPage['sessions'][number] }
  | { readonly kind: 'change' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'invite' };

interface PersonDialogProps {
  readonly open: OpenDialog;
  readonly page: PersonPage;
  readonly close: () => void;
}

export const PersonDialog = ({ open, page, close }: PersonDialogProps): ReactNode => {
  const { person, sessions } = page;
  return (
    <>
      {open.kind === 'ceremony' && (
        <Ceremony
          key={open.task}
          task={open.task}
          person={person}
          close={close}
          {...(open.task === 'card' ? { next: 'pin' as const } : {})}
        />
      )}
      {open.kind === 'substitute' && <IssueSubstitute page={page} close={close} />}
      {open.kind === 'totp' && <TotpEnrolment person={person} close={close} />}
      {open.kind === 'revoke' && <RevokeCard card={open.card} person={person} sessions={sessions} close={close} />}
      {open.kind === 'revoke-passkey' && <RevokePasskey passkey={open.passkey} person={person} close={close} />}
      {open.kind === 'revoke-factor' && (
        <RevokeFactor factor={open.factor} person={person} sessions={sessions} close={close} />
      )}
      {open.kind === 'end-session' && <EndSession session={open.session} person={person} close={close} />}
      {open.kind === 'change' && <ChangePerson person={person} close={close} />}
      {open.kind === 'resume' && <Resume person={person} close={close} />}
      {open.kind === 'suspend' && <Suspend person={person} sessions={sessions} close={close} />}
      {open.kind === 'invite' && <Invite person={person} close={close} />}
    </>
  );
};
