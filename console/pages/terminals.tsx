import { type ReactNode, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { TerminalSummary } from '#contract/api/terminals.ts';
import { numberFormat } from '../data/formats.ts';
import { fragmentOf, type ListFilter } from '../data/place.ts';
import { exactly } from '../data/times.ts';
import { useAsked } from '../data/use-asked.ts';
import { useConsole, useMay, useZone } from '../data/use-console.ts';
import { useListing } from '../data/use-listing.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { AnnounceTerminal } from '../parts/announce-terminal.tsx';
import { Button } from '../parts/button.tsx';
import { ChangeTerminal } from '../parts/change-terminal.tsx';
import { DisableTerminal } from '../parts/disable-terminal.tsx';
import { EnableTerminal } from '../parts/enable-terminal.tsx';
import { FilterChoice } from '../parts/filter-choice.tsx';
import { ListPage } from '../parts/list-page.tsx';
import type { Column } from '../parts/list-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';
import { RevokeTerminal } from '../parts/revoke-terminal.tsx';

const standings = ['online', 'offline', 'announced', 'disabled', 'revoked'] as const;
const terminalsOf = ({ terminals }: Answer<'terminals/list'>): readonly TerminalSummary[] => terminals;

export const Terminals = ({ filter }: { readonly filter: ListFilter }): ReactNode => {
  const words = useWords();
  const { say } = words;
  const may = useMay();
  const zone = useZone();
  const listing = useListing({
    name: 'terminals/list',
    query: { ...filter },
    steady: 'name',
    changes: ['terminals'],
    itemsOf: terminalsOf,
  });
  const [announcing, setAnnouncing] = useState(false);
  useAsked({ kind: 'terminals' }, { announce: may('terminals/announce') ? () => setAnnouncing(true) : undefined });
  const [changing, setChanging] = useState<TerminalSummary>();
  const [disabling, setDisabling] = useState<TerminalSummary>();
  const [enabling, setEnabling] = useState<TerminalSummary>();
  const [revoking, setRevoking] = useState<TerminalSummary>();
  return (
    <>
      <PageHead
        title={say('nav.terminals')}
        lead={say('terminals.lead')}
        actions={
          may('terminals/announce') && (
            <Button look="primary" icon="plus" onClick={() => setAnnouncing(true)}>
              {say('terminals.announce')}
            </Button>
          )
        }
      />
      <ListPage
        kind="terminals"
        caption={say('nav.terminals')}
        listing={listing}
        columns={columnsOf(words, zone)}
        keyOf={({ id }) => id}
        filter={filter}
        sorting={{ usual: 'name' }}
        searchLabel={say('terminals.search')}
        choices={(change) => (
          <FilterChoice
            by="state"
            filter={filter}
            change={change}
            options={standings.map((one) => [one, say(`terminals.state.${one}`)])}
          />
        )}
        empty={{ icon: 'terminal', title: say('terminals.none'), hint: say('terminals.none-hint') }}
        status={({ online, active }) => say('terminals.count', { online, active })}
        actions={
          may('terminals/revoke')
            ? (terminal) =>
                terminal.state !== 'revoked' && (
                  <>
                    <Button
                      onClick={() => setChanging(terminal)}
                      aria-label={say('terminals.change-one', { name: terminal.name })}
                    >
                      {say('terminals.change')}
                    </Button>
                    {terminal.state === 'active' && (
                      <Button
                        onClick={() => setDisabling(terminal)}
                        aria-label={say('terminals.disable-one', { name: terminal.name })}
                      >
                        {say('terminals.disable')}
                      </Button>
                    )}
                    {terminal.state === 'disabled' && (
                      <Button
                        onClick={() => setEnabling(terminal)}
                        aria-label={say('terminals.enable-one', { name: terminal.name })}
                      >
                        {say('terminals.enable')}
                      </Button>
                    )}
                    <Button
                      look="danger"
                      onClick={() => setRevoking(terminal)}
                      aria-label={say('terminals.revoke-one', { name: terminal.name })}
                    >
                      {say('terminals.revoke')}
                    </Button>
                  </>
                )
            : undefined
        }
      />
      {announcing && <AnnounceTerminal close={() => setAnnouncing(false)} />}
      {changing !== undefined && <ChangeTerminal terminal={changing} close={() => setChanging(undefined)} />}
      {disabling !== undefined && <DisableTerminal terminal={disabling} close={() => setDisabling(undefined)} />}
      {enabling !== undefined && <EnableTerminal terminal={enabling} close={() => setEnabling(undefined)} />}
      {revoking !== undefined && <RevokeTerminal terminal={revoking} close={() => setRevoking(undefined)} />}
    </>
  );
};

const standingOf = ({ state, online }: TerminalSummary): (typeof standings)[number] =>
  state === 'active' ? (online ? 'online' : 'offline') : state;

const columnsOf = ({ say, language }: Words, zone: string | undefined): readonly Column<TerminalSummary>[] => {
  const at = (instant: string | null): string => (instant === null ? '' : exactly(instant, zone));
  const moment = (instant: string | null): ReactNode => (instant === null ? '–' : <Moment at={instant} />);
  const seconds = (milliseconds: number): string =>
    numberFormat(language, { maximumFractionDigits: 1, signDisplay: 'exceptZero' }).format(milliseconds / 1000);
  return [
    {
      name: 'name',
      label: say('terminals.name'),
      sort: 'name',
      heads: true,
      show: (terminal) => <Name terminal={terminal} />,
      write: ({ name }) => name,
      more: [
        { label: say('terminals.place'), write: ({ place }) => place },
        { label: say('terminals.group'), write: ({ group }) => group },
      ],
    },
    {
      name: 'state',
      label: say('common.state'),
      sort: 'state',
      show: (terminal) => <TerminalState terminal={terminal} />,
      write: (terminal) => say(`terminals.state.${standingOf(terminal)}`),
      more: [{ label: say('terminals.disabled-why'), write: ({ disabled }) => disabled?.reason ?? '' }],
    },
    {
      name: 'person',
      label: say('terminals.person'),
      sort: 'person',
      show: (terminal) => <PersonAt terminal={terminal} />,
      write: ({ person }) => person?.name ?? '',
    },
    {
      name: 'seen',
      label: say('terminals.seen'),
      sort: 'seen',
      show: ({ lastSeenAt }) => moment(lastSeenAt),
      write: ({ lastSeenAt }) => at(lastSeenAt),
    },
    {
      name: 'certificate',
      label: say('terminals.certificate'),
      sort: 'certificate',
      show: ({ certificateExpiresAt }) => moment(certificateExpiresAt),
      write: ({ certificateExpiresAt }) => at(certificateExpiresAt),
    },
    {
      name: 'clock',
      label: say('terminals.clock'),
      sort: 'clock',
      show: ({ clockOffsetMs }) =>
        clockOffsetMs === null ? '–' : <ClockOffset milliseconds={clockOffsetMs} seconds={seconds(clockOffsetMs)} />,
      write: ({ clockOffsetMs }) => (clockOffsetMs === null ? '' : String(clockOffsetMs / 1000)),
    },
  ];
};

interface DisabledProps {
  readonly terminal: TerminalSummary;
  readonly children: ReactNode;
}

const Name = ({ terminal }: { readonly terminal: TerminalSummary }): ReactNode => {
  const may = useMay();
  const { say } = useWords();
  const { signedIn } = useConsole();
  const { id, name, place, group } = terminal;
  return (
    <>
      {may('events/list') ? <a href={fragmentOf({ kind: 'log', filter: { terminal: id } })}>{name}</a> : name}
      {signedIn.terminal === id && <span className="here">{say('terminals.here')}</span>}
      {(place !== '' || group !== '') && (
        <span className="kana">
          {place} {group !== '' && <span className="group-name">{group}</span>}
        </span>
      )}
    </>
  );
};

/** Out of use for now: by whom, why, and whether it is there. */
const Disabled = ({ terminal: { disabled, online }, children }: DisabledProps): ReactNode => {
  const { say, tryNamed } = useWords();
  return (
    <>
      <Pill tone="warn">{children}</Pill>
      {disabled !== null && (
        <span className="kana">
          <Moment at={disabled.at} /> {disabled.by} · {tryNamed('reason', disabled.reason) ?? disabled.reason} ·{' '}
          {say(online ? 'terminals.state.online' : 'terminals.state.offline')}
        </span>
      )}
    </>
  );
};

const TerminalState = ({ terminal }: { readonly terminal: TerminalSummary }): ReactNode => {
  const { say } = useWords();
  const standing = standingOf(terminal);
  const words = say(`terminals.state.${standing}`);
  switch (standing) {
    case 'revoked':
      return <Pill tone="bad">{words}</Pill>;
    case 'disabled':
      return <Disabled terminal={terminal}>{words}</Disabled>;
    case 'announced':
      return (
        <Pill tone="calm" icon="clock">
          {words}
        </Pill>
      );
    case 'online':
      return <Pill tone="good">{words}</Pill>;
    case 'offline':
      return (
        <Pill tone="warn" icon="offline">
          {words}
        </Pill>
      );
  }
};

const PersonAt = ({ terminal: { person, state } }: { readonly terminal: TerminalSummary }): ReactNode => {
  const { say } = useWords();
  const may = useMay();
  if (person === null) return <span className="muted">{state === 'active' ? say('terminals.nobody') : '–'}</span>;
  return may('people/show') ? <a href={fragmentOf({ kind: 'person', id: person.id })}>{person.name}</a> : person.name;
};

/** More than this puts a TOTP code into its neighbour's half minute. */
const worrying = 5000;

interface ClockOffsetProps {
  readonly milliseconds: number;
  readonly seconds: string;
}

const ClockOffset = ({ milliseconds, seconds }: ClockOffsetProps): ReactNode => {
  const { say } = useWords();
  const words = say('terminals.clock-seconds', { seconds });
  return Math.abs(milliseconds) > worrying ? <Pill tone="warn">{words}</Pill> : <span className="number">{words}</span>;
};
