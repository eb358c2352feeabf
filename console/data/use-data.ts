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

export interface Asked<Value> extends Loaded<Value> {
  /** False while what is there still answers an earlier request. */
  readonly isCurrent: boolean;
}

export interface Pace {
  /** Changes within so many milliseconds are fetched together. */
  readonly gather?: number;
  /** A change is asked for at once, those of the next so many milliseconds together after them. */
  readonly spacing?: number;
  /** Asked anew after so many milliseconds even if nothing is heard of: time itself changes it. */
  readonly every?: number;
}

/** Asks for a row, and again whenever the stream says that one of `changes` happened. `undefined` asks nothing. */
export const useData = <Name extends ConsoleRoute>(
  name: Name,
  request: Request<Name> | undefined,
  changes: readonly What[],
  { gather, spacing, every }: Pace = {},
): Asked<Answer<Name>> => {
  const { api, stream } = useConsole();
  const [shown, setShown] = useState<{ readonly of: string | undefined; readonly data: Data<Answer<Name>> }>({
    of: undefined,
    data: { kind: 'loading' },
  });
  const asked = useRef(0);
  /** Up to here answers come too late: a newer one is shown, or another thing is asked for. */
  const passed = useRef(0);
  const key = request === undefined ? undefined : JSON.stringify(request);
  const wanted = changes.join(' ');

  const ask = useCallback(
    (unasked: boolean) => {
      if (key === undefined) return;
      asked.current += 1;
      const mine = asked.current;
      void api.call(name, JSON.parse(key) as Request<Name>, unasked).then((reply) => {
        // One that is asked for later may be long in coming: where there is something new all the time, it always is.
        if (mine <= passed.current) return;
        // A value on the page stays there while the server cannot be reached: the header says so.
        if (!reply.ok)
          return setShown((old) =>
            old.of === key && old.data.kind === 'ready'
              ? old
              : { of: key, data: { kind: 'failed', failure: reply.failure } },
          );
        passed.current = mine;
        setShown({ of: key, data: { kind: 'ready', value: reply.value } });
      });
    },
    [api, name, key],
  );
  const reload = useCallback(() => ask(false), [ask]);

  useEffect(() => {
    reload();
    return () => {
      passed.current = asked.current;
    };
  }, [reload]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last = Number.NEGATIVE_INFINITY;
    const later = (wait: number): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        last = performance.now();
        ask(true);
      }, wait);
    };
    const stop = stream.listen((what) => {
      if (what !== 'hello' && !wanted.split(' ').includes(what)) return;
      if (gather !== undefined) later(gather);
      else if (spacing !== undefined) later(Math.max(0, last + spacing - performance.now()));
      else ask(true);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [stream, ask, wanted, gather, spacing]);
  useEffect(() => {
    if (every === undefined) return;
    const regular = setInterval(() => ask(true), every);
    return () => clearInterval(regular);
  }, [ask, every]);
  return { data: shown.data, reload, isCurrent: shown.of === key };
};
