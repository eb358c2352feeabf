import { type ReactNode, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { CardSummary, PersonPage } from '#contract/api/people.ts';
import { fragmentOf } from '../data/place.ts';
import { useAct } from '../data/use-act.ts';
import { useAsked } from '../data/use-asked.ts';
import { useConsole, useMay } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { CardList } from '../parts/card-list.tsx';
import { Explanation } from '../parts/explanation.tsx';
import { FactorList, type Shown } from '../parts/factor-list.tsx';
import { Icon } from '../parts/icon.tsx';
import { LoadedView } from '../parts/loaded-view.tsx';
import { FailureNotice, Notice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PasskeyList } from '../parts/passkey-list.tsx';
import { type OpenDialog, PersonDialog } from '../parts/person-dialog.tsx';
import { PersonState } from '../parts/person-state.tsx';
import { PersonSubstitutes } from '../parts/person-substitutes.tsx';
import { SessionList } from '../parts/session-list.tsx';
import { Timeline } from '../parts/timeline.tsx';

interface PersonViewProps {
  readonly id: string;
  /** A refusal by whose support code somebody came here. */
  readonly explained?: Answer<'refusals/explain'>;
}

export const PersonView = ({ id, explained }: PersonViewProps): ReactNode => {
  const { say } = useWords();
  const shown = useData('people/show', { params: { person: id } }, ['people', 'terminals']);
  return (
    <>
      <a className="back" href={fragmentOf({ kind: 'people' })}>
        <Icon name="back" />
        {say('nav.people')}
      </a>
      <LoadedView loaded={shown} title={say('person.loading')}>
        {(page) => <Person page={page} explained={explained} />}
      </LoadedView>
    </>
  );
};

interface PersonProps {
  readonly page: PersonPage;
  readonly explained: PersonViewProps['explained'];
}

const Person = ({ page, explained }: PersonProps): ReactNode => {
  const { person, cards, factors, passkeys, sessions } = page;
  const { say } = useWords();
  const { signedIn } = useConsole();
  const may = useMay();
  const [open, setOpen] = useState<OpenDialog>();
  const close = (): void => setOpen(undefined);
  const own = signedIn.person.id === person.id;
  // The server lets helpdesk change the factors of clinicians alone.
  const powerful = person.roles.some((role) => role !== 'clinician') && !signedIn.person.roles.includes('admin');
  const mayHelp = !powerful && person.state === 'active';
  const mayEnrol = may('ceremonies/begin') && mayHelp;
  const asked = (kind: OpenDialog, offered: boolean): (() => void) | undefined =>
    offered ? () => setOpen(kind) : undefined;
  const hasCard = cards.some(({ state }) => state === 'active');
  useAsked(
    { kind: 'person', id: person.id },
    {
      card: asked({ kind: 'ceremony', task: 'card' }, mayEnrol),
      pin: asked({ kind: 'ceremony', task: 'pin' }, mayEnrol && hasCard),
      totp: asked({ kind: 'totp' }, mayEnrol),
      substitute: asked({ kind: 'substitute' }, mayHelp && !own && may('substitutes/issue')),
      change: asked({ kind: 'change' }, may('people/change') && !powerful),
      suspend: asked({ kind: 'suspend' }, may('people/suspend') && person.state === 'active' && !own),
    },
  );
  const activeCards = cards.filter((card) => card.state === 'active');
  return (
    <>
      <PageHead
        title={person.name}
        badge={<PersonState state={person.state} />}
        lead={[
          person.kana,
          say('person.number-is', { number: person.number }),
          person.roles.map((role) => say(`role.${role}`)).join(say('common.list-separator')),
        ]
          .filter((part) => part !== '')
          .join(' · ')}
        actions={
          <>
            {may('people/change') && !powerful && (
              <Button onClick={() => setOpen({ kind: 'change' })}>{say('change.title')}</Button>
            )}
            {may('people/resume') && person.state === 'suspended' && (
              <Button look="primary" onClick={() => setOpen({ kind: 'resume' })}>
                {say('resume.title')}
              </Button>
            )}
            {may('people/invite') && person.state === 'active' && !own && (
              <Button icon="password" onClick={() => setOpen({ kind: 'invite' })}>
                {say('invite.title')}
              </Button>
            )}
            {may('people/suspend') && person.state === 'active' && !own && (
              <Button look="danger" onClick={() => setOpen({ kind: 'suspend' })}>
                {say('suspend.title')}
              </Button>
            )}
          </>
        }
      />
      {explained !== undefined && <Explanation explained={explained} />}
      {person.state === 'suspended' && (
        <Notice look="warn">
          <p>{say('person.is-suspended')}</p>
        </Notice>
      )}
      {powerful && may('ceremonies/begin') && (
        <Notice look="info">
          <p>{say('person.powerful')}</p>
        </Notice>
      )}
      <Locked page={page} mayUnlock={may('people/unlock') && !own} />
      <div className="two-columns">
        <div className="stack">
          <section className="surface" aria-labelledby="cards">
            <div className="section-head">
              <h2 id="cards">{say('card.title')}</h2>
              {mayEnrol && (
                <Button
                  look={activeCards.length === 0 ? 'primary' : 'plain'}
                  icon="card"
                  onClick={() => setOpen({ kind: 'ceremony', task: 'card' })}
                >
                  {say('card.enrol')}
                </Button>
              )}
            </div>
            <CardList
              cards={cards}
              {...(may('cards/revoke') ? { revoke: (card: CardSummary) => setOpen({ kind: 'revoke', card }) } : {})}
            />
          </section>
          <PersonSubstitutes page={page} mayGive={mayHelp && !own} />
          <SessionList
            sessions={sessions}
            {...(may('sessions/revoke')
              ? { end: (session: PersonPage['sessions'][number]) => setOpen({ kind: 'end-session', session }) }
              : {})}
          />
        </div>
        <div className="stack">
          <section className="surface" aria-labelledby="factors">
            <div className="section-head">
              <h2 id="factors">{say('factor.title')}</h2>
            </div>
            <FactorList
              factors={factors}
              mayEnrol={mayEnrol}
              hasCard={activeCards.length > 0}
              setPin={() => setOpen({ kind: 'ceremony', task: 'pin' })}
              setTotp={() => setOpen({ kind: 'totp' })}
              {...(may('people/revoke-factor') && !own && !powerful
                ? { revoke: (factor: Shown) => setOpen({ kind: 'revoke-factor', factor }) }
                : {})}
            />
          </section>
          {passkeys.length > 0 && (
            <section className="surface" aria-labelledby="passkeys">
              <div className="section-head">
                <h2 id="passkeys">{say('passkey.title')}</h2>
              </div>
              <PasskeyList passkeys={passkeys}>
                {(passkey) =>
                  may('passkeys/revoke') &&
                  !own &&
                  !powerful && (
                    <Button
                      look="danger"
                      onClick={() => setOpen({ kind: 'revoke-passkey', passkey })}
                      aria-label={say('passkey.revoke-one', { label: passkey.label, name: person.name })}
                    >
                      {say('passkey.revoke')}
                    </Button>
                  )
                }
              </PasskeyList>
            </section>
          )}
          {may('events/list') && <Timeline person={person.id} />}
        </div>
      </div>
      {open !== undefined && <PersonDialog open={open} page={page} close={close} />}
    </>
  );
};

const Locked = ({ page, mayUnlock }: { readonly page: PersonPage; readonly mayUnlock: boolean }): ReactNode => {
  const { say } = useWords();
  const unlock = useAct('people/unlock');
  const locked = page.factors.filter((factor) => factor.state === 'locked');
  if (locked.length === 0) return null;
  return (
    <>
      <Notice look="warn">
        <p>
          {say('factor.locked-notice', {
            factors: locked.map((factor) => say(`factor.${factor.kind}`)).join(say('common.list-separator')),
          })}
        </p>
        {mayUnlock && (
          <Button busy={unlock.busy} onClick={() => void unlock.send({ params: { person: page.person.id }, body: {} })}>
            {say('factor.unlock')}
          </Button>
        )}
      </Notice>
      <FailureNotice failure={unlock.failure} />
    </>
  );
};
