import { type ReactNode, type SubmitEvent, useEffect, useRef, useState } from 'react';
import type { SavedFilter } from '#contract/api/saved-filters.ts';
import { fragmentOf, type Place } from '../data/place.ts';
import { useAct } from '../data/use-act.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { FailureNotice, Notice } from './notice.tsx';

interface SavedFiltersProps {
  /** The list as it is shown now. */
  readonly place: Extract<Place, { readonly kind: SavedFilter['list'] }>;
}

/** Filters of a list that somebody keeps under names of their own, each one a link. */
export const SavedFilters = ({ place }: SavedFiltersProps): ReactNode => {
  const { say } = useWords();
  const list = place.kind;
  const filter = fragmentOf(place).split('?')[1] ?? '';
  const kept = useData('saved-filters/list', {}, []);
  const [naming, setNaming] = useState<SavedFilter | 'new'>();
  const [removed, setRemoved] = useState<SavedFilter>();
  const remove = useAct('saved-filters/remove');
  const again = useAct('saved-filters/save');
  // What was pressed is gone then, and the focus would be with it.
  const undoButton = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (removed !== undefined) undoButton.current?.focus();
  }, [removed]);
  const returned = useRef<SavedFilter['id']>(undefined);
  if (kept.data.kind !== 'ready') return kept.data.kind === 'failed' && <FailureNotice failure={kept.data.failure} />;
  // One that was removed is gone at once, also while the list is on its way.
  const own = kept.data.value.filters.filter((one) => one.list === list && one.id !== removed?.id);
  const shown = own.find((one) => one.filter === filter);
  const takeAway = async (one: SavedFilter): Promise<void> => {
    if ((await remove.send({ params: { filter: one.id }, body: {} })) === undefined) return;
    setRemoved(one);
    kept.reload();
  };
  const undo = async ({ name, filter: address }: SavedFilter): Promise<void> => {
    const saved = await again.send({ body: { list, name, filter: address } });
    if (saved === undefined) return;
    returned.current = saved.filter.id;
    setRemoved(undefined);
    kept.reload();
  };
  return (
    <section className="saved-filters" aria-label={say('filters.saved')}>
      {own.length > 0 && (
        <ul>
          {own.map((one) => (
            <li key={one.id}>
              <a
                href={`#/${list}?${one.filter}`}
                aria-current={one === shown ? 'true' : undefined}
                ref={(link) => {
                  if (link === null || one.id !== returned.current) return;
                  returned.current = undefined;
                  link.focus();
                }}
              >
                {one.name}
              </a>
            </li>
          ))}
        </ul>
      )}
      {shown !== undefined && (
        <>
          <Button look="quiet" onClick={() => setNaming(shown)}>
            {say('filters.rename')}
          </Button>
          <Button look="quiet" busy={remove.busy} onClick={() => void takeAway(shown)}>
            {say('filters.remove', { name: shown.name })}
          </Button>
        </>
      )}
      {shown === undefined && filter !== '' && (
        <Button look="quiet" icon="plus" onClick={() => setNaming('new')}>
          {say('filters.save')}
        </Button>
      )}
      <FailureNotice failure={remove.failure ?? again.failure} />
      <div role="status" className="saved-filter-gone">
        {removed !== undefined && (
          <Notice look="info">
            <p>{say('filters.removed', { name: removed.name })}</p>
            <Button ref={undoButton} busy={again.busy} onClick={() => void undo(removed)}>
              {say('filters.undo')}
            </Button>
          </Notice>
        )}
      </div>
      {naming !== undefined && (
        <NameFilter
          list={list}
          filter={filter}
          named={naming === 'new' ? undefined : naming}
          close={(changed) => {
            setNaming(undefined);
            if (!changed) return;
            setRemoved(undefined);
            kept.reload();
          }}
        />
      )}
    </section>
  );
};

interface NameFilterProps extends Pick<SavedFilter, 'list' | 'filter'> {
  /** The one that gets another name; undefined: a new one. */
  readonly named: SavedFilter | undefined;
  readonly close: (changed: boolean) => void;
}

const NameFilter = ({ list, filter, named, close }: NameFilterProps): ReactNode => {
  const { say } = useWords();
  const [name, setName] = useState(named?.name ?? '');
  const save = useAct('saved-filters/save');
  const rename = useAct('saved-filters/rename');
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const done =
      named === undefined
        ? await save.send({ body: { list, name, filter } })
        : await rename.send({ params: { filter: named.id }, body: { name } });
    if (done !== undefined) close(true);
  };
  const busy = save.busy || rename.busy;
  return (
    <Dialog
      title={named === undefined ? say('filters.save') : say('filters.rename-title', { name: named.name })}
      close={() => close(false)}
      mayClose={!busy}
    >
      <form className="form" onSubmit={(event) => void submit(event)}>
        <Field
          label={say('filters.name')}
          value={name}
          change={setName}
          maxLength={60}
          required
          hint={say(list === 'log' ? 'filters.own-hint-log' : 'filters.own-hint')}
        />
        <FailureNotice failure={save.failure ?? rename.failure} />
        <div className="dialog-actions">
          <Button onClick={() => close(false)} disabled={busy}>
            {say('common.cancel')}
          </Button>
          <Button look="primary" type="submit" busy={busy} disabled={name.trim() === ''}>
            {say(named === undefined ? 'filters.save-submit' : 'filters.rename-submit')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
};
