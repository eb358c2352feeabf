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

/** Looking at the log is itself an event: changes within this time are fetched together. */
const gather = 400;

/** The newest events and, on request, older pages behind them. New ones join at the top. */
export const useLog = (filter: LogFilter): Log => {
  const { api, stream } = useConsole();
  const [data, setData] = useState<Data<readonly StoredEvent[]>>({ kind: 'loading' });
  const [more, setMore] = useState(false);
  const [range, setRange] = useState<Log['range']>();
  const [busy, setBusy] = useState(false);
  const [olderFailure, setOlderFailure] = useState<Failure>();
  const turn = useRef(0);
  const key = JSON.stringify(filter);

  const fetch = useCallback(
    (before?: string, unasked = false) => {
      const query = { ...(JSON.parse(key) as LogFilter), limit: page, ...(before === undefined ? {} : { before }) };
      return api.call('events/list', { query } as Request<'events/list'>, unasked);
    },
    [api, key],
  );
  const refresh = useCallback(
    async (fresh: boolean) => {
      const mine = turn.current;
      const reply = await fetch(undefined, !fresh);
      if (mine !== turn.current) return;
      if (!reply.ok) {
        setData((old) => (old.kind === 'ready' && !fresh ? old : { kind: 'failed', failure: reply.failure }));
        return;
      }
      const newest = reply.value.events;
      setRange(reply.value.range);
      if (fresh) setMore(newest.length === page);
      setData((old) => {
        if (fresh || old.kind !== 'ready') return { kind: 'ready', value: newest };
        const have = new Set(newest.map((event) => event.id));
        const overlaps = old.value.some((event) => have.has(event.id));
        // After a long gap the pages do not meet: start over rather than show a hole.
        if (!overlaps && newest.length === page) return { kind: 'ready', value: newest };
        return { kind: 'ready', value: [...newest, ...old.value.filter((event) => !have.has(event.id))] };
      });
    },
    [fetch],
  );
  const reload = useCallback(() => void refresh(true), [refresh]);

  useEffect(() => {
    turn.current += 1;
    setData({ kind: 'loading' });
    setRange(undefined);
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
    setMore(reply.value.events.length === page);
    setData((old) => (old.kind === 'ready' ? { kind: 'ready', value: [...old.value, ...reply.value.events] } : old));
  };
  return { data, reload, range, more, older: () => void older(), busy, olderFailure };
};
