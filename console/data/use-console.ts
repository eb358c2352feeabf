import { createContext, useCallback, useContext, useSyncExternalStore } from 'react';
import type { SignedIn } from '#contract/api/console.ts';
import type { Api } from '../api.ts';
import { hasPasskeys } from './passkeys.ts';
import { type ConsoleRoute, may } from './routes.ts';
import type { Stream, StreamState } from './stream.ts';

/** What every page of a signed-in person has at hand. */
export interface Console {
  readonly api: Api;
  readonly stream: Stream;
  readonly signedIn: SignedIn;
  /** Opens a one-time link of one's own, in the place of the console. */
  readonly openInvitation: (code: string) => void;
}

const context = createContext<Console | undefined>(undefined);
export const ConsoleProvider = context.Provider;

export const useConsole = (): Console => {
  const found = useContext(context);
  if (found === undefined) throw new Error('a page of the console stands outside of its provider');
  return found;
};

/** The hospital's time zone; undefined where nobody is signed in. */
export const useZone = (): string | undefined => useContext(context)?.signedIn.timeZone;

export const useMay = (): ((name: ConsoleRoute) => boolean) => {
  const { roles } = useConsole().signedIn.person;
  return useCallback((name) => may(roles, name), [roles]);
};

/** Whether a passkey can be used or made here: the window of a terminal has none. */
export const usePasskeysHere = (): boolean => useConsole().signedIn.terminal === null && hasPasskeys();

/** Has everything on the page ask the server anew; undefined where nobody is signed in. */
export const useRefresh = (): (() => void) | undefined => useContext(context)?.stream.refresh;

export const useStreamState = (): StreamState => {
  const { stream } = useConsole();
  return useSyncExternalStore(stream.watch, stream.state);
};
