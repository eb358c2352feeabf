import type { ReactNode } from 'react';
import type { Result } from '#contract/errors.ts';
import { csvMark, toCsvLines } from '../data/csv.ts';
import { exactly } from '../data/times.ts';
import { useZone } from '../data/use-console.ts';
import { useSaving } from '../data/use-saving.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import type { Column } from './list-table.tsx';
import { SavedHere } from './saved-here.tsx';
import { SavingState } from './saving-state.tsx';

interface SaveListProps<Item> {
  /** Part of the name of the file. */
  readonly name: string;
  readonly columns: readonly Column<Item>[];
  readonly keyOf: (item: Item) => string | number;
  /** One page after the other, in an order of their own. */
  readonly fetch: (
    after: string | null,
  ) => Promise<Result<{ readonly items: readonly Item[]; readonly next: string | null }>>;
}

/** All that the filter lets through, as a file for a spreadsheet. */
export const SaveList = <Item,>({ name, columns, keyOf, fetch }: SaveListProps<Item>): ReactNode => {
  const { say } = useWords();
  const zone = useZone();
  const saving = useSaving();
  const cells = columns.flatMap(({ label, write, more = [] }) => [
    ...(write === undefined ? [] : [{ label, write }]),
    ...more,
  ]);
  const save = (): void => {
    const written = new Set<string | number>();
    const day = exactly(new Date().toISOString(), zone).slice(0, 10);
    void saving.begin<string>({
      name: `kazasu-${name}-${day}.csv`,
      type: 'text/csv',
      head: `${csvMark}${toCsvLines([cells.map(({ label }) => label)])}`,
      fetch: async (after) => {
        const reply = await fetch(after);
        if (!reply.ok) return reply;
        const { items, next } = reply.value;
        // One that got another name or state meanwhile may stand on a later page too.
        const added = items.filter((item) => !written.has(keyOf(item)));
        for (const item of added) written.add(keyOf(item));
        const text = toCsvLines(added.map((item) => cells.map(({ write }) => write(item))));
        return { ok: true, value: { text, count: added.length, next } };
      },
    });
  };
  return (
    <div className="list-save">
      <SavedHere>
        <Button busy={saving.state.kind === 'running'} onClick={save}>
          {say('saving.csv')}
        </Button>
        <SavingState saving={saving} />
      </SavedHere>
    </div>
  );
};
