import { useCallback, useEffect, useRef, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { StoredEvent } from '#contract/audit.ts';
import type { Failure } from '#contract/errors.ts';
import type { Request } from '../api.ts';
import type { LogFilter } from './place.ts';
import { useConsole } from './use-console.ts';
import type { Data } from './use-data.ts';

const page = 50;

export interface Log {
  readonly data: Data<readonly StoredEvent[]>;
  readonly reload: () => void;
  /** The time that is shown, where the filter names one. */
  readonly range: Answer<'events/list'>['range'] | undefined;
  /** True while there may be older ones. */
  readonly more: boolean;
  readonly older: () => void;
  readonly busy: boolean;
  readonly olderFailure: Failure | undefined;
}

type Shown = Pick<Log, 'data' | 'range' | 'more'>;
const nothing: Shown = { data: { kind: 'loading' }, range: undefined, more: false };

/** Looking at the log is itself an event: changes within this time are fetched together. */
const gather = 400;

/** The newest events and, on request, older pages behind them. New ones join at the top. */
export const useLog = (filter: LogFilter & { readonly shows?: 'story' }): Log => {
  const { api, stream } = useConsole();
  const [{ data, more, range }, setShown] = useState<Shown>(nothing);
  const [busy, setBusy] = useState(false);
  const [olderFailure, setOlderFailure] = useState<Failure>();
  const turn = useRef(0);
  const asked = useRef(0);
  /** Up to here answers come too late: a newer one is shown. */
  const passed = useRef(0);
  const key = JSON.stringify(filter);

  const fetch = useCallback(
    (before?: string, unasked = false) => {
      const query = { ...(JSON.parse(key) as typeof filter), limit: page, ...(before === undefined ? {} : { before }) };
      return api.call('events/list', { query } as Request<'events/list'>, unasked);
    },
    [api, key],
  );
  const refresh = useCallback(
    async (fresh: boolean) => {
      const mine = turn.current;
      asked.current += 1;
      const number = asked.current;
      const reply = await fetch(undefined, !fresh);
      if (mine !== turn.current || number <= passed.current) return;
      if (!reply.ok) {
        const failed = { ...nothing, data: { kind: 'failed', failure: reply.failure } } as const;
        setShown((old) => (old.data.kind === 'ready' && !fresh ? old : failed));
        return;
      }
      passed.current = number;
      const { events: newest, range: time } = reply.value;
      setShown((old) => {
        // Of a day that is over nothing fits under what is of today.
        const before = !fresh && old.data.kind === 'ready' && old.range?.begins === time?.begins ? old.data.value : [];
        const have = new Set(newest.map((event) => event.id));
        const left = before.filter((event) => !have.has(event.id));
        // After a long gap the pages do not meet: start over rather than show a hole.
        const goesOn = before.length > left.length || (before.length > 0 && newest.length < page);
        return goesOn
          ? { data: { kind: 'ready', value: [...newest, ...left] }, more: old.more, range: time }
          : { data: { kind: 'ready', value: newest }, more: newest.length === page, range: time };
      });
    },
    [fetch],
  );
  const reload = useCallback(() => void refresh(true), [refresh]);

  useEffect(() => {
    turn.current += 1;
    setShown(nothing);
    setOlderFailure(undefined);
    void refresh(true);
    return () => {
      turn.current += 1;
    };
  }, [refresh]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = stream.listen((what) => {
      if (what !== 'events' && what !== 'hello') return;
      timer ??= setTimeout(() => {
        timer = undefined;
        void refresh(false);
      }, gather);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [stream, refresh]);

  const older = async (): Promise<void> => {
    const last = data.kind === 'ready' ? data.value.at(-1) : undefined;
    if (last === undefined || busy) return;
    const mine = turn.current;
    setBusy(true);
    const reply = await fetch(last.id);
    setBusy(false);
    if (mine !== turn.current) return;
    setOlderFailure(reply.ok ? undefined : reply.failure);
    if (!reply.ok) return;
    const { events } = reply.value;
    setShown((old) =>
      // What is shown was begun anew meanwhile: these do not join it.
      old.data.kind !== 'ready' || old.data.value.at(-1)?.id !== last.id
        ? old
        : { ...old, data: { kind: 'ready', value: [...old.data.value, ...events] }, more: events.length === page },
    );
  };
  return { data, reload, range, more, older: () => void older(), busy, olderFailure };
};
