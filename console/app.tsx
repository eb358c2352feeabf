import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { SignedIn } from '#contract/api/console.ts';
import type { Failure } from '#contract/errors.ts';
import type { Language } from '#contract/screen.ts';
import { createApi } from './api.ts';
import { useWords, WordsProvider, wordsIn } from './data/use-words.ts';
import { Invitation } from './pages/invitation.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { Button } from './parts/button.tsx';
import { Door } from './parts/door.tsx';
import { FailureNotice } from './parts/notice.tsx';
import { Shell } from './parts/shell.tsx';
import { languageOf } from './words.ts';

type Session =
  | { readonly kind: 'asking' }
  | { readonly kind: 'unknown'; readonly failure: Failure }
  | { readonly kind: 'invited'; readonly code: string }
  | { readonly kind: 'out'; readonly why: 'start' | 'ended' | 'signed-out' }
  | { readonly kind: 'in'; readonly signedIn: SignedIn };

const languageKey = 'kazasu.language';
const firstLanguage = (asked: Language | undefined): Language => {
  if (asked !== undefined) return asked;
  const kept = localStorage.getItem(languageKey);
  return kept === 'ja' || kept === 'en' ? kept : languageOf(navigator.languages);
};

interface AppProps {
  readonly invitation: string | undefined;
  /** What the terminal shows that opened this page; undefined in a browser. */
  readonly language: Language | undefined;
}

export const App = ({ invitation, language: shownHere }: AppProps): ReactNode => {
  const [language, setLanguage] = useState(() => firstLanguage(shownHere));
  const [session, setSession] = useState<Session>(
    invitation === undefined ? { kind: 'asking' } : { kind: 'invited', code: invitation },
  );
  const csrf = useRef('');

  const enter = useCallback((signedIn: SignedIn) => {
    csrf.current = signedIn.csrf;
    setSession({ kind: 'in', signedIn });
  }, []);
  const leave = useCallback((why: 'ended' | 'signed-out') => {
    csrf.current = '';
    setSession({ kind: 'out', why });
  }, []);
  const openInvitation = useCallback((code: string) => setSession({ kind: 'invited', code }), []);
  const api = useMemo(
    () =>
      createApi({
        fetch: (address, init) => fetch(address, init),
        csrf: () => csrf.current,
        onSignedOut: () => {
          csrf.current = '';
          setSession((old) => (old.kind === 'in' ? { kind: 'out', why: 'ended' } : old));
        },
      }),
    [],
  );
  const ask = useCallback(async () => {
    setSession({ kind: 'asking' });
    const reply = await api.call('console/me', {});
    if (reply.ok) return enter(reply.value);
    const { failure } = reply;
    setSession(failure.code === 'CONSOLE_SIGNED_OUT' ? { kind: 'out', why: 'start' } : { kind: 'unknown', failure });
  }, [api, enter]);

  const asked = useRef(false);
  useEffect(() => {
    if (asked.current || session.kind !== 'asking') return;
    asked.current = true;
    void ask();
  }, [ask, session.kind]);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const words = useMemo(
    () =>
      wordsIn(language, (chosen) => {
        localStorage.setItem(languageKey, chosen);
        setLanguage(chosen);
      }),
    [language],
  );

  return (
    <WordsProvider value={words}>
      {session.kind === 'asking' && <Asking />}
      {session.kind === 'unknown' && <Unreached failure={session.failure} again={ask} />}
      {session.kind === 'invited' && (
        <Invitation api={api} code={session.code} enter={enter} leave={() => void ask()} />
      )}
      {session.kind === 'out' && (
        <SignIn api={api} why={session.why} enter={enter} atTerminal={shownHere !== undefined} />
      )}
      {session.kind === 'in' && (
        <Shell
          key={session.signedIn.csrf}
          api={api}
          signedIn={session.signedIn}
          leave={leave}
          openInvitation={openInvitation}
        />
      )}
    </WordsProvider>
  );
};

const Asking = (): ReactNode => {
  const { say } = useWords();
  return (
    <Door title={say('common.loading')}>
      <div className="skeleton" role="status">
        <span className="bar" />
        <span className="bar" />
      </div>
    </Door>
  );
};

const Unreached = ({
  failure,
  again,
}: {
  readonly failure: Failure;
  readonly again: () => Promise<void>;
}): ReactNode => {
  const { say } = useWords();
  return (
    <Door title={say('door.unreached')}>
      <FailureNotice failure={failure} />
      <Button look="primary" onClick={() => void again()}>
        {say('common.try-again')}
      </Button>
    </Door>
  );
};
