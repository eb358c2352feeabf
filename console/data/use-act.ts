import { useCallback, useRef, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { Failure } from '#contract/errors.ts';
import type { Request } from '../api.ts';
import type { ConsoleRoute } from './routes.ts';
import { useConsole } from './use-console.ts';

export interface Act<Name extends ConsoleRoute> {
  readonly busy: boolean;
  readonly failure: Failure | undefined;
  /** Sends it once; a second press while it is on its way does nothing. */
  readonly send: (request: Request<Name>) => Promise<Answer<Name> | undefined>;
  readonly clear: () => void;
}

/** One deed of a page: whether it is on its way, and why it failed. */
export const useAct = <Name extends ConsoleRoute>(name: Name): Act<Name> => {
  const { api } = useConsole();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const running = useRef(false);
  const send = useCallback(
    async (request: Request<Name>) => {
      if (running.current) return undefined;
      running.current = true;
      setBusy(true);
      setFailure(undefined);
      const reply = await api.call(name, request);
      running.current = false;
      setBusy(false);
      if (reply.ok) return reply.value;
      setFailure(reply.failure);
      return undefined;
    },
    [api, name],
  );
  return { busy, failure, send, clear: useCallback(() => setFailure(undefined), []) };
};
