import { type ReactNode, useRef } from 'react';
import type { HeldCard } from '#contract/api/cards.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Result } from '#contract/errors.ts';
import type { Api, Reply, Request } from '../api.ts';
import type { QueuePlace } from '../data/place.ts';
import { exactly } from '../data/times.ts';
import { chosenOf, queryOf } from '../data/use-card-queue.ts';
import { useConsole, useZone } from '../data/use-console.ts';
import { useWords, type Words } from '../data/use-words.ts';
import type { Column } from './list-table.tsx';
import { SaveList } from './save-list.tsx';

interface Row {
  readonly person: PersonSummary;
  readonly result: 'enrolled' | 'aside' | 'left';
  readonly card: HeldCard | undefined;
}

const atOnce = 200;

/** Cards that were enrolled since then, by whose they are. */
const fetchCards = async (api: Api, since: string): Promise<Result<ReadonlyMap<string, HeldCard>>> => {
  const cards = new Map<string, HeldCard>();
  let after: string | null = null;
  do {
    const query: Readonly<Record<string, string | number>> = {
      kind: 'own',
      since,
      sort: 'enrolled',
      order: 'rising',
      limit: atOnce,
      ...(after === null ? {} : { after }),
    };
    const reply: Reply<'cards/list'> = await api.call('cards/list', { query } as unknown as Request<'cards/list'>);
    if (!reply.ok) return reply;
    for (const card of reply.value.cards) if (card.person !== null) cards.set(card.person.id, card);
    after = reply.value.next;
  } while (after !== null);
  return { ok: true, value: cards };
};

/** What came of a queue, as a file: those who got a card, and those who did not. */
export const SaveQueue = ({ filter }: { readonly filter: QueuePlace }): ReactNode => {
  const words = useWords();
  const zone = useZone();
  const { api } = useConsole();
  const cards = useRef<ReadonlyMap<string, HeldCard>>(new Map());
  const { since } = filter;
  if (since === undefined) return null;
  const aside = new Set(filter.aside?.split(','));
  /** Where it goes on is written as the part of the file and the end of its last page. */
  const fetch = async (
    place: string | null,
  ): Promise<Result<{ readonly items: readonly Row[]; readonly next: string | null }>> => {
    if (place === null) {
      const found = await fetchCards(api, since);
      if (!found.ok) return found;
      cards.current = found.value;
    }
    const [part = 'done', after] = place?.split(' ') ?? [];
    const which = part === 'done' ? { enrolledSince: since } : { cards: 'wanted' };
    const reply = await api.call(
      'people/list',
      queryOf({ ...chosenOf(filter), ...which, sort: 'number', limit: atOnce, after }),
    );
    if (!reply.ok) return reply;
    const { people, next } = reply.value;
    const items = people.map((person): Row => {
      const result = part === 'done' ? 'enrolled' : aside.has(person.id) ? 'aside' : 'left';
      return { person, result, card: part === 'done' ? cards.current.get(person.id) : undefined };
    });
    const further = part === 'done' ? 'left' : null;
    return { ok: true, value: { items, next: next === null ? further : `${part} ${next}` } };
  };
  return (
    <SaveList name="card-queue" keyOf={({ person }) => person.id} columns={columnsOf(words, zone)} fetch={fetch} />
  );
};

const columnsOf = ({ say }: Words, zone: string | undefined): readonly Column<Row>[] => {
  const column = (name: string, label: string, write: (row: Row) => string): Column<Row> => ({
    name,
    label,
    show: write,
    write,
  });
  return [
    column('number', say('person.number'), ({ person }) => person.number),
    column('name', say('person.name'), ({ person }) => person.name),
    column('kana', say('person.kana'), ({ person }) => person.kana),
    column('result', say('queue.result'), ({ result }) => say(`queue.result.${result}`)),
    column('label', say('card.label'), ({ card }) => card?.label ?? ''),
    column('ending', say('queue.ending'), ({ card }) => card?.ending ?? ''),
    column('enrolled', say('card.enrolled'), ({ card }) => (card === undefined ? '' : exactly(card.enrolledAt, zone))),
  ];
};
