import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { SignedIn } from '#contract/api/console.ts';
import type { Api } from '../api.ts';
import { type ListFilter, type Place, parsePlace } from '../data/place.ts';
import type { Room } from '../data/rooms.ts';
import { may } from '../data/routes.ts';
import { createStream, type Stream } from '../data/stream.ts';
import { useFragment } from '../data/use-asked.ts';
import { type Console, ConsoleProvider, useStreamState } from '../data/use-console.ts';
import { usePresence } from '../data/use-presence.ts';
import { useWords } from '../data/use-words.ts';
import { Accounts } from '../pages/accounts.tsx';
import { Approvals } from '../pages/approvals.tsx';
import { Backups } from '../pages/backups.tsx';
import { CardAuthorities } from '../pages/card-authorities.tsx';
import { CardQueuePage } from '../pages/card-queue.tsx';
import { Cards } from '../pages/cards.tsx';
import { ChecklistPage } from '../pages/checklist.tsx';
import { Directory } from '../pages/directory.tsx';
import { EmergencyCodes } from '../pages/emergency-codes.tsx';
import { EventProof } from '../pages/event-proof.tsx';
import { Help } from '../pages/help.tsx';
import { Import } from '../pages/import.tsx';
import { Keys } from '../pages/keys.tsx';
import { LoanCards } from '../pages/loan-cards.tsx';
import { Log } from '../pages/log.tsx';
import { OverviewPage } from '../pages/overview.tsx';
import { OwnSignIn } from '../pages/own-sign-in.tsx';
import { People } from '../pages/people.tsx';
import { PeriodicReviewPage } from '../pages/periodic-review.tsx';
import { PeriodicReviews } from '../pages/periodic-reviews.tsx';
import { PersonView } from '../pages/person.tsx';
import { PolicyPage } from '../pages/policy.tsx';
import { Proof } from '../pages/proof.tsx';
import { Refusal } from '../pages/refusal.tsx';
import { ReportPage } from '../pages/report.tsx';
import { Reviews } from '../pages/reviews.tsx';
import { Revocations } from '../pages/revocations.tsx';
import { Speeds } from '../pages/speeds.tsx';
import { Terminals } from '../pages/terminals.tsx';
import { Menu } from './menu.tsx';
import { Notice } from './notice.tsx';
import { Palette } from './palette.tsx';

const rooms = [
  { place: { kind: 'overview' }, needs: 'overview/show', icon: 'chart', word: 'nav.overview' },
  { place: { kind: 'people' }, needs: 'people/list', icon: 'people', word: 'nav.people' },
  { place: { kind: 'cards' }, needs: 'cards/list', icon: 'card', word: 'nav.cards' },
  { place: { kind: 'loan-cards' }, needs: 'loan-cards/list', icon: 'lend', word: 'nav.loan-cards' },
  { place: { kind: 'terminals' }, needs: 'terminals/list', icon: 'terminal', word: 'nav.terminals' },
  { place: { kind: 'revocations' }, needs: 'revocations/list', icon: 'shield', word: 'nav.revocations' },
  { place: { kind: 'approvals' }, needs: 'approvals/list', icon: 'check', word: 'nav.approvals' },
  { place: { kind: 'emergency-codes' }, needs: 'emergency-codes/list', icon: 'password', word: 'nav.emergency-codes' },
  { place: { kind: 'reviews' }, needs: 'reviews/list', icon: 'warning', word: 'nav.reviews' },
  { place: { kind: 'periodic-reviews' }, needs: 'periodic-reviews/list', icon: 'check', word: 'nav.periodic-reviews' },
  { place: { kind: 'checklist' }, needs: 'checklist/show', icon: 'log', word: 'nav.checklist' },
  { place: { kind: 'accounts', filter: {} }, needs: 'accounts/list', icon: 'people', word: 'nav.accounts' },
  { place: { kind: 'policy' }, needs: 'policies/plan', icon: 'shield', word: 'nav.policy' },
  { place: { kind: 'directory' }, needs: 'directory-clients/list', icon: 'copy', word: 'nav.directory' },
  { place: { kind: 'card-authorities' }, needs: 'card-authorities/list', icon: 'card', word: 'nav.card-authorities' },
  { place: { kind: 'log', filter: {} }, needs: 'events/list', icon: 'log', word: 'nav.log' },
  { place: { kind: 'report', period: {} }, needs: 'reports/show', icon: 'report', word: 'nav.report' },
  { place: { kind: 'proof' }, needs: 'log/show', icon: 'shield', word: 'nav.proof' },
  { place: { kind: 'keys' }, needs: 'keys/show', icon: 'passkey', word: 'nav.keys' },
  { place: { kind: 'backups' }, needs: 'backups/list', icon: 'archive', word: 'nav.backups' },
] as const satisfies readonly Room[];

interface ShellProps {
  readonly api: Api;
  readonly signedIn: SignedIn;
  readonly leave: (why: 'ended' | 'signed-out') => void;
  readonly openInvitation: (code: string) => void;
}

export const Shell = ({ api, signedIn, leave, openInvitation }: ShellProps): ReactNode => {
  usePresence(api);
  const stream = useStream(api);
  const fragment = useFragment();
  const { roles } = signedIn.person;
  const open = rooms.filter((room) => may(roles, room.needs));
  const asked = parsePlace(fragment);
  const allowed =
    asked !== undefined &&
    (asked.kind === 'sign-in' || asked.kind === 'help' || open.some((room) => room.place.kind === roomOf(asked)));
  const place = allowed ? asked : open[0]?.place;
  const console = useMemo<Console | undefined>(
    () => stream && { api, stream, signedIn, openInvitation },
    [api, stream, signedIn, openInvitation],
  );
  const signOut = async (): Promise<void> => {
    await api.call('console/sign-out', { body: {} });
    leave('signed-out');
  };
  const [searching, setSearching] = useState(false);
  useEnd(signedIn.endsAt, api);
  useShortcut(() => setSearching(true));
  if (console === undefined || place === undefined) return null;
  return (
    <ConsoleProvider value={console}>
      <div className="shell">
        <SkipLink />
        <Menu
          signedIn={signedIn}
          signOut={() => void signOut()}
          rooms={open}
          here={roomOf(place)}
          search={() => setSearching(true)}
        />
        <main className="page" id="page">
          <LineState />
          <Page key={'id' in place ? place.id : 'code' in place ? place.code : place.kind} place={place} />
        </main>
        {searching && <Palette rooms={open} close={() => setSearching(false)} signOut={() => void signOut()} />}
      </div>
    </ConsoleProvider>
  );
};

const roomOf = (place: Place): Place['kind'] => {
  switch (place.kind) {
    case 'speeds':
      return 'overview';
    case 'person':
    case 'refusal':
    case 'import':
    case 'card-queue':
      return 'people';
    case 'periodic-review':
      return 'periodic-reviews';
    case 'event-proof':
      return 'proof';
    default:
      return place.kind;
  }
};

const none: ListFilter = {};

const Page = ({ place }: { readonly place: Place }): ReactNode => {
  switch (place.kind) {
    case 'overview':
      return <OverviewPage />;
    case 'speeds':
      return <Speeds />;
    case 'report':
      return <ReportPage period={place.period} />;
    case 'people':
      return <People filter={place.filter ?? none} />;
    case 'person':
      return <PersonView id={place.id} />;
    case 'refusal':
      return <Refusal code={place.code} />;
    case 'import':
      return <Import />;
    case 'card-queue':
      return <CardQueuePage filter={place.filter} />;
    case 'directory':
      return <Directory />;
    case 'card-authorities':
      return <CardAuthorities />;
    case 'cards':
      return <Cards filter={place.filter ?? none} />;
    case 'loan-cards':
      return <LoanCards filter={place.filter ?? none} />;
    case 'terminals':
      return <Terminals filter={place.filter ?? none} />;
    case 'revocations':
      return <Revocations filter={place.filter ?? none} />;
    case 'approvals':
      return <Approvals filter={place.filter ?? none} />;
    case 'emergency-codes':
      return <EmergencyCodes filter={place.filter ?? none} />;
    case 'periodic-reviews':
      return <PeriodicReviews filter={place.filter ?? none} />;
    case 'periodic-review':
      return <PeriodicReviewPage id={place.id} />;
    case 'checklist':
      return <ChecklistPage />;
    case 'accounts':
      return <Accounts filter={place.filter} />;
    case 'policy':
      return <PolicyPage />;
    case 'reviews':
      return <Reviews filter={place.filter ?? none} />;
    case 'log':
      return <Log filter={place.filter} />;
    case 'proof':
      return <Proof />;
    case 'event-proof':
      return <EventProof id={place.id} />;
    case 'backups':
      return <Backups filter={place.filter ?? none} />;
    case 'keys':
      return <Keys />;
    case 'help':
      return <Help />;
    case 'sign-in':
      return <OwnSignIn />;
  }
};

const useStream = (api: Api): Stream | undefined => {
  const [stream, setStream] = useState<Stream>();
  useEffect(() => {
    const own = createStream({
      open: () => new EventSource('/v1/console/stream'),
      // Answers CONSOLE_SIGNED_OUT when the session is gone, which ends it here too.
      onEnded: () => void api.call('console/me', {}),
      later: (run, milliseconds) => {
        const timer = setTimeout(run, milliseconds);
        return () => clearTimeout(timer);
      },
    });
    setStream(own);
    return () => own.stop();
  }, [api]);
  return stream;
};

/** Asks the server once the session should have ended: it answers that nobody is signed in. */
const useEnd = (endsAt: string, api: Api): void => {
  const check = useCallback(() => void api.call('console/me', {}), [api]);
  useEffect(() => {
    const timer = setTimeout(check, Math.min(Math.max(Date.parse(endsAt) - Date.now() + 500, 0), 2 ** 31 - 1));
    return () => clearTimeout(timer);
  }, [endsAt, check]);
};

/** Ctrl+K, or ⌘K; not over a dialog, which is to be seen to its end. */
const useShortcut = (open: () => void): void => {
  const latest = useRef(open);
  latest.current = open;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey)
        return;
      event.preventDefault();
      if (document.querySelector('dialog[open]') === null) latest.current();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
};

const SkipLink = (): ReactNode => {
  const { say } = useWords();
  const jump = (): void => document.querySelector<HTMLElement>('#page h1')?.focus();
  return (
    <button type="button" className="skip" onClick={jump}>
      {say('nav.skip')}
    </button>
  );
};

const onLine = (listener: () => void): (() => void) => {
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => {
    removeEventListener('online', listener);
    removeEventListener('offline', listener);
  };
};

/** Says when what is shown may be old. Waits a moment: a line that returns at once is nobody's worry. */
const LineState = (): ReactNode => {
  const { say } = useWords();
  const state = useStreamState();
  const online = useSyncExternalStore(onLine, () => navigator.onLine);
  const [late, setLate] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (state !== 'lost') {
      setLate(false);
      return;
    }
    timer.current = setTimeout(() => setLate(true), 1500);
    return () => clearTimeout(timer.current);
  }, [state]);
  return (
    <div className="line-state" role="status">
      {(late || !online) && (
        <Notice look="warn">
          <p>{say(online ? 'nav.line-lost' : 'nav.offline')}</p>
        </Notice>
      )}
    </div>
  );
};
