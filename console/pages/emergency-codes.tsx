import { type ReactNode, useState } from 'react';
import type { EmergencyBatch } from '#contract/api/emergencies.ts';
import type { Answer } from '#contract/api/index.ts';
import type { ListFilter } from '../data/place.ts';
import { exactly } from '../data/times.ts';
import { useAsked } from '../data/use-asked.ts';
import { useMay, useZone } from '../data/use-console.ts';
import { useListing } from '../data/use-listing.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { EmergencySheet } from '../parts/emergency-sheet.tsx';
import { FilterChoice } from '../parts/filter-choice.tsx';
import { ListPage } from '../parts/list-page.tsx';
import type { Column } from '../parts/list-table.tsx';
import { MakeEmergencyCodes } from '../parts/make-emergency-codes.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';
import { SortChoice } from '../parts/sort-choice.tsx';
import { VoidEmergencyCodes } from '../parts/void-emergency-codes.tsx';

type Listed = Answer<'emergency-codes/list'>;
const batchesOf = ({ batches }: Listed): readonly EmergencyBatch[] => batches;

/** Sheets of sealed one-time codes: made, counted and retired. */
export const EmergencyCodes = ({ filter }: { readonly filter: ListFilter }): ReactNode => {
  const words = useWords();
  const { say } = words;
  const may = useMay();
  const zone = useZone();
  const listing = useListing({
    name: 'emergency-codes/list',
    query: { ...filter },
    steady: 'number',
    changes: ['emergency-codes'],
    itemsOf: batchesOf,
  });
  const { data } = listing.loaded;
  const [making, setMaking] = useState(false);
  useAsked({ kind: 'emergency-codes' }, { make: may('emergency-codes/make') ? () => setMaking(true) : undefined });
  const [voiding, setVoiding] = useState<EmergencyBatch>();
  return (
    <>
      <PageHead
        title={say('nav.emergency-codes')}
        lead={say('emergency.lead')}
        actions={
          may('emergency-codes/make') && (
            <Button look="primary" icon="plus" onClick={() => setMaking(true)}>
              {say('emergency.make')}
            </Button>
          )
        }
      />
      {data.kind === 'ready' && data.value.left.length > 0 && <Left left={data.value.left} />}
      <ListPage
        kind="emergency-codes"
        caption={say('nav.emergency-codes')}
        listing={listing}
        columns={columnsOf(words, zone)}
        keyOf={({ id }) => id}
        filter={filter}
        sorting={{ usual: 'number', usualOrder: 'falling' }}
        searchLabel={say('emergency.search')}
        choices={(change) => (
          <>
            <FilterChoice
              by="state"
              filter={filter}
              change={change}
              options={(['left', 'spent'] as const).map((one) => [one, say(`emergency.sheets.${one}`)])}
            />
            <SortChoice
              filter={filter}
              change={change}
              usual="number falling"
              orders={[
                ['number falling', say('list.sort.newest')],
                ['number rising', say('list.sort.oldest')],
                ['group rising', say('emergency.sort.group')],
                ['unused rising', say('emergency.sort.unused')],
                ['by rising', say('list.sort.by')],
              ]}
            />
          </>
        )}
        empty={{ icon: 'password', title: say('emergency.none'), hint: say('emergency.none-hint') }}
        show={(batches) => (
          <ol className="revocations">
            {batches.map((batch) => (
              <li key={batch.id} className="surface">
                <EmergencySheet
                  batch={batch}
                  {...(may('emergency-codes/void') ? { retire: () => setVoiding(batch) } : {})}
                />
              </li>
            ))}
          </ol>
        )}
      />
      {making && data.kind === 'ready' && (
        <MakeEmergencyCodes groups={data.value.groups} close={() => setMaking(false)} />
      )}
      {voiding !== undefined && <VoidEmergencyCodes batch={voiding} close={() => setVoiding(undefined)} />}
    </>
  );
};

/** As they stand in a file; the page shows each sheet with its slips. */
const columnsOf = ({ say }: Words, zone: string | undefined): readonly Column<EmergencyBatch>[] => {
  const column = (name: string, label: string, write: (one: EmergencyBatch) => string): Column<EmergencyBatch> => ({
    name,
    label,
    show: write,
    write,
  });
  const slips = (state: EmergencyBatch['codes'][number]['state']): Column<EmergencyBatch> =>
    column(state, say(`emergency.column.${state}`), ({ codes }) =>
      codes
        .filter((code) => code.state === state)
        .map(({ serial }) => serial)
        .join(' '),
    );
  return [
    column('number', say('emergency.column.number'), ({ number }) => String(number)),
    column('group', say('emergency.group'), ({ group }) => (group === '' ? say('emergency.no-group') : group)),
    column('note', say('emergency.note'), ({ note }) => note),
    column('made', say('emergency.column.made'), ({ madeAt }) => exactly(madeAt, zone)),
    column('by', say('emergency.column.by'), ({ madeBy }) => madeBy),
    column('approved', say('emergency.column.approved'), ({ approvedBy }) => approvedBy ?? ''),
    slips('unused'),
    slips('used'),
    slips('voided'),
  ];
};

/** Whether each group of terminals still has codes. */
const Left = ({ left }: Pick<Listed, 'left'>): ReactNode => {
  const { say } = useWords();
  return (
    <section className="surface padded left-codes" aria-labelledby="left">
      <h2 id="left">{say('emergency.by-group')}</h2>
      <ul className="lines">
        {left.map(({ group, unused }) => (
          <li key={group}>
            <span className="line-main">{group === '' ? say('emergency.no-group') : group}</span>
            <span className="line-side">
              <Pill tone={unused === 0 ? 'warn' : 'good'}>
                {unused === 0 ? say('emergency.none-left') : say('emergency.left', { count: unused })}
              </Pill>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
};
