import type { ReactNode } from 'react';
import type { Revocation } from '#contract/api/console.ts';
import type { Answer } from '#contract/api/index.ts';
import { fragmentOf, type ListFilter } from '../data/place.ts';
import { exactly } from '../data/times.ts';
import { useMay, useZone } from '../data/use-console.ts';
import { useListing } from '../data/use-listing.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { Choice } from '../parts/field.tsx';
import { ListPage } from '../parts/list-page.tsx';
import type { Column } from '../parts/list-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';
import { ReceiptList, shownOfMany } from '../parts/receipts.tsx';
import { SortChoice } from '../parts/sort-choice.tsx';

const kinds = ['card', 'credential', 'person', 'session', 'terminal'] as const satisfies readonly Revocation['what'][];
const revocationsOf = ({ revocations }: Answer<'revocations/list'>): readonly Revocation[] => revocations;

export const Revocations = ({ filter }: { readonly filter: ListFilter }): ReactNode => {
  const words = useWords();
  const { say } = words;
  const zone = useZone();
  const listing = useListing({
    name: 'revocations/list',
    query: { ...filter, receipts: String(shownOfMany) },
    steady: 'number',
    changes: ['revocations', 'terminals'],
    itemsOf: revocationsOf,
  });
  return (
    <>
      <PageHead title={say('nav.revocations')} lead={say('revocations.lead')} />
      <ListPage
        kind="revocations"
        caption={say('nav.revocations')}
        listing={listing}
        columns={columnsOf(words, zone)}
        keyOf={({ number }) => number}
        filter={filter}
        sorting={{ usual: 'number', usualOrder: 'falling' }}
        searchLabel={say('revocations.search')}
        choices={(change) => (
          <>
            <Choice
              label={say('revocations.what')}
              value={filter.what ?? ''}
              change={(what) => change({ ...filter, what })}
            >
              <option value="">{say('revocations.every-what')}</option>
              {kinds.map((one) => (
                <option key={one} value={one}>
                  {say(`revocations.what.${one}`)}
                </option>
              ))}
            </Choice>
            <SortChoice
              filter={filter}
              change={change}
              usual="number falling"
              orders={[
                ['number falling', say('list.sort.newest')],
                ['number rising', say('list.sort.oldest')],
                ['name rising', say('list.sort.name')],
                ['by rising', say('list.sort.by')],
              ]}
            />
          </>
        )}
        empty={{ icon: 'shield', title: say('revocations.none'), hint: say('revocations.none-hint') }}
        show={(revocations) => (
          <ol className="revocations">
            {revocations.map((one) => (
              <li key={one.number} className="surface">
                <Head revocation={one} />
                {one.receipts.length === 0 ? (
                  <p className="quiet-line">{say('receipt.nobody')}</p>
                ) : (
                  <ReceiptList revocation={one} first={shownOfMany} />
                )}
              </li>
            ))}
          </ol>
        )}
      />
    </>
  );
};

/** As they stand in a file; the page shows each with its receipts. */
const columnsOf = ({ say, tryNamed }: Words, zone: string | undefined): readonly Column<Revocation>[] => {
  const column = (name: string, label: string, write: (one: Revocation) => string): Column<Revocation> => ({
    name,
    label,
    show: write,
    write,
  });
  return [
    column('number', say('revocations.column.number'), ({ number }) => String(number)),
    column('at', say('revocations.column.at'), ({ at }) => exactly(at, zone)),
    column('what', say('revocations.what'), ({ what, forNow }) =>
      forNow ? `${say(`revocations.what.${what}`)} (${say('revocations.for-now')})` : say(`revocations.what.${what}`),
    ),
    column('of', say('revocations.column.of'), ({ name }) => name),
    column('ending', say('loan-cards.ending'), ({ ending }) => ending ?? ''),
    column('by', say('revocations.column.by'), ({ by }) => by),
    column('reason', say('log.fact.reason'), ({ reason }) => tryNamed('reason', reason) ?? reason),
    column('confirmed', say('revocations.column.confirmed'), ({ counts }) => String(counts.confirmed)),
    column('open', say('revocations.column.open'), ({ counts }) => String(counts.pending + counts.offline)),
  ];
};

const Head = ({ revocation }: { readonly revocation: Revocation }): ReactNode => {
  const { say, tryNamed } = useWords();
  const may = useMay();
  const { confirmed, pending, offline } = revocation.counts;
  const all = confirmed + pending + offline;
  return (
    <div className="section-head">
      <div>
        <h2>
          <span className="muted">{say('revocations.number', { number: revocation.number })}</span>{' '}
          {say(`revocations.of.${revocation.what}`, { name: revocation.name, ending: revocation.ending ?? undefined })}{' '}
          {revocation.forNow && <Pill tone="warn">{say('revocations.for-now')}</Pill>}
        </h2>
        <p className="line-more">
          <Moment at={revocation.at} /> · {say('revocations.by', { name: revocation.by })}
          {revocation.reason !== '' && (
            <> · {say('revocations.reason', { reason: tryNamed('reason', revocation.reason) ?? revocation.reason })}</>
          )}
        </p>
      </div>
      {revocation.person !== null && may('people/show') && (
        <a className="section-link" href={fragmentOf({ kind: 'person', id: revocation.person })}>
          {say('revocations.to-person')}
        </a>
      )}
      {all > 0 && (
        <Pill tone={confirmed === all ? 'good' : 'calm'} {...(confirmed === all ? {} : { icon: 'clock' })}>
          {say('revocations.confirmed', { confirmed, all })}
        </Pill>
      )}
    </div>
  );
};
