import { useCallback, useEffect, useRef, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { Failure } from '#contract/errors.ts';
import type { Request } from '../api.ts';
import type { ConsoleRoute } from './routes.ts';
import type { What } from './stream.ts';
import { useConsole } from './use-console.ts';

/** What a page has of the server: nothing yet, a failure, or a value that stays while a newer one is on its way. */
export type Data<Value> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'ready'; readonly value: Value };

export interface Loaded<Value> {
  readonly data: Data<Value>;
  readonly reload: () => void;
}

export interface Pace {
  /** Changes within so many milliseconds are fetched together. */
  readonly gather?: number;
  /** Asked anew after so many milliseconds even if nothing is heard of: time itself changes it. */
  readonly every?: number;
}

/** Asks for a row, and again whenever the stream says that one of `changes` happened. `undefined` asks nothing. */
export const useData = <Name extends ConsoleRoute>(
  name: Name,
  request: Request<Name> | undefined,
  changes: readonly What[],
  { gather, every }: Pace = {},
): Loaded<Answer<Name>> => {
  const { api, stream } = useConsole();
  const [data, setData] = useState<Data<Answer<Name>>>({ kind: 'loading' });
  const asked = useRef(0);
  const shown = useRef('');
  const key = request === undefined ? undefined : JSON.stringify(request);
  const wanted = changes.join(' ');

  const ask = useCallback(
    (unasked: boolean) => {
      if (key === undefined) return;
      asked.current += 1;
      const mine = asked.current;
      void api.call(name, JSON.parse(key) as Request<Name>, unasked).then((reply) => {
        if (mine !== asked.current) return;
        const fresh = shown.current !== key;
        shown.current = key;
        if (reply.ok) setData({ kind: 'ready', value: reply.value });
        // A value on the page stays there while the server cannot be reached: the header says so.
        else setData((old) => (old.kind === 'ready' && !fresh ? old : { kind: 'failed', failure: reply.failure }));
      });
    },
    [api, name, key],
  );
  const reload = useCallback(() => ask(false), [ask]);

  useEffect(() => {
    reload();
    return () => {
      asked.current += 1;
    };
  }, [reload]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const later = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        ask(true);
      }, gather);
    };
    const stop = stream.listen((what) => {
      if (what !== 'hello' && !wanted.split(' ').includes(what)) return;
      if (gather === undefined) ask(true);
      else later();
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [stream, ask, wanted, gather]);
  useEffect(() => {
    if (every === undefined) return;
    const regular = setInterval(() => ask(true), every);
    return () => clearInterval(regular);
  }, [ask, every]);
  return { data, reload };
};
