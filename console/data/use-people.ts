import { useCallback, useEffect, useRef, useState } from 'react';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import type { Failure } from '#contract/errors.ts';
import type { Reply, Request } from '../api.ts';
import { toCsv } from './csv.ts';
import { saveFile } from './save-file.ts';
import { useConsole } from './use-console.ts';
import type { Loaded } from './use-data.ts';
import { useData } from './use-data.ts';
import { useWords } from './use-words.ts';

export interface PeopleFilter {
  readonly search: string;
  readonly state: PersonSummary['state'] | '';
  readonly role: Role | '';
  readonly sort: 'changed' | 'number' | 'kana' | '';
}

const page = 50;

interface People {
  readonly loaded: Loaded<{ readonly people: readonly PersonSummary[]; readonly next: string | null }>;
  readonly more: () => void;
  readonly busy: boolean;
  readonly failure: Failure | undefined;
}

const queryOf = ({ search, state, role, sort }: PeopleFilter) => ({
  search,
  ...(state === '' ? {} : { state }),
  ...(role === '' ? {} : { role }),
  ...(sort === '' ? {} : { sort }),
});

/** The first page as it changes, and further ones on request behind it. */
export const usePeople = (filter: PeopleFilter): People => {
  const { api } = useConsole();
  const query = queryOf(filter);
  const first = useData('people/list', { query: { ...query, limit: page } }, ['people']);
  const [further, setFurther] = useState<{ readonly people: readonly PersonSummary[]; readonly next: string | null }>();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const begins = first.data.kind === 'ready' ? first.data.value : undefined;
  // Another first page: what came behind the old one may be on it now.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs for each new first page
  useEffect(() => {
    setFurther(undefined);
    setFailure(undefined);
  }, [begins]);
  const current = useRef(begins);
  current.current = begins;
  const next = further === undefined ? (begins?.next ?? null) : further.next;
  const more = async (): Promise<void> => {
    if (next === null || busy) return;
    setBusy(true);
    const reply = await api.call('people/list', { query: { ...query, limit: page, after: next } });
    setBusy(false);
    // Another list came meanwhile: what was asked for follows on the old one.
    if (current.current !== begins) return;
    if (!reply.ok) return setFailure(reply.failure);
    setFurther((old) => ({ people: [...(old?.people ?? []), ...reply.value.people], next: reply.value.next }));
  };
  const data =
    begins === undefined
      ? first.data
      : ({ kind: 'ready', value: { people: [...begins.people, ...(further?.people ?? [])], next } } as const);
  return { loaded: { data, reload: first.reload }, more: () => void more(), busy, failure };
};

export type Saving =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly count: number }
  | { readonly kind: 'saved'; readonly count: number; readonly name: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** Everybody whom the filter lets through, as a file for a spreadsheet. */
export const useSavePeople = (filter: PeopleFilter): { readonly state: Saving; readonly begin: () => void } => {
  const { api } = useConsole();
  const { say } = useWords();
  const [state, setState] = useState<Saving>({ kind: 'none' });
  const gone = useRef(false);
  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
    };
  }, []);
  const key = JSON.stringify(queryOf(filter));
  const begin = useCallback(async () => {
    const rows = [
      [say('person.number'), say('person.name'), say('person.kana'), say('person.roles'), say('common.state')],
    ];
    let after: string | null = null;
    do {
      setState({ kind: 'running', count: rows.length - 1 });
      const query: Request<'people/list'>['query'] = {
        ...(JSON.parse(key) as ReturnType<typeof queryOf>),
        limit: 200,
        ...(after === null ? {} : { after }),
      };
      const reply: Reply<'people/list'> = await api.call('people/list', { query });
      if (gone.current) return;
      if (!reply.ok) return setState({ kind: 'failed', failure: reply.failure });
      for (const { number, name, kana, roles, state: standing } of reply.value.people) {
        const named = roles.map((role) => say(`role.${role}`)).join(say('common.list-separator'));
        rows.push([number, name, kana, named, say(`person.state.${standing}`)]);
      }
      after = reply.value.next;
    } while (after !== null);
    const name = `kazasu-people-${rows.length - 1}.csv`;
    saveFile(name, new Blob([toCsv(rows)], { type: 'text/csv' }));
    setState({ kind: 'saved', count: rows.length - 1, name });
  }, [api, say, key]);
  return { state, begin: () => void begin() };
};
