import { useEffect, useRef } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Failure } from '#contract/errors.ts';
import type { Request } from '../api.ts';
import { fragmentOf, parsePlace, type QueuePlace } from './place.ts';
import { useData } from './use-data.ts';
import { type Listing, useListing } from './use-listing.ts';

type People = Answer<'people/list'>;
const peopleOf = ({ people }: People): readonly PersonSummary[] => people;
const idsIn = (list: string | undefined): readonly string[] => (list === undefined ? [] : list.split(','));
const live = { spacing: 500 };

/** So many can be set aside: the address holds them. */
export const mostAside = 150;

/** Changes where a queue stands, as its address says it at this moment. */
const move = (part: QueuePlace): void => {
  const place = parsePlace(location.hash);
  if (place?.kind !== 'card-queue') return;
  const filter = { ...place.filter, ...part };
  location.replace(fragmentOf({ kind: 'card-queue', filter }));
};

export interface CardQueue {
  /** Who waits, in the order of the queue: those set aside among them. */
  readonly waiting: Listing<PersonSummary, People>;
  /** Without those set aside. */
  readonly left: number;
  /** Who got a card since it began, the last ones first, and how many there are. */
  readonly done: People | undefined;
  readonly aside: readonly PersonSummary[];
  readonly asideCount: number;
  /** Whose turn it is; undefined while that is not known, or when nobody is left. */
  readonly turn: PersonSummary | undefined;
  /** Got a card elsewhere, or must not get one any more, while it was their turn. */
  readonly isGone: boolean;
  readonly isOver: boolean;
  /** Why a part of it cannot be told. */
  readonly failure: Failure | undefined;
  readonly move: typeof move;
  /** The turn is over; the next one has theirs. */
  readonly goOn: () => void;
  readonly setAside: () => void;
  readonly putBack: (ids: readonly string[]) => void;
  /** Out of order: they stand there now. */
  readonly call: (person: PersonSummary) => void;
}

/** What an address holds is the server's to judge. */
export const queryOf = (given: Readonly<Record<string, string | number | undefined>>): Request<'people/list'> =>
  ({ query: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) }) as never;

/** What narrows the people to those of a queue. */
export const chosenOf = ({ search, role, ids, addedAt }: QueuePlace) => ({ search, role, ids, addedAt });

/**
 * A queue for cards. Nothing of it is kept but what its address holds: who waits is who has no card, who is done is who got
 * one since it began. So it is the same after a reload, and at another desk.
 */
export const useCardQueue = (filter: QueuePlace): CardQueue => {
  const chosen = chosenOf(filter);
  const sort = filter.sort === 'kana' ? 'kana' : 'number';
  const waiting = useListing({
    name: 'people/list',
    query: { ...chosen, cards: 'wanted', sort },
    steady: 'number',
    changes: ['people'],
    itemsOf: peopleOf,
  });
  const { data } = waiting.loaded;
  const at = data.kind === 'ready' ? data.value.at : undefined;
  const { since, turn: turnId } = filter;
  useEffect(() => {
    if (since === undefined && at !== undefined) move({ since: at });
  }, [since, at]);

  const given = { ...chosen, enrolledSince: since, sort: 'changed', limit: 50 };
  const done = useData('people/list', since === undefined ? undefined : queryOf(given), ['people'], live);
  const asideIds = idsIn(filter.aside);
  const named = [...(turnId === undefined ? [] : [turnId]), ...asideIds].join(',');
  const byId = useData('people/list', named === '' ? undefined : queryOf({ ids: named, cards: 'wanted', limit: 200 }), [
    'people',
  ]);
  const known = byId.isCurrent && byId.data.kind === 'ready' ? byId.data.value.people : undefined;

  /** Whose turn is over here: the list may not know it yet. */
  const over = useRef(new Set<string>());
  const passed = new Set(asideIds);
  const next = waiting.items.find(({ id }) => !passed.has(id) && !over.current.has(id) && id !== turnId);
  const hasMore = waiting.more !== undefined;
  const isStuck = waiting.busy || waiting.failure !== undefined;
  useEffect(() => {
    if (turnId !== undefined || at === undefined) return;
    if (next !== undefined) move({ turn: next.id });
    else if (!isStuck) waiting.more?.();
  }, [turnId, at, next, isStuck, waiting.more]);

  const last = useRef<PersonSummary>(undefined);
  const isAmong = (people: readonly PersonSummary[] | undefined) => people?.find(({ id }) => id === turnId);
  const found = turnId === undefined ? undefined : (isAmong(known) ?? isAmong(waiting.items));
  if (found !== undefined) last.current = found;
  const turn = found ?? (last.current?.id === turnId ? last.current : undefined);
  const aside = byId.data.kind === 'ready' ? byId.data.value.people.filter(({ id }) => passed.has(id)) : [];
  const asideCount = known === undefined ? asideIds.length : aside.length;
  const isGone = turnId !== undefined && known !== undefined && isAmong(known) === undefined;
  const isForgotten = isGone && turn === undefined;
  // The address is of before: nobody has seen on this page whose turn it was.
  useEffect(() => {
    if (isForgotten) move({ turn: undefined });
  }, [isForgotten]);
  const failed = [done.data, byId.data].find((one) => one.kind === 'failed');
  const goOn = (): void => {
    if (turnId !== undefined) over.current.add(turnId);
    move({ turn: next?.id });
  };
  return {
    waiting,
    left: Math.max(0, waiting.total - asideCount),
    done: done.data.kind === 'ready' && since !== undefined ? done.data.value : undefined,
    aside,
    asideCount,
    turn,
    isGone,
    isOver: at !== undefined && turnId === undefined && next === undefined && !hasMore,
    failure: failed?.kind === 'failed' ? failed.failure : waiting.failure,
    move,
    goOn,
    setAside: () => {
      if (turnId !== undefined) move({ aside: [...asideIds, turnId].join(','), turn: next?.id });
    },
    putBack: (ids) => {
      for (const id of ids) over.current.delete(id);
      move({ aside: asideIds.filter((id) => !ids.includes(id)).join(',') });
    },
    call: ({ id }) => {
      over.current.delete(id);
      move({ turn: id, aside: asideIds.filter((one) => one !== id).join(',') });
    },
  };
};
