import type { ReactNode } from 'react';
import type { BackupGeneration, BackupProblem, BackupState } from '#contract/api/backups.ts';
import type { Answer } from '#contract/api/index.ts';
import { ago, size } from '../data/numbers.ts';
import type { ListFilter } from '../data/place.ts';
import { exactly } from '../data/times.ts';
import { useZone } from '../data/use-console.ts';
import { useListing } from '../data/use-listing.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { Facts } from '../parts/facts.tsx';
import { FilterChoice } from '../parts/filter-choice.tsx';
import { ListPage } from '../parts/list-page.tsx';
import type { Column } from '../parts/list-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { Notice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill, type Tone } from '../parts/pill.tsx';
import { SecretText } from '../parts/secret-text.tsx';

type Listed = Answer<'backups/list'>;
const states = ['kept', 'next', 'write-once', 'gone', 'unknown'] as const satisfies readonly BackupState[];
const tones = {
  kept: 'good',
  next: 'good',
  'write-once': 'good',
  gone: 'calm',
  unknown: 'calm',
} as const satisfies Record<BackupState, Tone>;
const backupsOf = ({ backups }: Listed): readonly BackupGeneration[] => backups;

/** The backups as they told of themselves: what is there, what goes next, and what is wrong, each with its command. */
export const Backups = ({ filter }: { readonly filter: ListFilter }): ReactNode => {
  const words = useWords();
  const { say } = words;
  const zone = useZone();
  const listing = useListing({
    name: 'backups/list',
    query: { ...filter },
    steady: 'at',
    changes: ['backups'],
    itemsOf: backupsOf,
  });
  const { data } = listing.loaded;
  return (
    <>
      <PageHead title={say('nav.backups')} lead={say('backups.lead')} />
      {data.kind === 'ready' && <Whole listed={data.value} />}
      <ListPage
        kind="backups"
        caption={say('nav.backups')}
        listing={listing}
        columns={columnsOf(words, zone)}
        keyOf={({ id }) => id}
        filter={filter}
        sorting={{ usual: 'at', usualOrder: 'falling' }}
        searchLabel={say('backups.search')}
        choices={(change) => (
          <FilterChoice
            by="state"
            filter={filter}
            change={change}
            options={states.map((one) => [one, say(`backups.state.${one}`)])}
          />
        )}
        empty={{ icon: 'archive', title: say('overview.no-backup'), hint: say('backups.none-hint') }}
        status={({ kept, locked }) => say('backups.count', { kept, locked })}
      />
    </>
  );
};

const Whole = ({ listed }: { readonly listed: Listed }): ReactNode => {
  const { say } = useWords();
  const { newest, goesNext, restored, practised, problems, commands } = listed;
  return (
    <div className="stack backups">
      {problems.map((problem) => (
        <Problem key={problem.kind} problem={problem} />
      ))}
      {newest !== null && problems.every(({ tone }) => tone !== 'bad') && (
        <Notice look="good">
          <p>{say('backups.well')}</p>
        </Notice>
      )}
      <div className="two-columns">
        <section className="surface" aria-labelledby="backups-now">
          <h2 id="backups-now">{say('backups.now')}</h2>
          <Facts
            facts={[
              [say('overview.backup'), newest === null ? say('overview.no-backup') : <Age key="at" at={newest.at} />],
              [say('backups.next'), goesNext.length === 0 ? say('backups.next-none') : goesNext.join(', ')],
              [
                say('backups.restored'),
                restored === null ? (
                  say('backups.restored-none')
                ) : (
                  <span key="restored">
                    <Age at={restored.at} />
                    {restored.of !== null && (
                      <span className="kana">
                        {say('backups.restored-of')} <Moment at={restored.of} /> ({restored.by})
                      </span>
                    )}
                  </span>
                ),
              ],
              [
                say('backups.practised'),
                practised === null ? say('backups.practised-none') : <Drill key="practised" drill={practised} />,
              ],
            ]}
          />
        </section>
        <section className="surface" aria-labelledby="backups-commands">
          <h2 id="backups-commands">{say('backups.commands')}</h2>
          <SecretText long label={say('backups.make')} text={commands.make} />
          <SecretText long label={say('backups.list')} text={commands.list} />
          <SecretText long label={say('backups.practise')} text={commands.practise} />
        </section>
      </div>
    </div>
  );
};

const Drill = ({ drill: { at, backup, of, by, failed } }: { readonly drill: NonNullable<Listed['practised']> }) => {
  const { say, tryNamed } = useWords();
  return (
    <>
      <Pill tone={failed === null ? 'good' : 'bad'}>
        {failed === null
          ? say('backups.practised-well')
          : say('backups.practised-failed', { reason: tryNamed('reason', failed) ?? failed })}
      </Pill>{' '}
      <Age at={at} />
      <span className="kana file-name">
        {backup} ({by})
      </span>
      {of !== null && (
        <span className="kana">
          {say('backups.restored-of')} <Moment at={of} full />
        </span>
      )}
    </>
  );
};

const Age = ({ at }: { readonly at: string }): ReactNode => {
  const { language } = useWords();
  return (
    <>
      <Moment at={at} full /> <span className="quiet-line">({ago(at, new Date(), language)})</span>
    </>
  );
};

const Problem = ({ problem: { kind, tone, at, command } }: { readonly problem: BackupProblem }): ReactNode => {
  const { say } = useWords();
  return (
    <Notice look={tone}>
      <p>
        {say(`backups.problem.${kind}`)} {at !== null && <Age at={at} />}
      </p>
      <SecretText long label={say('backups.mend')} text={command} />
    </Notice>
  );
};

/** Enough of a public key to know it again. */
const shortened = (recipient: string): string => `${recipient.slice(0, 10)}…${recipient.slice(-6)}`;

const columnsOf = ({ say, language }: Words, zone: string | undefined): readonly Column<BackupGeneration>[] => {
  const exact = (instant: string | null): string => (instant === null ? '' : exactly(instant, zone));
  const stateWords = ({ state, goneBy }: BackupGeneration): string =>
    say(goneBy === 'somebody' && state === 'gone' ? 'backups.state.missing' : `backups.state.${state}`);
  return [
    {
      name: 'at',
      label: say('backups.at'),
      sort: 'at',
      heads: true,
      show: ({ at, name }) => (
        <>
          <Age at={at} />
          {name !== null && <span className="kana file-name">{name}</span>}
        </>
      ),
      write: ({ at }) => exact(at),
      more: [{ label: say('backups.name'), write: ({ name }) => name ?? '' }],
    },
    {
      name: 'state',
      label: say('common.state'),
      sort: 'state',
      show: (one) => (
        <>
          <Pill tone={one.goneBy === 'somebody' && one.state === 'gone' ? 'bad' : tones[one.state]}>
            {stateWords(one)}
          </Pill>
          {one.goneAt !== null && (
            <span className="kana">
              {say('backups.gone')} <Moment at={one.goneAt} />
            </span>
          )}
        </>
      ),
      write: stateWords,
      more: [{ label: say('backups.gone'), write: ({ goneAt }) => exact(goneAt) }],
    },
    {
      name: 'bytes',
      label: say('backups.bytes'),
      sort: 'bytes',
      className: 'number',
      show: ({ bytes }) => (bytes === null ? '–' : size(bytes, language)),
      write: ({ bytes }) => String(bytes ?? ''),
    },
    {
      name: 'read',
      label: say('backups.read'),
      show: ({ tables, rows }) =>
        tables === null || rows === null
          ? say('backups.read-whole')
          : say('backups.read-rows', { tables, rows: rows.toLocaleString(language) }),
      write: ({ rows }) => String(rows ?? ''),
    },
    {
      name: 'locked',
      label: say('backups.store'),
      sort: 'locked',
      show: ({ stored, lockedUntil }) =>
        lockedUntil === null ? (
          say(`backups.stored.${stored}`)
        ) : (
          <>
            {say('backups.locked')} <Moment at={lockedUntil} full />
          </>
        ),
      write: ({ stored }) => say(`backups.stored.${stored}`),
      more: [{ label: say('backups.locked'), write: ({ lockedUntil }) => exact(lockedUntil) }],
    },
    {
      name: 'folder',
      label: say('backups.folder'),
      show: ({ folder, host }) =>
        folder === null ? (
          '–'
        ) : (
          <>
            <span className="file-name">{folder}</span>
            <span className="kana file-name">{host}</span>
          </>
        ),
      write: ({ folder }) => folder ?? '',
      more: [{ label: say('backups.host'), write: ({ host }) => host ?? '' }],
    },
    {
      name: 'recipient',
      label: say('backups.recipient'),
      show: ({ recipient }) =>
        recipient === null ? (
          '–'
        ) : (
          <code className="fingerprint" title={recipient}>
            {shortened(recipient)}
          </code>
        ),
      write: ({ recipient }) => recipient ?? '',
    },
  ];
};
